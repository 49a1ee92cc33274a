"""Words that nobody outside has seen: a note, and a reply that waits out its hold. They go from the thread, back to their writer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from inbox import events
from inbox.actions import _columns, _given_up, _notifying, _threads, _writing
from inbox.models import (
    Attachment,
    Conversation,
    ConversationState,
    Direction,
    Ended,
    Event,
    EventKind,
    Message,
    MessageState,
    NotificationKind,
    Person,
)
from inbox.queries.sentences import NOT_SENT

LEFT = "It is on its way already: it cannot be taken back"
GONE = "It is no more"
A_MOMENT = timedelta(seconds=5)  # in which a reply that is to be sent after all can be discarded once more
_CLOSED_OR_NEWS = (
    EventKind.MESSAGE_RECEIVED, EventKind.RESOLVED, EventKind.REOPENED, EventKind.SNOOZED, EventKind.WOKEN, EventKind.MARKED_SPAM,
    EventKind.PENDING,
)  # fmt: skip


def note(ledger: events.Ledger, step: Mapping[str, Any], *, by: Person, now: datetime) -> str:
    """Returns why not; empty when it is gone."""
    found = Message.objects.filter(pk__in=step["left"]["messages"], direction=Direction.NOTE).first()
    if found is None:
        return GONE
    seq = ledger.record(
        EventKind.NOTE_TAKEN_BACK, at=now, conversation_id=step["id"], actor_id=by.pk, undoes=step["seq"],
        gone=[str(found.public_id)],
    )  # fmt: skip
    # Who was mentioned in it is not told of it any more.
    _notifying.settled(ledger, [found.pk], now, kind=NotificationKind.MENTION)
    found.delete()
    _writing.change(_writing.locked(step["id"]), seq)
    return ""


def reply(ledger: events.Ledger, step: Mapping[str, Any], *, by: Person, now: datetime) -> str:
    """All its messages or none: where the first has been claimed the others follow it."""
    wanted = step["left"]["messages"]
    parts = list(Message.objects.filter(pk__in=wanted).order_by("pk"))
    if len(parts) < len(wanted):
        return GONE
    if any(part.state not in (MessageState.QUEUED, MessageState.FAILED) or part.attempts for part in parts):
        return LEFT
    current, was = _writing.locked(step["id"]), step["was"]
    closes = was["reopened"] and _is_as_opened(ledger, current, was["reopened"])
    if closes:  # the reply had opened it
        ledger.record(
            EventKind.RESOLVED, at=now, conversation_id=current.pk, actor_id=by.pk, undoes=was["reopened"], undid="reopened by a reply",
        )  # fmt: skip
    seq = ledger.record(
        EventKind.REPLY_TAKEN_BACK, at=now, conversation_id=current.pk, actor_id=by.pk, undoes=step["seq"],
        gone=[str(part.public_id) for part in parts],
    )  # fmt: skip
    waits = any(part.state == MessageState.QUEUED for part in parts)
    queued = _given_up.queued(parts) if waits else None  # what failed had its conversation come back then
    Attachment.objects.filter(message__in=parts).update(message=None, position=0)
    _notifying.settled(ledger, wanted, now)
    Message.objects.filter(pk__in=[part.pk for part in parts]).delete()
    columns = {"unread_count": current.unread_count + was["unread_count"]}
    if closes:
        columns |= {name: was[name] for name in ("state", "resolved_at", "waiting_since", "opened_at")}
    _columns.write({current.pk: (seq, columns)})
    _writing.change(current, seq, message_count=current.message_count - len(parts))
    _threads.show_newest(current.pk)
    if queued:
        _given_up.open_again(ledger, queued, by=by, now=now)
    return ""


def discarding(ledger: events.Ledger, step: Mapping[str, Any], *, by: Person, now: datetime) -> str:
    """A reply that was given up waits again where it waited, with the reason that it had. Returns why not."""
    found = Message.objects.filter(pk__in=step["left"]["messages"]).first()
    if found is None:
        return GONE
    if found.ended != Ended.DISCARDED:
        return "It has changed since"
    was = {"ended": ""} | step["was"]
    queued = was["state"] == MessageState.QUEUED
    told = {"again": True} if queued else {"reason": was["state_reason"]}
    seq = ledger.record(
        EventKind.REPLY_QUEUED if queued else EventKind.REPLY_FAILED, at=now, conversation_id=step["id"], message_id=found.pk,
        actor_id=by.pk, undoes=step["seq"], **told,
    )  # fmt: skip
    again = max(found.not_before or now, now + A_MOMENT)
    Message.objects.filter(pk=found.pk).update(seq=seq, **was, **({"not_before": again} if queued else {}))
    _writing.change(_writing.locked(step["id"]), seq)
    return ""


def _is_as_opened(ledger: events.Ledger, current: Conversation, seq: int) -> bool:
    """Nobody closed it or set it aside since, and its customer has not written: what they wrote is not buried. What was taken back has not been:
    a macro goes back step by step, and what took back the later ones stands in no table yet."""
    if current.state != ConversationState.OPEN:
        return False
    found = Event.objects.filter(conversation=current.pk, seq__gt=seq, kind__in=_CLOSED_OR_NEWS)
    told = list(found.values_list("seq", "data"))
    told += [
        (each.seq, each.data)
        for each in ledger.told
        if each.conversation_id == current.pk and each.kind in _CLOSED_OR_NEWS
    ]
    undone = {
        data["undoes"] for _, data in told if data.get("undoes", 0) > seq and data.get("by") != NOT_SENT
    }
    return all(number in undone or data.get("undoes") in undone for number, data in told)
