"""What a conversation takes over from one that is merged into it, beside the wait itself: who waits in it is not put aside, and the sooner of two
promises holds. And what of that it gives back when the two are parted.

Nothing is kept of how it was before: its events say what happened since. It becomes what it would be had that merge alone never been.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox import events
from inbox.actions import _snoozing, _writing
from inbox.models import Conversation, ConversationMerge, ConversationState, Event, EventKind, Person
from inbox.models.conversations import UNDER_WAY
from inbox.queries import merges

_BY = "merge"
_TURNS = (
    EventKind.RESOLVED, EventKind.REOPENED, EventKind.SNOOZED, EventKind.WOKEN, EventKind.MARKED_SPAM, EventKind.PENDING,
    EventKind.NO_REPLY_NEEDED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Aside:
    """How it is put aside, or was until a merge woke it and nothing else has happened since."""

    state: str
    until: datetime | None
    woken: frozenset[int] = frozenset()  # the events of those merges that had to wake it and hold

    def is_over(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now


def wake(ledger: events.Ledger, kept: Conversation, by: Person, now: datetime) -> int | None:
    """Who waits is not put aside with the one that they are answered in. Returns the event, which is told also where another merge has woken it
    already: whichever of the two is taken back, it stays for the other."""
    if _snoozing.wake(ledger, [kept.pk], now):
        kept.refresh_from_db(fields=["state", "snoozed_until", "seq"])
    aside = _aside(kept)
    if aside is None or aside.is_over(now):
        return None
    seq = ledger.record(
        EventKind.WOKEN, at=now, conversation_id=kept.pk, actor_id=by.pk, by=_BY, before=aside.state,
        slept_until=aside.until.isoformat() if aside.until else None, again=bool(aside.woken),
    )  # fmt: skip
    _snoozing.forget_timers([kept.pk])
    _writing.change(kept, seq, state=ConversationState.OPEN, snoozed_until=None)
    return seq


def put_aside_again(
    ledger: events.Ledger, merge: ConversationMerge, kept: Conversation, *, undid: str, by: Person, now: datetime
) -> None:  # fmt: skip
    """Unless something else has happened to it since: then it stays as it is. For whoever waits by another merge it stays open, and its clocks
    run since that one; a snooze that would be over by now has ended when it would have."""
    aside = _aside(kept, merge)
    woke = merge.step.get("woke")
    if aside is None or woke not in aside.woken:
        return
    told: dict[str, Any] = {
        "at": now,
        "conversation_id": kept.pk,
        "actor_id": by.pk,
        "undoes": woke,
        "undid": undid,
    }
    is_over = aside.is_over(now)
    if is_over or len(aside.woken) > 1:
        seq = ledger.record(EventKind.WOKEN, **told)
        if is_over and len(aside.woken) == 1 and aside.until is not None:
            seq = _snoozing.tell_end(ledger, kept.pk, aside.until, now)
        _writing.change(kept, seq)
        return
    if aside.state == ConversationState.SNOOZED:
        seq = ledger.record(EventKind.SNOOZED, **told, until=aside.until.isoformat() if aside.until else None)
    else:
        seq = ledger.record(EventKind.PENDING, **told)
    _snoozing.set_timer(ledger, kept.pk, aside.until)
    _writing.change(kept, seq, state=aside.state, snoozed_until=aside.until)


def promise(kept: Conversation, at: datetime | None) -> None:
    """What was promised in the other one holds in this one, unless this one was promised sooner."""
    if at is not None and (kept.promised_at is None or at < kept.promised_at):
        _writing.change(kept, kept.seq, promised_at=at)


def unpromise(merge: ConversationMerge, kept: Conversation) -> None:
    """What it was promised itself holds, or in one of those that are still answered in it. What somebody promised since stays."""
    own, since = _own_promise(kept)
    if merge.seq < since:
        return
    held = ConversationMerge.objects.filter(kept=kept, undone_at=None, seq__gt=since)
    others = [each for each in merges.into(kept) if each.pk != merge.pk and each.seq > since]
    left = [own, *(_promised(each) for each in others)]
    # One that was opened again holds until another is taken back.
    with_ended = _soonest([own, *(_promised(each) for each in held)])
    if kept.promised_at in (with_ended, _soonest([*left, _promised(merge)])):
        _writing.change(kept, kept.seq, promised_at=_soonest(left))


def _aside(kept: Conversation, merge: ConversationMerge | None = None) -> _Aside | None:
    """`merge`: one that is being taken back; it holds until then, though nobody is answered by it any more."""
    if kept.state in UNDER_WAY and kept.state != ConversationState.OPEN:
        return _Aside(kept.state, kept.snoozed_until)
    if kept.state != ConversationState.OPEN:
        return None
    woken: dict[int, dict[str, Any]] = {}
    for seq, kind, data in _happened(kept, *_TURNS):
        if kind != EventKind.WOKEN or data.get("by") != _BY or "before" not in data:
            break
        woken[seq] = data
    if not woken or _has_written(kept, since=min(woken)):
        return None
    hold = [*merges.into(kept), *([merge] if merge else [])]
    if not (left := woken.keys() & {each.step.get("woke") for each in hold}):
        return None
    how = woken[min(woken)]
    return _Aside(how["before"], _moment(how["slept_until"]), frozenset(left))


def _has_written(kept: Conversation, *, since: int) -> bool:
    wrote = Event.objects.filter(conversation=kept, kind=EventKind.MESSAGE_RECEIVED, seq__gt=since)
    return wrote.exists()


def _own_promise(kept: Conversation) -> tuple[datetime | None, int]:
    """What it was promised last by anybody, and the event that says so."""
    for seq, kind, data in _happened(kept, *_TURNS, EventKind.PROMISED):
        if kind == EventKind.PROMISED:
            return _moment(data.get("until")), seq
        if kind == EventKind.RESOLVED:  # promises end with it
            return None, seq
    return None, 0


def _happened(kept: Conversation, *kinds: EventKind) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(number, kind, data), the newest first. What was taken back never happened, and neither did the taking back."""
    found = Event.objects.filter(conversation=kept, kind__in=kinds).order_by("-seq")
    undone = set()
    for seq, kind, data in found.values_list("seq", "kind", "data"):
        if data.get("undoes"):
            undone.add(data["undoes"])
        elif seq not in undone:
            yield seq, kind, data


def _promised(merge: ConversationMerge) -> datetime | None:
    return _moment(merge.step["was"]["promised_at"])


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def _soonest(promises: list[datetime | None]) -> datetime | None:
    return min((at for at in promises if at is not None), default=None)
