"""What the facts of a conversation say of its clocks, before any policy speaks: who waited for whom from when to when.

Nothing is carried along: the same facts, in whatever order they became known, give the same course. docs/triage.md says in
words what each fact does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from inbox.rules.happened import DONE, Held, Said, Turn, What


class Kind(StrEnum):
    FIRST = "first"
    NEXT = "next"
    RESOLUTION = "resolution"


class Status(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    PENDING = "pending"
    RESOLVED = "resolved"
    SPAM = "spam"


_OVER = (Status.RESOLVED, Status.SPAM)


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
    # Before it the customer waited in a conversation that was merged into this one; what was done in this one stopped no clock of that.
    own_since: datetime | None = None


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
    ANSWERED_THERE = 3
    TURNED = 4
    ROUSED = 5
    WROTE_LATE = 6
    UNSENT_LATE = 7
    ANSWERED_THERE_LATE = 8
    JOINED = 9


# When, who is first, number of the message or order of the turn.
_Mark = tuple[datetime, _Rank, int, What | None]


def course(
    said: Iterable[Said], turns: Iterable[Turn], held: Iterable[Held] = (), *, responded: bool = False
) -> Course:
    """Go through the facts. `held`: what left is among `said`, too. `responded`: the customer wrote in an earlier spell, which is over, so the
    first response is behind it."""
    ordered = sorted(turns, key=lambda turn: (turn.at, turn.order))
    # Numbered by what they are, so that the order in which they are handed in decides nothing.
    numbered = sorted(said, key=_by_content)
    walk = _Walk(responded=responded, said=numbered, held=sorted(held, key=lambda each: each.order))
    for at, rank, number, what in sorted(_marks(numbered, ordered), key=lambda mark: mark[:3]):
        walk.take(at, rank, number, what)
    return walk.ended()


def _marks(said: list[Said], turns: list[Turn]) -> Iterable[_Mark]:
    for turn in turns:
        yield turn.at, _Rank.TURNED, turn.order, turn.what
    for number, each in enumerate(said):
        if not each.by_customer:
            yield each.at, _Rank.ANSWERED, number, None
            continue
        unseen = [turn for turn in turns if each.at <= turn.at < each.learned_at]
        # Who resolved, or said that nothing needs an answer, did not know of it: it asks anew from then on.
        over = (*DONE, What.NO_REPLY_NEEDED, *([What.SPAM] if each.brought else []))
        starts = max([turn.at for turn in unseen if turn.what in over], default=each.at)
        late = any(turn.at == starts for turn in unseen)
        yield starts, _Rank.WROTE_LATE if late else _Rank.WROTE, number, None
        if each.brought:
            yield each.learned_at, _Rank.JOINED, number, None
        if unseen and unseen[-1].at > starts:
            yield unseen[-1].at, _Rank.ROUSED, number, None
        if each.unsent_at is not None:
            yield max(each.unsent_at, starts), _Rank.UNSENT_LATE if late else _Rank.UNSENT, number, None
        if each.answered_at is not None:
            rank = _Rank.ANSWERED_THERE_LATE if late else _Rank.ANSWERED_THERE
            yield max(each.answered_at, starts), rank, number, None


def _by_content(said: Said) -> tuple[object, ...]:
    unsent = said.unsent_at is not None, said.unsent_at or said.at
    answered = said.answered_at is not None, said.answered_at or said.at
    return said.at, said.learned_at, said.by_customer, *unsent, said.brought, *answered


@dataclass(slots=True)
class _Walk:
    responded: bool  # what the customer writes next is no first message
    said: list[Said]
    held: list[Held]
    status: Status = Status.OPEN
    ours: bool = False
    begun: bool = False  # a spell is under way
    wrote: bool = False  # the customer, by now
    opened_at: datetime | None = None
    unanswered: dict[int, datetime] = field(default_factory=dict)  # message → since when it waits
    brought: dict[int, datetime] = field(default_factory=dict)  # the same, of what waits for a spell
    response: datetime | None = None  # since when the clock under way runs
    kind: Kind = Kind.FIRST  # of that clock
    own_since: datetime | None = None  # and since when what is done here is done to it
    resolution: datetime | None = None
    runs: list[Run] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    done_with: list[datetime] = field(default_factory=list)
    left_late: dict[datetime, datetime] = field(default_factory=dict)

    def take(self, at: datetime, rank: _Rank, number: int, what: What | None) -> None:
        if rank in (_Rank.WROTE, _Rank.WROTE_LATE):
            self._wrote(at, number)
        elif rank in (_Rank.UNSENT, _Rank.UNSENT_LATE):
            self._waits_no_more(at, number, answered=False)
        elif rank in (_Rank.ANSWERED_THERE, _Rank.ANSWERED_THERE_LATE):
            self._waits_no_more(at, number, answered=True)
        elif rank is _Rank.ANSWERED:
            self._answered(at)
        elif rank is _Rank.ROUSED:
            self._roused()
        elif rank is _Rank.JOINED:
            self._joined(at, number)
        elif what is not None:
            self._turned(at, number, what)
        if not self.stretches or (self.stretches[-1].status, self.stretches[-1].ours) != (
            self.status,
            self.ours,
        ):
            self.stretches.append(Stretch(at, self.status, self.ours))

    def ended(self) -> Course:
        if self.response is not None:
            self.runs.append(self._run(self.response))
        if self.resolution is not None:
            self.runs.append(Run(Kind.RESOLUTION, self.resolution))
        # Of two that began at the same instant, the later one is what it came to.
        runs = {(run.kind, run.started_at): run for run in self.runs}
        waits = None if self.status in _OVER else min(self.unanswered.values(), default=None)
        return Course(
            tuple(runs.values()), tuple(self.stretches), waits, self.opened_at, tuple(self.done_with), tuple(self.left_late.items())
        )  # fmt: skip

    def _run(self, since: datetime, until: datetime | None = None, *, cancelled: bool = False) -> Run:
        own = self.own_since if self.own_since is not None and self.own_since > since else None
        return Run(self.kind, since, until, cancelled, own)

    def _wrote(self, at: datetime, number: int) -> None:
        each = self.said[number]
        if each.brought and not self.begun:
            self.brought[number] = each.at
            return
        if self.status is Status.SPAM:  # it waits for whoever says that it was none
            self.wrote = True
            self.unanswered[number] = at
            return
        if not self.begun:
            if self.response is None:  # what waits for an answer that is on its way goes on waiting
                self.unanswered.clear()
            self._begin(at)
        self._asks(number, each.at if each.brought else at, at)

    def _joined(self, at: datetime, number: int) -> None:
        self.wrote = True  # also where it waits on, and what asks for nothing any more
        if number in self.brought and self.status is not Status.SPAM:
            self._begin(at)

    def _asks(self, number: int, since: datetime, at: datetime) -> None:
        self.wrote = True
        self.unanswered[number] = since
        self._wait(since, at)
        self.ours = True
        self._roused()

    def _wait(self, since: datetime, at: datetime) -> None:
        if self.response is None:
            self.response, self.own_since = since, at
            self.kind = Kind.NEXT if self.responded else Kind.FIRST
        self.response = min(self.response, since)

    def _roused(self) -> None:
        if self.status in (Status.SNOOZED, Status.PENDING):
            self.status = Status.OPEN

    def _waits_no_more(self, at: datetime, number: int, *, answered: bool) -> None:
        """For this one alone: it was unsent, or answered in another conversation."""
        self.brought.pop(number, None)
        if self.unanswered.pop(number, None) is None or self.response is None:
            return
        if self.unanswered:
            # As if it had not been written: what still waits has waited since its own time.
            self.response = max(self.response, min(self.unanswered.values()))
        else:
            self._end_response(at, cancelled=not answered)
            self.ours = False

    def _answered(self, at: datetime) -> None:
        self.unanswered.clear()
        self._end_response(at)
        self.ours = False

    def _turned(self, at: datetime, order: int, what: What) -> None:
        if what in DONE:
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
        for number, since in self.brought.items():
            self._asks(number, since, at)
        self.brought.clear()

    def _end_spell(
        self, at: datetime, status: Status, *, cancelled: bool = False, answered: bool = False
    ) -> None:
        if not answered:
            self._end_response(at, cancelled=True)
        if self.resolution is not None:
            self.runs.append(Run(Kind.RESOLUTION, self.resolution, at, cancelled))
        self.resolution, self.begun, self.status, self.ours = None, False, status, False
        self.responded = self.responded or self.wrote

    def _reopen(self, at: datetime) -> None:
        if self.begun:
            self.status = Status.OPEN
            return
        # Also where no turn has closed it: what a backfill brings is resolved from the first.
        self._begin(at)
        self.ours = True
        if self.unanswered:
            self._wait(at, at)

    def _end_response(self, at: datetime, *, cancelled: bool = False) -> None:
        if self.response is None:
            return
        self.runs.append(self._run(self.response, at, cancelled=cancelled))
        self.response = None
        self.responded = self.responded or not cancelled
