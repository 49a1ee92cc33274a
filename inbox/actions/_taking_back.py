"""Words that nobody outside has seen: a note, and a reply that waits out its hold. They go from the thread, back to their writer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inbox import events
from inbox.actions import _columns, _threads, _writing
from inbox.models import Attachment, Direction, EventKind, Message, MessageState, Notification, Person

LEFT = "It is on its way already: it cannot be taken back"
GONE = "It is no more"


def note(ledger: events.Ledger, step: Mapping[str, Any], *, by: Person, now: datetime) -> str:
    """Returns why not; empty when it is gone."""
    found = Message.objects.filter(pk__in=step["left"]["messages"], direction=Direction.NOTE).first()
    if found is None:
        return GONE
    seq = ledger.record(
        EventKind.NOTE_TAKEN_BACK, at=now, conversation_id=step["id"], actor_id=by.pk, undoes=step["seq"],
        gone=[str(found.public_id)],
    )  # fmt: skip
    Notification.objects.filter(message=found).delete()  # who was mentioned in it is not told of it any more
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
    if was["reopened"]:  # the reply had opened it
        ledger.record(
            EventKind.RESOLVED, at=now, conversation_id=current.pk, actor_id=by.pk, undoes=was["reopened"], undid="reopened by a reply",
        )  # fmt: skip
    seq = ledger.record(
        EventKind.REPLY_TAKEN_BACK, at=now, conversation_id=current.pk, actor_id=by.pk, undoes=step["seq"],
        gone=[str(part.public_id) for part in parts],
    )  # fmt: skip
    Attachment.objects.filter(message__in=parts).update(message=None, position=0)
    Message.objects.filter(pk__in=[part.pk for part in parts]).delete()
    columns = {"unread_count": current.unread_count + was["unread_count"]}
    if was["reopened"]:
        columns |= {name: was[name] for name in ("state", "resolved_at", "waiting_since", "opened_at")}
    _columns.write({current.pk: (seq, columns)})
    _writing.change(current, seq, message_count=current.message_count - len(parts))
    _threads.show_newest(current.pk)
    return ""
