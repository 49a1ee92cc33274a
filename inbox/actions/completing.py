"""Messages that a delivery named and did not tell: asked for, and whole once the platform tells them. The row is the timer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from inbox import events
from inbox.actions import _amending, _messages, _threads
from inbox.exchange import BY_DELIVERY, InboundMessage
from inbox.models import Conversation, EventKind, Message, UntoldMessage
from inbox.queries.news import REWORDED
from inbox.rules.cleaning import LONGEST, clean

LEASE = timedelta(minutes=2)


@transaction.atomic(durable=True)
def claim_due(*, now: datetime, limit: int) -> list[UntoldMessage]:
    """Take some to ask for. A worker that dies leaves them due again when its lease ends."""
    due = list(
        UntoldMessage.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("message__channel", "message__conversation")
        .filter(due_at__lte=now)
        .order_by("due_at", "pk")[:limit]
    )
    UntoldMessage.objects.filter(pk__in=[each.pk for each in due]).update(due_at=now + LEASE)
    return due


@transaction.atomic(durable=True)
def complete(*, untold: UntoldMessage, told: InboundMessage, now: datetime) -> None:
    """The platform has told it. What was unsent meanwhile stays empty, what was edited keeps its newer words."""
    message = untold.message
    key = (message.channel_id, str(message.external_id))
    with events.ledger(message.conversation.brand_id) as ledger:
        is_mine, _ = UntoldMessage.objects.filter(pk=untold.pk).delete()
        waiting = Message.objects.filter(pk=message.pk, deleted_at=None)
        if not is_mine or not waiting.exists():
            return
        seq = ledger.record(
            EventKind.MESSAGE_AMENDED, at=now, conversation_id=message.conversation_id, message_id=message.pk, what=REWORDED
        )  # fmt: skip
        words, author = clean(told.text[:LONGEST]), clean(told.author.name or told.author.username)[:200]
        place: dict[str, Any] = {}
        if message.order_key.endswith(BY_DELIVERY) and not told.dated_by_delivery:
            place = {"sent_at": told.sent_at, "order_key": _messages.order_key_of(told)}
        waiting.update(
            created_text=words, text=words, author_name=author or message.author_name, seq=seq, **place
        )
        if _amending.known_for([key]):
            _amending.refold({key: (message.pk, seq)})
        Conversation.objects.filter(pk=message.conversation_id).update(seq=seq, public_seq=seq)
        _threads.show_newest(message.conversation_id)


@transaction.atomic(durable=True)
def put_back(*, untold: UntoldMessage, at: datetime) -> None:
    UntoldMessage.objects.filter(pk=untold.pk).update(due_at=at)


@transaction.atomic(durable=True)
def rest(*, untold: UntoldMessage) -> None:
    """The platform does not tell it to this grant: it is asked for no more until somebody grants more."""
    UntoldMessage.objects.filter(pk=untold.pk).update(due_at=None)


def ask_again(*, channel_id: int, now: datetime) -> None:
    """The account is granted more, or is connected at last: all that was not told yet is asked for, and none of it is old."""
    waiting = UntoldMessage.objects.filter(message__channel=channel_id)
    waiting.update(due_at=now, asked_since=now)


@transaction.atomic(durable=True)
def give_up(*, untold: UntoldMessage) -> None:
    """The platform will not tell it: it stays as it is."""
    UntoldMessage.objects.filter(pk=untold.pk).delete()
