"""Rows of clocks, their segments and their timers, for whole batches: read in two statements, written in one each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter

from inbox.actions import _sql
from inbox.rules.arrays import array
from inbox.rules.course import Kind, Run
from inbox.rules.happened import Turn, What
from inbox.rules.sla import ClockNow, State

Timer = tuple[str, int, datetime]  # kind, percent, when


@dataclass(slots=True)
class Stored:
    """A clock's row. `warnings`: percentages that were told, each with the instant at which it was used up, since the breach if that
    was told; `breach_seq`: the event that told the breach."""

    id: int
    conversation_id: int
    kind: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    policy_id: int | None
    policy_name: str
    policy_version: int
    target: int
    counted: float
    due_at: datetime | None
    breached_at: datetime | None
    breach_seq: int | None
    warnings: tuple[tuple[int, datetime], ...] = ()

    @property
    def warned(self) -> int:
        """The highest percentage that was told."""
        return max((percent for percent, _ in self.warnings), default=0)

    @property
    def rule_kind(self) -> Kind:
        return Kind(self.kind)

    @property
    def told(self) -> bool:
        return self.breach_seq is not None

    @property
    def extended(self) -> bool:
        """It was told as late and is due later now, or stands still before that: it tells once more."""
        if not self.told or self.breached_at is None:
            return False
        return self.ended_at is None if self.due_at is None else self.due_at > self.breached_at

    @property
    def told_all(self) -> bool:
        return self.told and not self.extended

    @property
    def late_untold(self) -> bool:
        """It ended late while nobody swept."""
        return not self.told_all and self.counted > self.target

    def take_back_warnings(self, clock: ClockNow, now: datetime) -> list[tuple[int, int, int]]:
        """(conversation, clock, percent) of those that would hide a warning which lies ahead, later than they were reached: there is more
        time than when they were told. What is used up all the same stays told, and a look whose clock is a little behind changes nothing.
        """
        ahead = [
            (percent, reached)
            for percent, reached in self.warnings
            if any(each <= percent and at > now and at > reached for each, at in clock.warnings)
        ]
        self.warnings = tuple(each for each in self.warnings if each not in ahead)
        return [(self.conversation_id, self.id, percent) for percent, _ in ahead]

    def differs_from(self, other: Stored) -> bool:
        """What a clock has used so far is known at any time from its facts; it alone is no reason to write while it runs."""
        written = _written if self.ended_at is not None else _written_while_it_runs
        return bool(written(self) != written(other))


_COLUMNS = [each.name for each in fields(Stored) if each.name not in ("id", "conversation_id", "warnings")]
_written = attrgetter(*_COLUMNS)
_written_while_it_runs = attrgetter(*(name for name in _COLUMNS if name != "counted"))
_TYPES = (
    "bigint[], text[], timestamptz[], timestamptz[], text[], bigint[], text[], int[], int[], float8[], timestamptz[], "
    "timestamptz[], bigint[]"
)


def read(spells: Mapping[int, tuple[datetime | None, datetime | None]]) -> dict[int, list[Stored]]:
    """Clocks of the spells that are looked at (since when, and when the newest was opened), by conversation, with how far their warnings
    have come; and of spells that are over those that ended late while nobody said so."""
    found: dict[int, list[Stored]] = {}
    for row in _sql.rows(
        f"""SELECT k.id, k.conversation_id, {", ".join(f"k.{name}" for name in _COLUMNS)},
                   w.percents, w.reached
              FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS d(id, since, opened_at)
              JOIN inbox_clock k ON k.conversation_id = d.id
             CROSS JOIN LATERAL (SELECT array_agg(t.percent) AS percents, array_agg(t.due_at) AS reached FROM inbox_timer t
                                  WHERE t.conversation_id = k.conversation_id AND t.clock_id = k.id AND t.kind = 'warning'
                                    AND t.fired_at IS NOT NULL AND (k.breached_at IS NULL OR t.due_at > k.breached_at)) w
             WHERE d.since IS NULL OR k.started_at >= d.since OR k.ended_at IS NULL OR k.ended_at >= d.opened_at
                OR (k.counted > k.target AND (k.breach_seq IS NULL OR k.due_at > k.breached_at))
             ORDER BY k.conversation_id, k.started_at""",
        _sql.columns([(pk, *each) for pk, each in spells.items()], 3),
    ):
        *columns, percents, reached = row
        stored = Stored(*columns)
        stored.warnings = tuple(zip(percents or (), reached or (), strict=True))
        found.setdefault(stored.conversation_id, []).append(stored)
    return found


def cancelled(stored: Sequence[Stored], horizon: datetime) -> set[datetime]:
    """When clocks ended that nobody counts anew: they were cancelled by what resolving meant then, long before this news."""
    return {
        row.ended_at
        for row in stored
        if row.state == State.CANCELLED and row.ended_at and row.ended_at < horizon
    }


def match(
    runs: Sequence[Run], stored: Sequence[Stored], turns: Sequence[Turn], horizon: datetime
) -> tuple[list[tuple[Run, Stored | None]], list[Stored]]:
    """By kind and start; what is left over by kind, in order: a start that moved is still the same clock."""
    opened = {turn.at for turn in turns if turn.what is What.REOPENED}
    exact = {(row.kind, row.started_at): row for row in stored}
    found: dict[Run, Stored | None] = {}
    for run in runs:
        row = exact.pop((run.kind, run.started_at), None)
        called, row = (run, row) if row else _as_it_was_called(run, exact)
        if row is None and run.started_at in opened and run.ended_at is not None and run.ended_at < horizon:
            called, row = _as_it_began(run, exact)
        found[called] = row
    rest = sorted(exact.values(), key=lambda row: row.started_at)
    for run in sorted(found, key=lambda run: run.started_at):
        if found[run] is None and (row := next((row for row in rest if row.kind == run.kind), None)):
            found[run] = row
            rest.remove(row)
    return list(found.items()), rest


def _as_it_was_called(run: Run, rows: dict[tuple[str, datetime], Stored]) -> tuple[Run, Stored | None]:
    """The first answer after what needed none, or after what was resolved before its customer had written, was a next response once. What had ended by then keeps its name and its target."""
    row = rows.get((Kind.NEXT, run.started_at))
    if run.kind is not Kind.FIRST or row is None or row.ended_at is None or row.ended_at != run.ended_at:
        return run, None
    del rows[Kind.NEXT, run.started_at]
    return replace(run, kind=Kind.NEXT), row


def _as_it_began(run: Run, rows: dict[tuple[str, datetime], Stored]) -> tuple[Run, Stored | None]:
    """What came from history, and a colleague opened, began with its customer's next message once. What had ended by then keeps its start."""
    for row in rows.values() if run.kind is Kind.RESOLUTION else ():
        if (row.kind, row.ended_at) == (run.kind, run.ended_at) and row.started_at > run.started_at:
            return replace(run, started_at=row.started_at), rows.pop((row.kind, row.started_at))
    return run, None


