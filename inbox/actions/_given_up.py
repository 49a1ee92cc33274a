"""A reply that somebody gives up before it leaves: what was put out of the way because it had been answered by that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from inbox import events
from inbox.actions import _snoozing, _writing
from inbox.models import (
    Conversation,
    ConversationState,
    Event,
    EventKind,
    Message,
    Person,
    Undo,
    UndoKind,
)
from inbox.queries import merges, news

_ASIDE = {EventKind.RESOLVED: "resolved", EventKind.SNOOZED: "snoozed", EventKind.PENDING: "set to pending"}
_TURNS = (*_ASIDE, EventKind.REOPENED, EventKind.WOKEN, EventKind.MARKED_SPAM)


def queued(parts: Sequence[Message]) -> Event | None:
    """When it was sent, or sent once more. Asked while its messages are there."""
    told = Event.objects.filter(message__in=parts, kind=EventKind.REPLY_QUEUED).order_by("seq")
    return told.exclude(data__has_key="undoes").last()


def open_again(ledger: events.Ledger, reply: Event, *, by: Person, now: datetime) -> None:
    """Within the action that gives up what `reply` tells of, after that was said. Who resolved since then, or set it aside, took the customer
    for answered; where nobody waits, or the reply itself had opened it, it stays as it is. Where a conversation is answered in another, that
    one comes back."""
    pk = reply.conversation_id or 0
    place = _writing.locked(merges.shown_in([pk]).get(pk, pk))
    if place.state in (ConversationState.OPEN, ConversationState.SPAM) or _opened_by(reply):
        return
    put_aside = _put_aside(place, reply)
    waiting_since = news.first_unanswered(place)
    if not put_aside or waiting_since is None:
        return
    if place.state == ConversationState.RESOLVED and _has_rival(place):
        return
    seq = 0
    for each in put_aside:
        seq = ledger.record(
            EventKind.REOPENED, at=now, conversation_id=place.pk, actor_id=by.pk, before=place.state, undoes=each.seq,
            undid=_ASIDE[EventKind(each.kind)],
        )  # fmt: skip
    if not _was_open(put_aside[-1]):
        seq = ledger.record(EventKind.WOKEN, at=now, conversation_id=place.pk, actor_id=by.pk, by="person")
    done = Undo.objects.filter(
        conversation=place, kind=UndoKind.STATE, steps__0__seq__in=[each.seq for each in put_aside]
    )
    columns: dict[str, Any] = {"resolved_at": None, "snoozed_until": None, "waiting_since": waiting_since}
    if place.promised_at is None:
        columns["promised_at"] = _promise_before(done)
    _snoozing.forget_timers([place.pk])
    _writing.change(place, seq, state=ConversationState.OPEN, **columns)
    done.update(undone_at=now)


def _put_aside(place: Conversation, reply: Event) -> list[Event]:
    """How it came to be where it is since the reply was queued, the last first. Nothing where it was spam meanwhile, or has only been put aside
    for longer than it was before."""
    told = list(Event.objects.filter(conversation=place, seq__gt=reply.seq, kind__in=_TURNS).order_by("seq"))
    undone = {each.data["undoes"] for each in told if "undoes" in each.data}
    stands = [each for each in told if "undoes" not in each.data and each.seq not in undone]
    if any(each.kind == EventKind.MARKED_SPAM or "into" in each.data for each in stands):
        return []
    found: list[Event] = []
    for each in reversed(stands):
        if each.kind not in _ASIDE:
            break
        found.append(each)
        if _was_open(each):
            break
    aside_before = bool(found) and not _was_open(found[-1])
    return [] if aside_before and found[0].kind != EventKind.RESOLVED else found


def _was_open(before: Event) -> bool:
    return bool(before.data.get("before") == ConversationState.OPEN)


def _opened_by(reply: Event) -> bool:
    """It was resolved before: without the reply it would be still."""
    opened = Event.objects.filter(
        conversation=reply.conversation_id, kind=EventKind.REOPENED, actor=reply.actor_id, at=reply.at, seq__lt=reply.seq,
    )  # fmt: skip
    return opened.exists()


def _promise_before(done: QuerySet[Undo]) -> datetime | None:
    """Resolving ends a promise; taken back, it holds again."""
    promised = [each.steps[0]["was"]["promised_at"] for each in done.order_by("pk")]
    return datetime.fromisoformat(promised[0]) if promised and promised[0] else None


def _has_rival(place: Conversation) -> bool:
    """A newer conversation of the thread is under way. It shows the same thread, and is the one that is answered."""
    same = Conversation.objects.filter(channel=place.channel_id, thread_key=place.thread_key)
    return same.exclude(state=ConversationState.RESOLVED).exclude(pk=place.pk).exists()
