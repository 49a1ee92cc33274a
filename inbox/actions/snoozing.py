"""Out of the way until a time, until the customer writes, or until a bot or a colleague brings it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _snoozing, _undo, _writing
from inbox.actions.closing import NewsArrived
from inbox.models import Conversation, ConversationState, EventKind, Person, UndoKind
from inbox.models.conversations import UNDER_WAY
from inbox.queries import news


class NotUnderWay(Exception):
    """What is resolved or spam is out of the way already."""


@transaction.atomic(durable=True)
def snooze(
    *,
    conversation: Conversation,
    until: datetime | None,
    by: Person,
    now: datetime,
    seen_seq: int | None = None,
) -> Conversation:
    """Set it aside; again for one that is set aside already changes the time. `until` is None: until the customer writes.

    `seen_seq` as in closing.resolve. Raises NotUnderWay and NewsArrived.
    """
    if until is not None and until <= now:
        raise ValueError("A snooze ends later than it begins.")
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.state not in UNDER_WAY:
            raise NotUnderWay(
                f"This conversation is {current.get_state_display().lower()}. Open it again to snooze it."
            )
        if seen_seq is not None and (newer := news.messages_since(current, seen_seq, news.FROM_CUSTOMER)):
            raise NewsArrived(newer)
        if current.state == ConversationState.SNOOZED and current.snoozed_until == until:
            return current
        seq = ledger.record(
            EventKind.SNOOZED, at=now, conversation_id=current.pk, actor_id=by.pk,
            until=until.isoformat() if until else None, before=current.state,
        )  # fmt: skip
        _snoozing.set_timer(ledger, current.pk, until)
        was = _undo.before(UndoKind.STATE, current)
        _writing.change(current, seq, state=ConversationState.SNOOZED, snoozed_until=until)
        _undo.remember(ledger, UndoKind.STATE, "Snoozed", current, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def leave(
    *, conversation: Conversation, by: Person, now: datetime, seen_seq: int | None = None
) -> Conversation:
    """Pending: a bot or the customer has it, and nobody here can do anything. It has no time; the customer's next message ends it.

    `seen_seq` as in closing.resolve. Raises NotUnderWay and NewsArrived.
    """
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.state not in UNDER_WAY:
            raise NotUnderWay(
                f"This conversation is {current.get_state_display().lower()}. Open it again first."
            )
        if seen_seq is not None and (newer := news.messages_since(current, seen_seq, news.FROM_CUSTOMER)):
            raise NewsArrived(newer)
        if current.state != ConversationState.PENDING:
            was = _undo.before(UndoKind.STATE, current)
            seq = ledger.record(
                EventKind.PENDING, at=now, conversation_id=current.pk, actor_id=by.pk, before=current.state
            )
            _snoozing.forget_timers([current.pk])
            _writing.change(current, seq, state=ConversationState.PENDING, snoozed_until=None)
            _undo.remember(ledger, UndoKind.STATE, "Set to pending", current, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def wake(*, conversation: Conversation, by: Person, now: datetime) -> Conversation:
    """Back before its time, because a colleague says so."""
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.state in (ConversationState.SNOOZED, ConversationState.PENDING):
            seq = ledger.record(
                EventKind.WOKEN, at=now, conversation_id=current.pk, actor_id=by.pk, by="person"
            )
            _snoozing.forget_timers([current.pk])
            was = _undo.before(UndoKind.STATE, current)
            _writing.change(current, seq, state=ConversationState.OPEN, snoozed_until=None)
            _undo.remember(ledger, UndoKind.STATE, "Brought back", current, was, seq, by=by, now=now)
    return current