def write(
    made: Sequence[Stored],
    changed: Sequence[Stored],
    dropped: Sequence[int],
    cut: Sequence[tuple[Stored, ClockNow]],
) -> None:
    """New clocks get their ids. Those that ended get their segments."""
    if dropped:
        _sql.run("DELETE FROM inbox_timer WHERE clock_id = ANY(%s)", [list(dropped)])
        _sql.run("DELETE FROM inbox_clocksegment WHERE clock_id = ANY(%s)", [list(dropped)])
        _sql.run("DELETE FROM inbox_clock WHERE id = ANY(%s)", [list(dropped)])
    if changed:
        records = [(row.id, *_written(row)) for row in changed]
        _sql.run(
            f"""UPDATE inbox_clock k SET {", ".join(f"{name} = d.{name}" for name in _COLUMNS)}
                  FROM unnest(%s::bigint[], {_placed(_TYPES.removeprefix("bigint[], "))}) AS d(id, {", ".join(_COLUMNS)})
                 WHERE k.id = d.id""",
            _sql.columns(records, len(_COLUMNS) + 1),
        )
    if made:
        records = [(row.conversation_id, *_written(row)) for row in made]
        ids = {
            (row[1], row[2], row[3]): row[0]
            for row in _sql.rows(
                f"""INSERT INTO inbox_clock (conversation_id, {", ".join(_COLUMNS)})
                    SELECT * FROM unnest({_placed(_TYPES)}) RETURNING id, conversation_id, kind, started_at""",
                _sql.columns(records, len(_COLUMNS) + 1),
            )
        }
        for row in made:
            row.id = ids[row.conversation_id, row.kind, row.started_at]
    _keep_segments(cut)


