"""When a brand works, and how much working time lies between two instants.

An instant is working time where the clock on the brand's wall says so: a time that the wall shows twice (the night that gains an hour)
counts twice, one that it skips does not count. An interval belongs to the day on which it opens, so a holiday takes the nights
that begin on it and leaves the end of the night before. Everything here is exact to the microsecond.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
DAY = timedelta(days=1)
NOTHING = timedelta(0)
_MOMENT = timedelta.resolution
LONGEST_INTERVAL = 2 * 1440  # minutes after midnight that an interval may reach to
SEARCHED = (
    800  # days ahead in which working time is looked for; a brand that is closed for longer has no due time
)


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day that differs from its weekday: closed, or open at other times."""

    name: str
    intervals: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Hours:
    """Intervals are pairs of minutes since midnight, seven lists from Monday on."""

    zone: ZoneInfo
    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: Mapping[date, DayOff] = field(default_factory=dict)
    _days: dict[date, list[Span]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(
        cls,
        *,
        time_zone: str,
        week: Mapping[str, Sequence[Sequence[int]]],
        holidays: Iterable[tuple[date, str, Sequence[Sequence[int]]]] = (),
    ) -> Hours:
        """From what a brand has saved: `week` maps "0" (Monday) to "6" to lists of [opens, closes]."""
        days = tuple(_intervals(week.get(str(number), ())) for number in range(7))
        return cls(
            ZoneInfo(time_zone), days, {day: DayOff(name, _intervals(found)) for day, name, found in holidays}
        )

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The stretches of working time between two instants, in order, none touching the next."""
        parts = self._parts(self._date(start) - 2 * DAY, self._date(end))
        yield from _joined(
            (max(opens, start), min(closes, end)) for opens, closes in parts if closes > start and opens < end
        )

    def _parts(self, day: date, last: date) -> list[Span]:
        """By when they begin, which is not day after day: in the night that gains an hour the end of an evening is seen once more
        after the next day has begun."""
        parts: list[Span] = []
        while day <= last:
            parts += self._on(day)
            day += DAY
        parts.sort()
        return parts

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants."""
        return sum((closes - opens for opens, closes in self.spans(start, end)), NOTHING)

    def after(self, start: datetime, length: timedelta) -> datetime | None:
        """The first instant by which so much working time has passed; None where SEARCHED days do not hold it."""
        if length <= NOTHING:
            return start
        step, begun = DAY, start
        while begun < start + SEARCHED * DAY:
            for opens, closes in self.spans(begun, begun + step):
                if closes - opens >= length:
                    return opens + length
                length -= closes - opens
            begun += step
            step = min(step * 2, 64 * DAY)
        return None

    def opens(self, at: datetime) -> datetime | None:
        """The next instant of working time from `at` on."""
        step, begun = DAY, at
        while begun < at + SEARCHED * DAY:
            for opens, _ in self.spans(begun, begun + step):
                return opens
            begun += step
            step = min(step * 2, 64 * DAY)
        return None

    def closes(self, at: datetime) -> datetime | None:
        """When the working time that `at` lies in ends, or a day later where it goes on for longer; None where `at` lies in none."""
        opens, closes = next(self.spans(at, at + DAY), (None, None))
        return closes if opens == at else None

    def opening(self, day: date, zone: ZoneInfo) -> datetime | None:
        """When the brand begins a day's work on this day of `zone`'s calendar; None where it begins none. What goes on from the day before
        begins nothing: who never closes does not open at midnight.

        Far from the brand its morning falls on the evening before, or its evening on the next morning: it is then another day's there.
        """
        for days in range(-2, 3):  # no two zones are more than 26 hours apart
            begun = (opens for opens, _ in self._on(day + days * DAY) if not self.works(opens - _MOMENT))
            opens = next(begun, None)
            if opens is not None and opens.astimezone(zone).date() == day:
                return opens
        return None

    def works(self, at: datetime) -> bool:
        """Whether it is working time at this instant."""
        return any(True for _ in self.spans(at, at + _MOMENT))

    def closed_since(self, at: datetime) -> datetime | None:
        """Where the pause that `at` lies in began; None where that is longer ago than anybody asks."""
        begun = at
        for step in (DAY, 3 * DAY, 16 * DAY):
            ends = [closes for _, closes in self.spans(begun - step, begun)]
            if ends:
                return ends[-1]
            begun -= step
        return None

    def closed(self, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime, str]]:
        """What a stretch without working time is made of: (from, until, why), in order and without a gap. In words, in the brand's time: what
        a holiday takes is called by its name, of the rest is said from when to when the brand does not work."""
        shuts, opens = self.closed_since(begins), self.opens(ends)
        at = shuts
        for first, last, name in self._taken_by_holidays(shuts or begins, opens or ends):
            yield from _within(begins, ends, at, first, self._outside(at, first))
            yield from _within(begins, ends, first, last, f"holiday ({name})")
            at = last
        yield from _within(begins, ends, at, opens, self._outside(at, opens))

    def _taken_by_holidays(
        self, begins: datetime, ends: datetime
    ) -> Iterator[tuple[datetime, datetime, str]]:
        """What of a pause is so because of a holiday: the day where it is closed all day, and what would have been working time of its weekday."""
        at, earliest, latest = begins, self._date(begins) - 2 * DAY, self._date(ends)
        for day in sorted(day for day in self.holidays if earliest <= day <= latest):
            off, midnight = self.holidays[day], datetime.combine(day, time())
            parts = list(self._opening_on(day, self.week[day.weekday()]))
            if not off.intervals:
                parts += self._seen_on_the_wall(midnight, midnight + DAY)
            for first, last in _joined(sorted(parts)):
                first, last = max(first, at), min(last, ends)
                if first < last:
                    yield first, last, off.name
                    at = last

    def _outside(self, shuts: datetime | None, opens: datetime | None) -> str:
        if shuts is None or opens is None:
            return "outside business hours"
        return f"outside business hours ({self._told(shuts)}–{self._told(opens)})"

    def _told(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        return f"{_WEEKDAYS[local.weekday()]} {local.hour}:{local.minute:02}"

    def _date(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _on(self, day: date) -> list[Span]:
        """The working time of the intervals that open on this day, in UTC and in order."""
        known = self._days.get(day)
        if known is None:
            off = self.holidays.get(day)
            intervals = off.intervals if off else self.week[day.weekday()]
            known = self._days[day] = sorted(self._opening_on(day, intervals))
        return known

    def _opening_on(self, day: date, intervals: Iterable[tuple[int, int]]) -> Iterator[Span]:
        midnight = datetime.combine(day, time())
        for opens, closes in intervals:
            yield from self._seen_on_the_wall(
                midnight + timedelta(minutes=opens), midnight + timedelta(minutes=closes)
            )

    def _seen_on_the_wall(self, opens: datetime, closes: datetime) -> Iterator[Span]:
        """The instants at which the wall shows a time of [opens, closes)."""
        margin = timedelta(hours=26)  # more than any zone is away from UTC, and than any change of offset
        begun, limit = (opens - margin).replace(tzinfo=UTC), (closes + margin).replace(tzinfo=UTC)
        for begins, ends, offset in _offsets(self.zone, begun, limit):
            first = max(begins, (opens - offset).replace(tzinfo=UTC))
            last = min(ends, (closes - offset).replace(tzinfo=UTC))
            if first < last:
                yield first, last


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _joined(parts: Iterable[Span]) -> Iterator[Span]:
    """In order of when they begin: none touching the next."""
    pending: Span | None = None
    for opens, closes in parts:
        if pending and opens <= pending[1]:
            pending = (pending[0], max(pending[1], closes))
            continue
        if pending:
            yield pending
        pending = (opens, closes)
    if pending:
        yield pending


def _within(
    begins: datetime, ends: datetime, first: datetime | None, last: datetime | None, why: str
) -> Iterator[tuple[datetime, datetime, str]]:
    """What of it lies between the two, if anything does. None: further than anybody asks."""
    first, last = max(first or begins, begins), min(last or ends, ends)
    if first < last:
        yield first, last, why


def _intervals(pairs: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    found = []
    for opens, closes in pairs:
        if not 0 <= opens < 1440 or not opens < closes <= LONGEST_INTERVAL:
            raise ValueError(
                f"[{opens}, {closes}] is no interval of a day: 0 ≤ opens < 1440, opens < closes ≤ 2880"
            )
        found.append((opens, closes))
    return tuple(sorted(found))


def _offsets(zone: ZoneInfo, begun: datetime, limit: datetime) -> list[tuple[datetime, datetime, timedelta]]:
    """Stretches of one offset each. A zone changes it at most once in the days that an interval spans, some twice."""
    steps = max(1, -(-(limit - begun) // timedelta(hours=12)))
    edges = [begun + (limit - begun) * number / steps for number in range(steps + 1)]
    stretches: list[tuple[datetime, datetime, timedelta]] = []
    for first, last in pairwise(edges):
        before, after = _offset(zone, first), _offset(zone, last)
        if before == after:
            stretches.append((first, last, before))
        else:
            change = _change_between(zone, first, last)
            stretches += [(first, change, before), (change, last, after)]
    return stretches


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or NOTHING


def _change_between(zone: ZoneInfo, first: datetime, last: datetime) -> datetime:
    """The second from which the zone's offset is that of `last`."""
    seconds = range(int(first.timestamp()) + 1, int(last.timestamp()) + 1)
    wanted = _offset(zone, last)
    place = bisect_right(
        seconds, False, key=lambda second: _offset(zone, datetime.fromtimestamp(second, UTC)) == wanted
    )
    return datetime.fromtimestamp(seconds[place], UTC)
