"""What the facts of a conversation say of its clocks, before any policy speaks: who waited for whom from when to when.

Nothing is carried along: the same facts, in whatever order they became known, give the same course. docs/triage.md says in
words what each fact does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    FIRST = "first"
    NEXT = "next"
    RESOLUTION = "resolution"


class What(StrEnum):
    """What colleagues, a timer or a bot do with a conversation."""

    RESOLVED = "resolved"
    MERGED = "merged"  # closed as by resolving, and what waits there waits in another conversation
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    PENDING = "pending"
    NO_REPLY_NEEDED = "no_reply_needed"
    SPAM = "spam"


class Status(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    PENDING = "pending"
    RESOLVED = "resolved"
    SPAM = "spam"


_DONE = (What.RESOLVED, What.MERGED)
ENDS = (*_DONE, What.SPAM)  # of a spell
_OVER = (Status.RESOLVED, Status.SPAM)


@dataclass(frozen=True, slots=True)
class Said:
    """A message that counts: a customer's, or an answer by a person. `at` is the platform's time, never after we learned of it."""

    at: datetime
    learned_at: datetime
    by_customer: bool
    unsent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    at: datetime
    order: int  # settles turns of the same instant
    what: What


@dataclass(frozen=True, slots=True)
class Held:
    """A reply of ours that did not leave at once. `order`: of its being queued, as of turns; `left_at`: None while it is on its way."""

    order: int
    left_at: datetime | None = None

    def is_out(self, at: datetime, order: int) -> bool:
        """Whether it was on its way at that turn."""
        return self.order < order and (self.left_at is None or self.left_at > at)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `begins` on, until the next one. `ours`: the brand has the word."""

    begins: datetime
    status: Status
    ours: bool


@dataclass(frozen=True, slots=True)
class Run:
    """From what started a clock to what ended it."""

    kind: Kind
    started_at: datetime
    ended_at: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    runs: tuple[Run, ...]
    stretches: tuple[Stretch, ...]
    waiting_since: datetime | None  # the first customer message that nobody answered yet
    opened_at: datetime | None  # when the newest spell began
    done_with: tuple[
        datetime, ...
    ] = ()  # when somebody resolved what was spam: no spell ends by that, and none goes on after it
    # (when it left, when that was resolved) of answers that were on their way when a spell ended: they belong to that one.
    left_late: tuple[tuple[datetime, datetime], ...] = ()


class _Rank(IntEnum):
    """Who is first at the same instant. What became known only after a turn acts after it."""

    WROTE = 0
    UNSENT = 1
    ANSWERED = 2
    TURNED = 3
    ROUSED = 4
    WROTE_LATE = 5
    UNSENT_LATE = 6


_Mark = tuple[
    datetime, _Rank, int, What | None
]  # when, who is first, number of the message or order of the turn


def course(
    said: Iterable[Said], turns: Iterable[Turn], held: Iterable[Held] = (), *, spell_before: bool = False
) -> Course:
    """Go through the facts. `held`: what left is among `said`, too. `spell_before`: an earlier spell of the conversation is over, so the
    first response is behind it."""
    ordered = sorted(turns, key=lambda turn: (turn.at, turn.order))
    walk = _Walk(responded=spell_before, held=sorted(held, key=lambda each: each.order))
    for at, rank, number, what in sorted(_marks(list(said), ordered), key=lambda mark: mark[:3]):
        walk.take(at, rank, number, what)
    return walk.ended()


def _marks(said: list[Said], turns: list[Turn]) -> Iterable[_Mark]:
    for turn in turns:
        yield turn.at, _Rank.TURNED, turn.order, turn.what
    # Numbered by what they are, so that the order in which they are handed in decides nothing.
    for number, each in enumerate(sorted(said, key=_by_content)):
        if not each.by_customer:
            yield each.at, _Rank.ANSWERED, number, None
            continue
        unseen = [turn for turn in turns if each.at <= turn.at < each.learned_at]
        # Who resolved, or said that nothing needs an answer, did not know of it: it asks anew from then on.
        starts = max(
            [turn.at for turn in unseen if turn.what in (*_DONE, What.NO_REPLY_NEEDED)],
            default=each.at,
        )
        late = any(turn.at == starts for turn in unseen)
        yield starts, _Rank.WROTE_LATE if late else _Rank.WROTE, number, None
        if unseen and unseen[-1].at > starts:
            yield unseen[-1].at, _Rank.ROUSED, number, None
        if each.unsent_at is not None:
            yield max(each.unsent_at, starts), _Rank.UNSENT_LATE if late else _Rank.UNSENT, number, None


def _by_content(said: Said) -> tuple[object, ...]:
    return said.at, said.learned_at, said.by_customer, said.unsent_at is not None, said.unsent_at or said.at