def _placed(types: str) -> str:
    return ", ".join(f"%s::{each}" for each in types.split(", "))


def unwarn(given_back: Sequence[tuple[int, int, int]]) -> None:
    """What lies ahead again is told once more: it is as if it had not been told."""
    if given_back:
        _sql.run(
            """DELETE FROM inbox_timer t USING unnest(%s::bigint[], %s::bigint[], %s::smallint[]) AS d(conversation_id, clock_id, percent)
                WHERE t.conversation_id = d.conversation_id AND t.clock_id = d.clock_id AND t.kind = 'warning'
                  AND t.percent = d.percent AND t.fired_at IS NOT NULL""",
            _sql.columns(given_back, 3),
        )


def _keep_segments(cut: Sequence[tuple[Stored, ClockNow]]) -> None:
    if not cut:
        return
    _sql.run("DELETE FROM inbox_clocksegment WHERE clock_id = ANY(%s)", [[row.id for row, _ in cut]])
    records = [
        (row.id, each.started_at, each.ended_at, each.counts, each.counted.total_seconds(), each.reason[:120])
        for row, clock in cut
        for each in clock.segments
    ]
    if records:
        _sql.run(
            """INSERT INTO inbox_clocksegment (clock_id, started_at, ended_at, counts, counted, reason)
               SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::boolean[], %s::float8[], %s::text[])""",
            _sql.columns(records, 6),
        )


def set_timers(
    brand_id: int, wanted: Mapping[int, Timer], clocks: Mapping[int, int], conversation_ids: Sequence[int]
) -> None:
    """`wanted`: by clock, the one timer it has; other timers of the conversations' clocks that have not fired are removed.

    `clocks`: the conversation of each clock. What fired stays, as the memory of what was told, until it has to be told once more.
    """
    unfired = {
        row[0]: (row[1], (row[2], row[3], row[4]))
        for row in _sql.rows(
            """SELECT id, clock_id, kind, percent, due_at FROM inbox_timer
                WHERE conversation_id = ANY(%s::bigint[]) AND clock_id IS NOT NULL AND fired_at IS NULL""",
            [array(conversation_ids)],
        )
    }
    right = {clock_id for clock_id, timer in unfired.values() if wanted.get(clock_id) == timer}
    obsolete = [timer_id for timer_id, (clock_id, timer) in unfired.items() if wanted.get(clock_id) != timer]
    if obsolete:
        _sql.run("DELETE FROM inbox_timer WHERE id = ANY(%s::bigint[])", [array(obsolete)])
    records = [
        (clocks[clock_id], clock_id, *timer) for clock_id, timer in wanted.items() if clock_id not in right
    ]
    if records:
        _sql.run(
            """INSERT INTO inbox_timer (brand_id, conversation_id, clock_id, kind, percent, due_at)
               SELECT %s, d.* FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::smallint[], %s::timestamptz[]) AS d
               ON CONFLICT (conversation_id, clock_id, kind, percent) DO UPDATE SET due_at = excluded.due_at, fired_at = NULL""",
            [brand_id, *_sql.columns(records, 5)],
        )


def note_told(
    brand_id: int,
    told: Sequence[tuple[int, int, str, int, datetime]],
    breaches: Sequence[tuple[int, datetime, int]],
    now: datetime,
) -> None:
    """`told`: (conversation, clock, kind, percent, due) of what has just been told; `breaches`: (clock, when, event)."""
    if told:
        _sql.run(
            """INSERT INTO inbox_timer AS t (brand_id, fired_at, conversation_id, clock_id, kind, percent, due_at)
               SELECT %s, %s, d.* FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::smallint[], %s::timestamptz[]) AS d
               ON CONFLICT (conversation_id, clock_id, kind, percent) DO UPDATE SET due_at = excluded.due_at, fired_at = excluded.fired_at""",
            [brand_id, now, *_sql.columns(told, 5)],
        )
    if breaches:
        _sql.run(
            """UPDATE inbox_clock k SET breached_at = d.at, breach_seq = d.seq
                 FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS d(id, at, seq) WHERE k.id = d.id""",
            _sql.columns(breaches, 3),
        )
