"""The clocks of touched conversations: worked out anew from the facts, compared with what is stored, and only differences written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inbox import events, platforms
from inbox.actions import _clock_rows, _priority
from inbox.actions._clock_rows import Stored
from inbox.actions._touched import RunningClock, Touched
from inbox.models import ConversationState, SlaPolicy
from inbox.queries import clock_facts, promises
from inbox.queries.clock_facts import Facts
from inbox.queries.promises import Promise
from inbox.rules import due
from inbox.rules.course import Course, Run
from inbox.rules.sla import ClockNow, State, clock_of, counted_of

# What began and ended before anybody looked gets a clock only if it is news: a new policy does not judge the past.
NEWS = timedelta(days=1)
_ENDED_STATES = (State.MET, State.MISSED, State.CANCELLED)


@dataclass(slots=True)
class Standing:
    """A clock that may have something to tell: it runs, or it ended late and nobody said so yet."""

    stored: Stored
    touched: Touched
    clock: ClockNow
    policy: SlaPolicy | None = None  # the one it runs under, which says what follows from a breach

    @property
    def raises(self) -> bool:
        """A breach makes the conversation urgent."""
        return self.policy is not None and self.policy.raises_priority

    def next_timer(self, now: datetime) -> tuple[str, int, datetime] | None:
        """(kind, percent, when) of the next thing to tell. Warnings that were overtaken are not told."""
        due_at, stored = self.clock.due_at, self.stored
        if stored.told_all:
            return None
        ended = self.clock.ended_at is not None
        if due_at is not None and (self.clock.late if ended else due_at <= now):
            return "breach", 0, due_at
        if ended:
            return None
        left = [
            (at, percent)
            for percent, at in self.clock.warnings
            if percent > stored.warned and (stored.breached_at is None or at > stored.breached_at)
        ]
        if passed := [each for each in left if each[0] <= now]:
            at, percent = max(passed, key=lambda each: each[1])
            return "warning", percent, at
        ahead = [("warning", percent, at) for at, percent in left]
        if due_at is not None:
            ahead.append(("breach", 0, due_at))
        return min(ahead, key=lambda each: (each[2], each[0]), default=None)


@dataclass(slots=True)
class _Plan:
    """What is to be written for a batch."""

    made: list[Stored] = field(default_factory=list)
    changed: list[Stored] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    cut: list[tuple[Stored, ClockNow]] = field(default_factory=list)  # ended: its segments are kept
    given_back: list[tuple[int, int, int]] = field(default_factory=list)  # warnings that lie ahead again
    standing: list[Standing] = field(default_factory=list)


def recompute(
    touched: Sequence[Touched],
    promised: Sequence[Promise],
    weights: _priority.Weights,
    now: datetime,
    *,
    news_since: Mapping[int, datetime] | None = None,
) -> list[Standing]:
    """Clocks, targets, promise, window and due time. `news_since`: when the earliest news of a conversation happened.

    Timers are not set yet: `arm` does that, after whoever fires has fired.
    """
    facts = clock_facts.read(((each.id, _looked_at_since(each)) for each in touched), now)
    stored = _clock_rows.read({pk: (each.since, each.opened_at) for pk, each in facts.items()})
    # What a broken promise adds to the priority must not put another one in its place: it would be broken no more. Being late counts,
    # too, and so does waiting, so no sum tells what the priority would be without it: the promise goes on while it holds otherwise.
    going_on = {each.id: _going_on(each, stored.get(each.id, []), promised) for each in touched}
    others = [each for each in touched if going_on[each.id] is None]
    by_priority = promises.ask_priority(promised)
    plain = _priority.before_raising(others, weights, now) if by_priority else {}
    plan = _Plan()
    for each in touched:
        horizon = (news_since or {}).get(each.id, now + NEWS) - NEWS
        course = facts[each.id].course(_clock_rows.cancelled(stored.get(each.id, []), horizon))
        promise = going_on[each.id] or promises.choose(
            promised,
            priority=plain.get(each.id, each.priority),
            channel_id=each.channel_id,
            tags=each.tags,
        )
        standing = _compare(
            each, facts[each.id], course, promise, stored.get(each.id, []), plan, horizon, now
        )
        _show(each, facts[each.id], course, standing, now)
        plan.standing += standing
    _clock_rows.write(plan.made, plan.changed, plan.dropped, plan.cut)
    _clock_rows.unwarn(plan.given_back)
    return [each for each in plan.standing if each.clock.ended_at is None or not each.stored.told_all]


def arm(
    ledger: events.Ledger, standing: Sequence[Standing], touched: Sequence[Touched], now: datetime
) -> None:
    """One timer for each clock, at the next thing it has to tell."""
    wanted = {each.stored.id: timer for each in standing if (timer := each.next_timer(now)) is not None}
    clocks = {each.stored.id: each.touched.id for each in standing}
    _clock_rows.set_timers(ledger.brand_id, wanted, clocks, [each.id for each in touched])


def _looked_at_since(touched: Touched) -> datetime | None:
    """When its spell was opened. A clock of the one before goes on where an answer was on its way when that ended."""
    if touched.opened_at is None:
        return None
    return min([touched.opened_at, *(each.started_at for each in touched.clocks)])


def _going_on(touched: Touched, stored: Sequence[Stored], promised: Sequence[Promise]) -> Promise | None:
    """The promise of what a breach made urgent. None: nothing is, or a person chose the priority."""
    if touched.priority_pinned or not touched.broken:
        return None
    late = {clock.kind for clock in touched.clocks if clock.breached and clock.raises_priority}
    broken = {row.policy_id for row in stored if row.ended_at is None and row.kind in late and row.policy_id}
    return promises.going_on(promised, broken, channel_id=touched.channel_id, tags=touched.tags)


def _compare(
    touched: Touched,
    facts: Facts,
    course: Course,
    promise: Promise | None,
    stored: list[Stored],
    plan: _Plan,
    horizon: datetime,
    now: datetime,
) -> list[Standing]:
    """Match what the facts say with what is stored, and note the differences."""
    runs = [run for run in course.runs if facts.looks_at(run.started_at, run.ended_at)]
    over = [row for row in stored if not facts.looks_at(row.started_at, row.ended_at)]
    # The spell of these was followed by another before anybody told: nothing changes them any more, and they are still told.
    standing = [_as_stored(touched, row) for row in over if row.late_untold]
    mine = [row for row in stored if row not in over]
    matches, left = _clock_rows.match(runs, mine, facts.turns, horizon)
    for run, row in matches:
        if row is not None and _is_settled(run, row, course, promise):
            if row.late_untold:
                standing.append(_as_stored(touched, row))
            continue
        if promise is None or run.kind not in promise.policy.targets:
            if row is not None:
                left.append(row)
            continue
        if row is None and run.ended_at is not None and run.ended_at < horizon:
            continue
        standing.append(_renew(touched, run, course, promise, row, plan, now))
    for row in left:
        if row.told or row.warned:  # what was told stays told, even if nothing supports it any more
            if (row.state, row.due_at) != (State.CANCELLED, None):
                _say_changed(touched, row)
                row.state, row.ended_at, row.due_at = State.CANCELLED, row.ended_at or now, None
                plan.changed.append(row)
        else:
            _say_changed(touched, row)
            plan.dropped.append(row.id)
    return standing


def _is_settled(run: Run, row: Stored, course: Course, promise: Promise | None) -> bool:
    """It ended before, and nothing that is known now changes that: it keeps its policy, target and segments.

    What lies between its ends may become known late, too, or be taken back (an answer, a snooze). Where another promise holds by now,
    nobody can say any more how the one before would have counted that, and it stays.
    """
    if (
        run.ended_at is None
        or (row.started_at, row.ended_at) != (run.started_at, run.ended_at)
        or (row.state == State.CANCELLED) != run.cancelled
    ):
        return False
    if promise is None or (row.policy_id, row.policy_version) != (promise.row.pk, promise.row.version):
        return True
    return counted_of(run, course.stretches, promise.policy).total_seconds() == row.counted


def _renew(
    touched: Touched,
    run: Run,
    course: Course,
    promise: Promise,
    row: Stored | None,
    plan: _Plan,
    now: datetime,
) -> Standing:
    # One that has ended keeps what was promised then.
    keeps = row is not None and row.ended_at is not None and run.ended_at is not None
    target = timedelta(seconds=row.target) if row is not None and keeps else promise.policy.targets[run.kind]
    clock = clock_of(run, course.stretches, promise.policy, target, now)
    new = Stored(
        id=row.id if row else 0, conversation_id=touched.id, kind=run.kind.value, started_at=run.started_at,
        ended_at=run.ended_at, state=clock.state.value,
        policy_id=row.policy_id if row and keeps else promise.row.pk,
        policy_name=row.policy_name if row and keeps else promise.row.name,
        policy_version=row.policy_version if row and keeps else promise.row.version,
        target=int(target.total_seconds()), counted=clock.counted.total_seconds(), due_at=clock.due_at,
        breached_at=row.breached_at if row else None, breach_seq=row.breach_seq if row else None,
        warnings=row.warnings if row else (),
    )  # fmt: skip
    plan.given_back += new.take_back_warnings(clock, now)
    if row is not None and not row.extended and new.extended and new.due_at is not None and new.due_at <= now:
        new.breached_at = new.due_at  # it was late and still is: only since when has changed
    if row is None:
        plan.made.append(new)
        _say_changed(touched, new)
    elif new.differs_from(row):
        plan.changed.append(new)
        _say_changed(touched, row)
    if clock.state in _ENDED_STATES:
        plan.cut.append((new, clock))
    return Standing(new, touched, clock, promise.row)


def _say_changed(touched: Touched, row: Stored) -> None:
    """Of what is counted already (it ended, or was told as late) an event says that it is another now, whatever else changes."""
    if row.told or row.ended_at is not None:
        touched.changed.setdefault("due_at", touched.due_at)


def _as_stored(touched: Touched, row: Stored) -> Standing:
    clock = ClockNow(
        kind=row.rule_kind, started_at=row.started_at, ended_at=row.ended_at, state=State(row.state),
        target=timedelta(seconds=row.target), counted=timedelta(seconds=row.counted), due_at=row.due_at,
    )  # fmt: skip
    return Standing(row, touched, clock)


def _show(
    touched: Touched, facts: Facts, course: Course, standing: Sequence[Standing], now: datetime
) -> None:
    """What the row shows of it."""
    touched.clocks = [
        RunningClock(
            each.stored.kind, each.clock.due_at, each.stored.told_all and each.clock.due_at is not None and each.clock.due_at <= now,
            each.raises, each.clock.started_at,
        )
        for each in standing
        if each.clock.ended_at is None
    ]  # fmt: skip
    if facts.said or facts.turns:
        touched.change(waiting_since=None if touched.ended else course.waiting_since)
    if course.opened_at is not None:
        touched.change(opened_at=course.opened_at)
    if touched.state == ConversationState.RESOLVED:
        touched.change(promised_at=None)
    set_due(touched, standing)


def set_due(touched: Touched, standing: Sequence[Standing]) -> None:
    found = None
    if not touched.ended:
        found = due.earliest(
            targets=[
                (each.stored.kind, each.clock.due_at, each.stored.policy_name)
                for each in standing
                if each.touched is touched and each.clock.ended_at is None and each.clock.due_at is not None
            ],
            window_closes_at=touched.window_closes_at,
            promised_at=touched.promised_at,
            waiting=touched.waiting_since is not None,
            platform=_label(touched.platform),
        )
    touched.change(
        due_at=found.at if found else None,
        due_kind=found.kind if found else "",
        due_reason=found.reason if found else "",
    )


def _label(platform: str) -> str:
    try:
        return platforms.get(platform).label
    except platforms.UnknownPlatform:
        return platform