@dataclass(slots=True)
class _Walk:
    responded: bool
    held: list[Held]
    status: Status = Status.OPEN
    ours: bool = False
    begun: bool = False  # a spell is under way
    opened_at: datetime | None = None
    unanswered: dict[int, datetime] = field(default_factory=dict)  # message → since when it waits
    response: datetime | None = None  # since when the clock under way runs
    kind: Kind = Kind.FIRST  # of that clock
    resolution: datetime | None = None
    runs: list[Run] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    done_with: list[datetime] = field(default_factory=list)
    left_late: dict[datetime, datetime] = field(default_factory=dict)

    def take(self, at: datetime, rank: _Rank, number: int, what: What | None) -> None:
        if rank in (_Rank.WROTE, _Rank.WROTE_LATE):
            self._wrote(at, number)
        elif rank in (_Rank.UNSENT, _Rank.UNSENT_LATE):
            self._unsent(at, number)
        elif rank is _Rank.ANSWERED:
            self._answered(at)
        elif rank is _Rank.ROUSED:
            self._roused()
        elif what is not None:
            self._turned(at, number, what)
        if not self.stretches or (self.stretches[-1].status, self.stretches[-1].ours) != (
            self.status,
            self.ours,
        ):
            self.stretches.append(Stretch(at, self.status, self.ours))

    def ended(self) -> Course:
        if self.response is not None:
            self.runs.append(Run(self.kind, self.response))
        if self.resolution is not None:
            self.runs.append(Run(Kind.RESOLUTION, self.resolution))
        # Of two that began at the same instant, the later one is what it came to.
        runs = {(run.kind, run.started_at): run for run in self.runs}
        waits = None if self.status in _OVER else min(self.unanswered.values(), default=None)
        return Course(
            tuple(runs.values()), tuple(self.stretches), waits, self.opened_at, tuple(self.done_with), tuple(self.left_late.items())
        )  # fmt: skip

    def _wrote(self, at: datetime, number: int) -> None:
        if self.status is Status.SPAM:  # it waits for whoever says that it was none
            self.unanswered[number] = at
            return
        if not self.begun:
            if self.response is None:  # what waits for an answer that is on its way goes on waiting
                self.unanswered.clear()
            self._begin(at)
        self.unanswered[number] = at
        self._ask(at)
        self.ours = True
        self._roused()

    def _ask(self, at: datetime) -> None:
        if self.response is None:
            self.response, self.kind = at, Kind.NEXT if self.responded else Kind.FIRST

    def _roused(self) -> None:
        if self.status in (Status.SNOOZED, Status.PENDING):
            self.status = Status.OPEN

    def _unsent(self, at: datetime, number: int) -> None:
        if self.unanswered.pop(number, None) is None or self.response is None:
            return
        if self.unanswered:
            # As if it had not been written: what still waits has waited since its own time.
            self.response = max(self.response, min(self.unanswered.values()))
        else:
            self._end_response(at, cancelled=True)
            self.ours = False

    def _answered(self, at: datetime) -> None:
        self.unanswered.clear()
        self._end_response(at)
        self.ours = False

    def _turned(self, at: datetime, order: int, what: What) -> None:
        if what in _DONE:
            self._done(at, order, what)
        elif what is What.SPAM:
            self._end_spell(at, Status.SPAM, cancelled=True)
        elif what is What.REOPENED:
            self._reopen(at)
        elif what is What.NO_REPLY_NEEDED:
            self.unanswered.clear()
            self._end_response(at, cancelled=True)  # nobody has answered by that
            self.ours = False
        elif self.status not in _OVER:
            self.status = {What.SNOOZED: Status.SNOOZED, What.PENDING: Status.PENDING}.get(what, Status.OPEN)

    def _done(self, at: datetime, order: int, what: What) -> None:
        if self.status is Status.SPAM:
            self.done_with.append(at)
        out = [each for each in self.held if each.is_out(at, order)]
        if self.begun:
            for each in out:
                if each.left_at is not None:
                    self.left_late.setdefault(each.left_at, at)
        # Whoever resolved had answered: the customer waits until that has left.
        self._end_spell(at, Status.RESOLVED, answered=what is What.RESOLVED and bool(out))

    def _begin(self, at: datetime) -> None:
        self.begun, self.status = True, Status.OPEN
        self.opened_at = self.resolution = at

    def _end_spell(
        self, at: datetime, status: Status, *, cancelled: bool = False, answered: bool = False
    ) -> None:
        if not answered:
            self._end_response(at, cancelled=True)
        if self.resolution is not None:
            self.runs.append(Run(Kind.RESOLUTION, self.resolution, at, cancelled))
        self.resolution, self.begun, self.status, self.ours = None, False, status, False
        self.responded = True

    def _reopen(self, at: datetime) -> None:
        if self.status not in _OVER:
            self.status = Status.OPEN
            return
        self._begin(at)
        self.ours = True
        if self.unanswered:
            self._ask(at)

    def _end_response(self, at: datetime, *, cancelled: bool = False) -> None:
        if self.response is None:
            return
        self.runs.append(Run(self.kind, self.response, at, cancelled))
        self.response = None
        self.responded = self.responded or not cancelled
