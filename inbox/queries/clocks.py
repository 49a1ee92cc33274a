"""The clocks of one conversation as its pane shows them: each with what it is made of, in words, adding up to the second."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Case, Prefetch, Q, Value, When

from inbox.models import Clock, ClockKind, ClockState, Conversation, Timer, TimerKind
from inbox.queries import clock_facts, promises
from inbox.rules.business_hours import Hours
from inbox.rules.sla import State, clock_of

SHOWN = 6  # clocks; older ones are history, unless they run or were broken since the conversation was opened
MOST = 20
_LONG = timedelta(days=1)  # for which a page may count on by itself


@dataclass(frozen=True, slots=True)
class MarkShown:
    """What was told of a clock, between its segments."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class SegmentShown:
    started_at: datetime
    ended_at: datetime | None  # empty: it goes on
    counts: bool
    seconds: float  # that counted
    reason: str
    shown: int = 0  # `seconds` to the second, so that those of a clock add up to what it shows


@dataclass(frozen=True, slots=True)
class ClockShown:
    """`counted` is the sum of its segments' seconds."""

    kind: str
    label: str
    state: str
    state_label: str
    policy: str  # with the version under which it runs
    started_at: datetime
    ended_at: datetime | None
    target: int
    counted: float
    due_at: datetime | None
    breached_at: datetime | None
    segments: list[SegmentShown]
    marks: list[MarkShown] = field(default_factory=list)
    going_on: tuple[datetime, datetime] | None = (
        None  # as of when this was, and until when it counts on by itself
    )
    turns: datetime | None = None  # when the brand opens or closes next, while it runs

    @property
    def lines(self) -> list[SegmentShown | MarkShown]:
        """Its timeline: what it is made of, and where in it warnings and the breach were reached."""
        begun: list[tuple[datetime, int, SegmentShown | MarkShown]] = [
            (each.started_at, 0, each) for each in self.segments
        ]
        begun += [(each.at, 1, each) for each in self.marks]
        return [line for _, _, line in sorted(begun, key=lambda each: each[:2])]

    @property
    def runs(self) -> bool:
        return self.ended_at is None

    @property
    def late_by(self) -> float:
        """Seconds beyond what was promised."""
        return max(0.0, self.counted - self.target)

    @property
    def used(self) -> int:
        """Percent of the target, for a bar; at most 100."""
        return min(100, int(self.counted * 100 / self.target)) if self.target else 100


def of(conversation: Conversation, *, now: datetime) -> list[ClockShown]:
    """All that run, all that were broken in this spell, and of the others the newest, in the order in which they began, the newest
    first. Those under way are worked out as of now; those that ended are as they were kept."""
    rows = _chosen(conversation)
    if not rows:
        return []
    live = _live(conversation, rows, now) if any(row.ended_at is None for row in rows) else {}
    return [live.get(row.pk) or _kept(row) for row in rows]


def _chosen(conversation: Conversation) -> list[Clock]:
    """A clock of the resolution began before all that was answered since, so the newest alone may be without it."""
    broken = Q(breached_at__isnull=False)
    if conversation.opened_at is not None:
        broken &= Q(started_at__gte=conversation.opened_at)
    presses = Case(When(ended_at=None, then=Value(2)), When(broken, then=Value(1)), default=Value(0))
    found = Clock.objects.filter(conversation=conversation).annotate(presses=presses)
    found = found.prefetch_related("segments", Prefetch("timers", Timer.objects.exclude(fired_at=None)))
    rows = [
        row
        for place, row in enumerate(found.order_by("-presses", "-started_at", "kind")[:MOST])
        if row.presses or place < SHOWN
    ]
    rows.sort(key=lambda row: row.kind)
    return sorted(rows, key=lambda row: row.started_at, reverse=True)


def _live(conversation: Conversation, rows: list[Clock], now: datetime) -> dict[int, ClockShown]:
    facts = clock_facts.read([(conversation.pk, conversation.opened_at)], now)[conversation.pk]
    course = facts.course()
    runs = {(run.kind.value, run.started_at): run for run in course.runs}
    promised = {promise.row.pk: promise for promise in promises.of_brand(conversation.brand_id)}
    shown = {}
    for row in rows:
        run, promise = runs.get((row.kind, row.started_at)), promised.get(row.policy_id or 0)
        if row.ended_at is not None or run is None or promise is None:
            continue  # triage has not come to it yet; it shows what it last knew
        target = timedelta(seconds=row.target)
        clock = clock_of(
            replace(run, ended_at=None, cancelled=False), course.stretches, promise.policy, target, now
        )
        parts = [
            SegmentShown(
                each.started_at, each.ended_at, each.counts, each.counted.total_seconds(), each.reason
            )
            for each in clock.segments
        ]
        if parts:
            last = parts[-1]
            parts[-1] = SegmentShown(last.started_at, None, last.counts, last.seconds, last.reason)
        state = ClockState(clock.state.value if clock.state in (State.RUNNING, State.PAUSED) else row.state)
        told = _shown(row, state, clock.counted.total_seconds(), clock.due_at, parts)
        if state == ClockState.RUNNING:
            going_on = _going_on(promise.policy.hours, now) if parts and parts[-1].counts else None
            told = replace(told, going_on=going_on, turns=_turns(promise.policy.hours, now))
        shown[row.pk] = told
    return shown


def _going_on(hours: Hours | None, now: datetime) -> tuple[datetime, datetime] | None:
    """Nothing is told when the brand's day ends, so until then at the longest."""
    until = hours.closes(now) if hours else now + _LONG
    return (now, until) if until else None


def _turns(hours: Hours | None, now: datetime) -> datetime | None:
    """When it begins to count again, or stops: of that nothing is told either. None where it does neither within a day of work."""
    if hours is None:
        return None
    closes = hours.closes(now)
    return hours.opens(now) if closes is None else closes if closes < now + _LONG else None


def _kept(row: Clock) -> ClockShown:
    parts = [
        SegmentShown(each.started_at, each.ended_at, each.counts, each.counted, each.reason)
        for each in row.segments.all()
    ]
    return _shown(row, ClockState(row.state), row.counted, row.due_at, parts)


def _shown(
    row: Clock, state: ClockState, counted: float, due_at: datetime | None, parts: list[SegmentShown]
) -> ClockShown:
    parts = _to_the_second(parts)
    return ClockShown(
        kind=row.kind, label=str(ClockKind(row.kind).label), state=state.value, state_label=str(state.label),
        policy=f"{row.policy_name}, version {row.policy_version}", started_at=row.started_at, ended_at=row.ended_at,
        target=row.target, counted=counted, due_at=due_at, breached_at=row.breached_at, segments=parts, marks=_marks(row),
    )  # fmt: skip


def _to_the_second(parts: list[SegmentShown]) -> list[SegmentShown]:
    """Each ends at a whole second of what was counted until then: rounded one by one, they would add up to another sum."""
    found, total, told = [], 0.0, 0
    for each in parts:
        total += each.seconds
        found.append(replace(each, shown=round(total) - told))
        told = round(total)
    return found


def _marks(row: Clock) -> list[MarkShown]:
    warned = [each for each in row.timers.all() if each.kind == TimerKind.WARNING]
    marks = [MarkShown(each.due_at, f"{each.percent} % used up: warned") for each in warned]
    if row.breached_at:
        late = "the target of then was used up: late" if row.extended else "the target is used up: late"
        marks.append(MarkShown(row.breached_at, late))
    return marks
