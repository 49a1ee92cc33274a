"""What every action leaves behind for `z`: how it was, how it was left, and until when it can be put back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from inbox import events
from inbox.actions import _columns
from inbox.actions._columns import Plain
from inbox.models import Conversation, ConversationState, Person, Undo, UndoKind

LASTS = timedelta(minutes=10)

# Of each kind: what is put back, and what must still be as it was left.
_STATE = ("state", "resolved_at", "snoozed_until")
_TEAM = ("team_id", "team_by_hand")
_CHOSEN = ("assignee_set_by", "assignee_set_at")
PUT_BACK: Mapping[str, Sequence[str]] = {
    UndoKind.STATE: (*_STATE, "unread_count", "waiting_since", "promised_at", "opened_at"),
    UndoKind.ASSIGNEE: ("assignee_id", "assignee_name", *_CHOSEN, *_TEAM),
    UndoKind.PRIORITY: ("priority", "priority_pinned"),
    UndoKind.UNREAD: ("unread_count",),
    UndoKind.PROMISE: ("promised_at",),
    UndoKind.ANSWER: ("no_reply_needed_at", "waiting_since", "unread_count"),
    UndoKind.MOOD: ("sentiment", "sentiment_confidence", "sentiment_set_by", "sentiment_suggested", "sentiment_version"),
}  # fmt: skip
# Of what is put back, what a colleague or a customer may set meanwhile without a change of the above: it goes back only where nobody did.
BESIDE: Mapping[str, Sequence[str]] = {
    UndoKind.STATE: ("unread_count", "promised_at"),
    UndoKind.ASSIGNEE: _TEAM,
    UndoKind.ANSWER: ("unread_count",),
}
LEFT: Mapping[str, Sequence[str]] = {
    UndoKind.STATE: _STATE,
    UndoKind.ASSIGNEE: ("assignee_id",),
    UndoKind.PRIORITY: ("priority", "priority_pinned"),
    UndoKind.UNREAD: ("unread_count",),
    UndoKind.PROMISE: ("promised_at",),
    UndoKind.ANSWER: ("no_reply_needed_at",),
    UndoKind.MOOD: ("sentiment", "sentiment_set_by"),
}


def as_left(kind: str, was: Plain, after: Plain) -> Plain:
    """`left` and `beside` of a step, from the columns of PUT_BACK before and after the change."""
    must = list(LEFT[kind])
    if kind == UndoKind.PRIORITY and not after["priority_pinned"]:
        must.remove("priority")  # left to the score, it may move meanwhile
    if kind == UndoKind.ASSIGNEE and any(was[name] != after[name] for name in _TEAM):
        must += _TEAM  # it was given to a team
    elif kind == UndoKind.ASSIGNEE and was["assignee_id"] == after["assignee_id"]:
        must += _CHOSEN  # it stayed where it was, by a person's choice from then on
    beside = {name: after[name] for name in BESIDE.get(kind, ()) if name not in must}
    if kind == UndoKind.STATE and after["state"] == ConversationState.RESOLVED:
        beside["promised_at"] = None  # triage takes it off
    return {"left": {name: after[name] for name in must}, "beside": beside}


def before(kind: UndoKind, conversation: Conversation) -> Plain:
    """The columns as they are; to be asked for before the change."""
    return _columns.of(conversation, PUT_BACK[kind])


def step(
    conversation_id: int, seq: int, was: Any, left: Any, beside: Any = None, *, quiet: bool = False
) -> dict[str, Any]:
    """`quiet`: no event told of it, since nothing is seen of it. `seq` is the newest then, and that is not taken back."""
    kept = {"id": conversation_id, "seq": seq, "was": was, "left": left, "beside": beside or {}}
    return kept | {"quiet": True} if quiet else kept


def remember(
    ledger: events.Ledger,
    kind: UndoKind,
    words: str,
    conversation: Conversation,
    was: Plain,
    seq: int,
    *,
    by: Person,
    now: datetime,
    quiet: bool = False,
) -> None:
    """After the change of a conversation's columns."""
    done = step(conversation.pk, seq, was, **as_left(kind, was, before(kind, conversation)), quiet=quiet)
    keep(ledger, kind, words, [done], conversation=conversation, by=by, now=now)


def keep(
    ledger: events.Ledger,
    kind: UndoKind,
    words: str,
    steps: Sequence[Mapping[str, Any]],
    *,
    conversation: Conversation | None,
    by: Person,
    now: datetime,
    until: datetime | None = None,
) -> None:
    Undo.objects.create(
        brand_id=ledger.brand_id, person=by, kind=kind, words=words[:120], conversation=conversation, steps=list(steps), at=now,
        until=until or now + LASTS,
    )  # fmt: skip


def spend(brand_id: int, kind: UndoKind, merge_id: int, now: datetime) -> None:
    """A merge was taken back by its own line: z does not take it back once more."""
    left = {"steps__0__left__merge": merge_id}
    Undo.objects.filter(brand_id=brand_id, kind=kind, undone_at=None, **left).update(undone_at=now)
