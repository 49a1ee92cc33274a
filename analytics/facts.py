"""The one module that reads the inbox's rows to count them. The same rows give the same facts, in whatever order they became known.

Clocks and figures cannot disagree: who waited for whom is `inbox.rules.course`, for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from analytics import metrics
from analytics.rules import spells, targets, unassigned, work
from analytics.rules.unassigned import Handover
from inbox.queries import clock_facts, merges, said_times
from inbox.rules.business_hours import Hours
from inbox.rules.course import Course, Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TARGETS = {"first": metrics.TARGET_FIRST, "next": metrics.TARGET_NEXT, "resolution": metrics.TARGET_RESOLUTION}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """A fact before it has a row; the order of the fields is that of the columns."""

    conversation_id: int
    kind: str
    source: int
    at: datetime
    until: datetime | None
    value: float | None
    business: float | None
    hit: bool | None
    channel_id: int
    person_id: int | None
    team_id: int | None
    priority: int
    sentiment: str
    tags: str  # joined by a line feed, which no tag has

    @property
    def key(self) -> tuple[int, str, int]:
        return self.conversation_id, self.kind, self.source


@dataclass(slots=True)
class _Said:
    id: int
    at: datetime
    direction: str
    by_bot: bool
    person_id: int | None
    historical: bool
    system: bool


@dataclass(slots=True)
class _Known:
    """What is known of one conversation."""

    id: int
    channel_id: int
    team_id: int | None
    priority: int
    sentiment: str
    tags: str
    said: list[_Said] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    done: list[tuple[int, datetime, int]] = field(default_factory=list)
    resolved: dict[datetime, int | None] = field(default_factory=dict)
    clocks: list[tuple[Any, ...]] = field(default_factory=list)
    # Answers in conversations that were merged into this one, and in those that were opened again since: they answer what was brought from there.
    elsewhere: list[_Said] = field(default_factory=list)
    apart: list[_Said] = field(default_factory=list)


def of(brand_id: int, conversation_ids: Iterable[int], hours: Hours | None) -> list[Counted]:
    """Everything that counts in these conversations: five queries, however many they are."""
    known = _conversations(brand_id, list(conversation_ids))
    if not known:
        return []
    _read_messages(known)
    _read_elsewhere(known)
    _read_events(known)
    _read_clocks(known)
    courses = clock_facts.read((pk, None) for pk in known)
    found: list[Counted] = []
    for pk, each in known.items():
        found += _Counting(each, courses[pk].course(), hours).all()
    return found


class _Counting:
    def __init__(self, known: _Known, course: Course, hours: Hours | None) -> None:
        self.known, self.done_with = known, course.done_with
        self.left_late = dict(course.left_late)
        self.runs = sorted(course.runs, key=lambda run: run.started_at)
        self.spells = [run for run in self.runs if run.kind is Kind.RESOLUTION]
        self.hours = hours
        said = [each for each in known.said if each.direction == "out" and not each.by_bot]
        self.answers = sorted([*said, *known.elsewhere], key=lambda each: (each.at, each.id))

    def all(self) -> list[Counted]:
        return [
            *self._responses(), *self._spells(), *self._assignments(), *self._work(), *self._messages(), *self._targets(),
        ]  # fmt: skip

    def _responses(self) -> Iterable[Counted]:
        for run in self.runs:
            if run.kind is Kind.RESOLUTION or run.ended_at is None or run.cancelled:
                continue
            kind = metrics.FIRST if run.kind is Kind.FIRST else metrics.NEXT
            yield self._timed(kind, run.started_at, run.ended_at, self._who_answered(run.ended_at))

    def _spells(self) -> Iterable[Counted]:
        for began, run in (opened := list(spells.opened(self.spells, self.done_with))):
            yield self._fact(metrics.OPENED, _number(began), began, until=run.ended_at)
            if run.ended_at is None:
                continue
            who = self._who_wrote_last(began, run.ended_at, self.known.resolved.get(run.ended_at))
            came_back = run is not opened[-1][1]
            yield self._timed(metrics.RESOLUTION, run.started_at, run.ended_at, who, hit=came_back)
            messages = sum(
                began <= self._belongs(each) <= run.ended_at
                for each in self.known.said
                if not (each.by_bot or each.system or each.historical)
            )
            yield self._fact(
                metrics.EFFORT, _number(run.started_at), run.ended_at, value=float(messages), person_id=who
            )

    def _assignments(self) -> Iterable[Counted]:
        spells = [(run.started_at, run.ended_at) for run in self.spells]
        for each in unassigned.ended(spells, self.known.handovers):
            yield self._timed(metrics.ASSIGNMENT, each.since, each.at, each.to, source=each.seq)

    def _work(self) -> Iterable[Counted]:
        for each in work.stretches(self.known.done):
            length = (each.ended - each.began).total_seconds()
            yield self._fact(
                metrics.HANDLE, each.source, each.began, until=each.ended, value=length, person_id=each.person_id
            )  # fmt: skip

    def _messages(self) -> Iterable[Counted]:
        for each in self.known.said:
            if each.system or each.historical:
                continue
            kind = metrics.IN if each.direction == "in" else metrics.BOT if each.by_bot else metrics.OUT
            person_id = each.person_id if kind == metrics.OUT else None
            yield self._fact(kind, each.id, each.at, person_id=person_id)

    def _targets(self) -> Iterable[Counted]:
        for pk, kind, started_at, ended_at, state, counted, due_at, breached_at in self.known.clocks:
            if (outcome := targets.outcome(state, ended_at, due_at, breached_at)) is None:
                continue
            kept, at = outcome
            who = None
            if ended_at is not None:
                by_spell = kind == "resolution"
                who = self._who_wrote_last(started_at, ended_at) if by_spell else self._who_answered(ended_at)
            used = counted if ended_at is not None else None
            yield self._fact(_TARGETS[kind], pk, at, until=ended_at, value=used, hit=kept, person_id=who)

    def _who_answered(self, at: datetime) -> int | None:
        return next((each.person_id for each in (*self.answers, *self.known.apart) if each.at == at), None)

    def _who_wrote_last(self, since: datetime, until: datetime, nobody: int | None = None) -> int | None:
        """None: outside Parley. `nobody`: whose it is where nobody wrote."""
        found = (each for each in reversed(self.answers) if since <= self._belongs(each) <= until)
        return next((each.person_id for each in found), nobody)

    def _belongs(self, said: _Said) -> datetime:
        """An answer that was on its way when a spell was resolved is of that one."""
        return self.left_late.get(said.at, said.at) if said.direction == "out" else said.at

    def _timed(
        self,
        kind: str,
        since: datetime,
        until: datetime,
        person_id: int | None,
        *,
        source: int | None = None,
        hit: bool | None = None,
    ) -> Counted:
        length = until - since
        worked = self.hours.counted(since, until) if self.hours is not None else length
        return self._fact(
            kind, source if source is not None else _number(since), until, value=length.total_seconds(),
            business=worked.total_seconds(), person_id=person_id, hit=hit,
        )  # fmt: skip

    def _fact(
        self,
        kind: str,
        source: int,
        at: datetime,
        *,
        until: datetime | None = None,
        value: float | None = None,
        business: float | None = None,
        hit: bool | None = None,
        person_id: int | None = None,
    ) -> Counted:
        of = self.known
        return Counted(
            of.id, kind, source, at, until, value, business, hit, of.channel_id, person_id, of.team_id, of.priority, of.sentiment, of.tags,
        )  # fmt: skip


def _number(at: datetime) -> int:
    """What started at an instant is known by it."""
    return (at - EPOCH) // timedelta(microseconds=1)


def _conversations(brand_id: int, ids: list[int]) -> dict[int, _Known]:
    """Spam counts nowhere, so it is not read."""
    return {
        row[0]: _Known(row[0], row[1], row[2], row[3], row[4], "\n".join(row[5]))
        for row in _rows(
            """SELECT id, channel_id, team_id, priority, sentiment, tags FROM inbox_conversation
                WHERE brand_id = %s AND id = ANY(%s) AND state <> 'spam' ORDER BY id""",
            [brand_id, ids],
        )
    }


def _read_messages(known: dict[int, _Known]) -> None:
    for conversation_id, *row in _rows(
        f"""SELECT f.conversation_id, f.number, {said_times.IN_ORDER} AS at, f.direction, f.by_bot, f.person, f.historical, f.system
             FROM (SELECT m.*, m.id AS number, {said_times.AT} AS at, {said_times.TRIED} AS tried, m.origin = 'automation' AS by_bot,
                          m.author_person_id AS person, m.kind = 'system' AS system,
                          m.direction = 'in' AND NOT m.historical AND m.kind <> 'system' AS asks
                     FROM inbox_message m
                    WHERE m.conversation_id = ANY(%s)
                      AND (m.direction = 'in' OR (m.direction = 'out' AND m.state IN ('sent', 'delivered', 'read')))) f
           WINDOW following AS (PARTITION BY f.conversation_id {said_times.FOLLOWING}) ORDER BY f.conversation_id, at, f.number""",
        [list(known)],
    ):
        known[conversation_id].said.append(_Said(*row))


def _read_elsewhere(known: dict[int, _Known]) -> None:
    """An answer in a conversation that was merged into another ends a wait there, and whoever wrote it gets the credit."""
    if not (found := merges.counted(known)):
        return
    others = {merged: _Known(merged, 0, None, 0, "", "") for _, merged, *_ in found}
    _read_messages(others)
    for kept, merged, first, until, _ in found:
        for each in others[merged].said:
            if each.direction == "out" and not each.by_bot and first <= each.at:
                is_here = until is None or each.at < until
                (known[kept].elsewhere if is_here else known[kept].apart).append(each)


def _read_events(known: dict[int, _Known]) -> None:
    """Not what is done to a person, which is told in each of their conversations: it is work in none."""
    events = _rows(
        """SELECT e.conversation_id, e.seq, e.kind, e.at, e.actor_id, (e.data->>'to')::text, (e.data->>'undoes')::bigint,
                  jsonb_typeof(e.data->'bulk') = 'number'
             FROM inbox_event e
            WHERE e.conversation_id = ANY(%s)
              AND (e.actor_id IS NOT NULL OR e.kind IN ('conversation.assigned', 'conversation.unassigned'))
              AND e.kind NOT IN ('contact.updated', 'contacts.merged', 'contacts.parted')
            ORDER BY e.conversation_id, e.seq""",
        [list(known)],
    )
    undone = {undoes for *_, undoes, _ in events if undoes}
    in_bulk = {seq for _, seq, *_, was_many in events if was_many}  # a macro does the same things, to one
    for conversation_id, seq, kind, at, actor_id, to, undoes, _ in events:
        each = known[conversation_id]
        # Who takes back what was done to many works on none of them.
        if actor_id and not in_bulk & {seq, undoes}:
            each.done.append((actor_id, at, seq))
        if kind == "conversation.resolved":
            each.resolved[at] = actor_id
        if kind in ("conversation.assigned", "conversation.unassigned") and not undoes and seq not in undone:
            gets_it = int(to) if to and kind == "conversation.assigned" else None
            each.handovers.append(Handover(at, seq, gets_it))


def _read_clocks(known: dict[int, _Known]) -> None:
    for conversation_id, *row in _rows(
        """SELECT conversation_id, id, kind, started_at, ended_at, state, counted, due_at, breached_at FROM inbox_clock
            WHERE conversation_id = ANY(%s) AND (state IN ('met', 'missed') OR breached_at IS NOT NULL) AND state <> 'cancelled'
            ORDER BY id""",
        [list(known)],
    ):
        known[conversation_id].clocks.append(tuple(row))


def _rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
