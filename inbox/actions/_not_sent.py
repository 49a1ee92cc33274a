"""An answer that will not leave by itself, or not for long: whoever wrote it is told. Where it was out of the way, the conversation of one
that will not leave comes back to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inbox import events
from inbox.actions import _notifying, _snoozing, _writing
from inbox.actions._notifying import Notice
from inbox.actions._queueing import BY_POLICY
from inbox.models import (
    Conversation,
    ConversationState,
    Event,
    EventKind,
    Message,
    NotificationKind,
    Person,
)
from inbox.models.conversations import UNDER_WAY
from inbox.queries import merges, news
from inbox.queries.sentences import NOT_SENT

_ASIDE = (ConversationState.SNOOZED, ConversationState.PENDING)


def tell(ledger: events.Ledger, message: Message, reason: str, now: datetime) -> None:
    """Within the action that says that it failed, after that was said. Where a conversation is answered in another, that one comes back."""
    pk = message.conversation_id
    place = _writing.locked(merges.shown_in([pk]).get(pk, pk))
    who = _who_minds(message, place)
    _bring_back(ledger, place, message, who, now)
    if who is not None:
        notice = Notice(
            who.pk, NotificationKind.REPLY, place.pk, f"Not sent: {reason}", message_id=message.pk
        )
        _notifying.notify(ledger, [notice], now)


def tell_that_it_waits(ledger: events.Ledger, message: Message, words: str, now: datetime) -> None:
    """Within the action that says so: it leaves by itself, but so late that whoever wrote it may rather answer in another way."""
    pk = message.conversation_id
    place = _writing.locked(merges.shown_in([pk]).get(pk, pk))
    if (who := _who_minds(message, place)) is not None:
        notice = Notice(
            who.pk, NotificationKind.REPLY, place.pk, f"Not sent yet: {words}", message_id=message.pk
        )
        _notifying.notify(ledger, [notice], now)


def _who_minds(message: Message, place: Conversation) -> Person | None:
    """Who wrote it. Where a machine did, or somebody who has left: who has the conversation."""
    wanted = [pk for pk in (message.author_person_id, place.assignee_id) if pk is not None]
    here = Person.objects.filter(memberships__brand=place.brand_id, is_active=True).in_bulk(wanted)
    return next((here[pk] for pk in wanted if pk in here), None)


def _bring_back(
    ledger: events.Ledger, place: Conversation, message: Message, who: Person | None, now: datetime
) -> None:
    """What was resolved, snoozed or left pending was so because the customer had been answered. Spam stays spam."""
    columns: dict[str, Any] = {"state": ConversationState.OPEN, "snoozed_until": None}
    was_resolved = place.state == ConversationState.RESOLVED
    if was_resolved and not _has_rival(place):
        never_was = _resolved_upon(message, place)
        undoes = {"undoes": never_was.seq} if never_was else {}
        seq = ledger.record(
            EventKind.REOPENED, at=now, conversation_id=place.pk, before=place.state, by=NOT_SENT, **undoes
        )
        if never_was and never_was.data["before"] in _ASIDE:
            seq = ledger.record(EventKind.WOKEN, at=now, conversation_id=place.pk, by=NOT_SENT)
        columns |= {"resolved_at": None, "waiting_since": news.first_unanswered(place)}
    elif place.state in _ASIDE:
        seq = ledger.record(EventKind.WOKEN, at=now, conversation_id=place.pk, by=NOT_SENT)
    else:
        return
    if place.assignee_id is None and who is not None:
        seq = ledger.record(
            EventKind.ASSIGNED, at=now, conversation_id=place.pk, to=who.pk, to_name=who.short_name, before=None, why=NOT_SENT
        )  # fmt: skip
        columns |= {"assignee": who, "assignee_name": who.short_name}
    if "assignee" in columns or (was_resolved and place.assignee_id is not None):
        # Theirs in the spell that begins now: routing gives it to nobody else, but takes it back from who is offline.
        columns |= {"assignee_set_by": BY_POLICY, "assignee_set_at": now}
    _snoozing.forget_timers([place.pk])
    _writing.change(place, seq, **columns)


def _resolved_upon(message: Message, place: Conversation) -> Event | None:
    """The resolving that would not have been without this answer: clocks and figures leave it out, as what is taken back. None where it was
    resolved before the answer was queued (once more, say), or spam until then: that goes on having been."""
    told = Event.objects.filter(conversation=place).order_by("seq")
    undone = told.filter(data__has_key="undoes").values_list("data__undoes", flat=True)
    resolved = (
        told.filter(kind=EventKind.RESOLVED)
        .exclude(data__has_key="undoes")
        .exclude(seq__in=list(undone))
        .last()
    )
    queued = Event.objects.filter(message=message, kind=EventKind.REPLY_QUEUED).exclude(
        data__has_key="undoes"
    )
    if resolved is None or not queued.exists() or queued.order_by("-seq")[0].seq > resolved.seq:
        return None
    return resolved if resolved.data.get("before") in UNDER_WAY and "into" not in resolved.data else None


def _has_rival(place: Conversation) -> bool:
    """A newer conversation of the thread is under way. It shows the same thread, and stays the one that is answered."""
    same = Conversation.objects.filter(channel=place.channel_id, thread_key=place.thread_key)
    return same.exclude(state=ConversationState.RESOLVED).exclude(pk=place.pk).exists()
