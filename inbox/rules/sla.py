"""Clocks under a policy, and the segments that each is made of.

The segments of a clock follow one another without a gap from its start to its end, and those that count add up to what it has used.
Everything is exact to the microsecond; only words round.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from inbox.rules.business_hours import Hours
from inbox.rules.course import Course, Kind, Run, Status, Stretch

NOTHING = timedelta(0)
_COUNTS = {
    Status.SNOOZED: "snoozed, which counts",
    Status.PENDING: "with a bot or the customer, which counts",
    Status.RESOLVED: "resolved, and the answer is on its way",
    Status.SPAM: "marked as spam",
}


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is promised. A kind without a target is not."""

    targets: Mapping[Kind, timedelta]
    hours: Hours | None = None  # none: around the clock
    pauses_for_customer: bool = True
    pauses_snoozed: bool = True
    pauses_pending: bool = True
    warnings: tuple[int, ...] = ()  # percent of a target


@dataclass(frozen=True, slots=True)
class Segment:
    started_at: datetime
    ended_at: datetime
    counts: bool
    reason: str

    @property
    def counted(self) -> timedelta:
        return self.ended_at - self.started_at if self.counts else NOTHING


@dataclass(frozen=True, slots=True)
class ClockNow:
    """A clock as it stands. `due_at`: when its target is used up; empty while it stands still before that.

    `warnings`: percent and the instant at which so much is used up, where that is known.
    """

    kind: Kind
    started_at: datetime
    ended_at: datetime | None
    state: State
    target: timedelta
    counted: timedelta
    due_at: datetime | None
    segments: tuple[Segment, ...] = ()
    warnings: tuple[tuple[int, datetime], ...] = field(default=())

    @property
    def late(self) -> bool:
        """More was used than was promised."""
        return self.counted > self.target


def clocks(course: Course, policy: Policy, now: datetime) -> list[ClockNow]:
    """Every clock that the policy promises, in the order of their starts."""
    return [
        clock_of(run, course.stretches, policy, policy.targets[run.kind], now)
        for run in sorted(course.runs, key=lambda run: (run.started_at, run.kind))
        if run.kind in policy.targets
    ]


def clock_of(
    run: Run, stretches: Sequence[Stretch], policy: Policy, target: timedelta, now: datetime
) -> ClockNow:
    end = run.ended_at if run.ended_at is not None else max(now, run.started_at)
    made = tuple(segments(run, stretches, policy, end))
    counted = sum((each.counted for each in made), NOTHING)
    goes_on = run.ended_at is None and _pause(run.kind, stretches[-1], policy) == ""

    def used_up(length: timedelta) -> datetime | None:
        if length <= counted:
            return _reached(made, length, run.started_at)
        if not goes_on:
            return None
        rest = length - counted
        return end + rest if policy.hours is None else policy.hours.after(end, rest)

    warned = ((percent, used_up(target * percent / 100)) for percent in sorted(policy.warnings))
    return ClockNow(
        run.kind, run.started_at, run.ended_at, _state(run, counted, target, goes_on), target, counted, used_up(target),
        made, tuple((percent, at) for percent, at in warned if at is not None),
    )  # fmt: skip


def counted_of(run: Run, stretches: Sequence[Stretch], policy: Policy) -> timedelta:
    """What a clock that has ended used. It costs as much as it is long, and not as its conversation is."""
    if run.ended_at is None:
        raise ValueError("A clock that runs has not used all it will.")
    first = max(bisect_right(stretches, run.started_at, key=lambda each: each.begins) - 1, 0)
    after = bisect_left(stretches, run.ended_at, key=lambda each: each.begins)
    made = segments(run, stretches[first:after], policy, run.ended_at)
    return sum((each.counted for each in made), NOTHING)


def _state(run: Run, counted: timedelta, target: timedelta, goes_on: bool) -> State:
    if run.ended_at is None:
        return State.RUNNING if goes_on else State.PAUSED
    if run.cancelled:
        return State.CANCELLED
    return State.MET if counted <= target else State.MISSED


def _reached(made: Sequence[Segment], length: timedelta, started_at: datetime) -> datetime:
    """When the counted time came to `length`; it did."""
    at = started_at
    for each in made:
        if each.counts and length > NOTHING:
            at = each.started_at + min(length, each.counted)
            length -= each.counted
    return at


def segments(run: Run, stretches: Sequence[Stretch], policy: Policy, end: datetime) -> Iterator[Segment]:
    """What the time between start and end is made of, each stretch with its reason."""
    pending: Segment | None = None
    for piece in _pieces(run, stretches, policy, end):
        if pending and (pending.counts, pending.reason) == (piece.counts, piece.reason):
            pending = Segment(pending.started_at, piece.ended_at, piece.counts, piece.reason)
            continue
        if pending:
            yield pending
        pending = piece
    if pending:
        yield pending


def _pieces(run: Run, stretches: Sequence[Stretch], policy: Policy, end: datetime) -> Iterator[Segment]:
    own = run.own_since or run.started_at
    yield from _counting(policy, run.started_at, min(own, end), "the customer waits")
    for number, stretch in enumerate(stretches):
        after = stretches[number + 1].begins if number + 1 < len(stretches) else end
        begins, ends = max(stretch.begins, own), min(after, end)
        if begins >= ends:
            continue
        if pause := _pause(run.kind, stretch, policy):
            yield Segment(begins, ends, False, pause)
            continue
        yield from _counting(policy, begins, ends, _why_it_counts(run.kind, stretch))


def _counting(policy: Policy, begins: datetime, ends: datetime, why: str) -> Iterator[Segment]:
    if begins >= ends:
        return
    if policy.hours is None:
        yield Segment(begins, ends, True, why)
    else:
        yield from _worked(policy.hours, begins, ends, why)


def _worked(hours: Hours, begins: datetime, ends: datetime, why: str) -> Iterator[Segment]:
    at = begins
    for opens, closes in hours.spans(begins, ends):
        if at < opens:
            yield from _closed(hours, at, opens)
        yield Segment(opens, closes, True, why)
        at = closes
    if at < ends:
        yield from _closed(hours, at, ends)


def _closed(hours: Hours, begins: datetime, ends: datetime) -> Iterator[Segment]:
    for first, last, why in hours.closed(begins, ends):
        yield Segment(first, last, False, why)


def _pause(kind: Kind, stretch: Stretch, policy: Policy) -> str:
    """Why a clock stands still in this stretch, whatever the hours; empty where it does not."""
    if stretch.status is Status.SNOOZED and policy.pauses_snoozed:
        return "snoozed"
    if stretch.status is Status.PENDING and policy.pauses_pending:
        return "with a bot or the customer"
    if kind is Kind.RESOLUTION and not stretch.ours and policy.pauses_for_customer:
        return "waiting for the customer"
    return ""


def _why_it_counts(kind: Kind, stretch: Stretch) -> str:
    if stretch.status is not Status.OPEN:
        return _COUNTS[stretch.status]
    if kind is not Kind.RESOLUTION or stretch.ours:
        return "the customer waits"
    return "waiting for the customer, which counts"
