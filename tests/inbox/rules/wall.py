"""Working time as anybody sees it who looks at the clock on the wall, and weeks, holidays and nights to see it in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from inbox.rules.business_hours import DayOff, Hours

MINUTE = timedelta(minutes=1)


def is_open(week: Hours, at: datetime) -> bool:
    wall = at.astimezone(week.zone).replace(tzinfo=None)
    for back in (0, 1, 2):
        day = wall.date() - timedelta(days=back)
        off = week.holidays.get(day)
        intervals = off.intervals if off else week.week[day.weekday()]
        minute = (wall - datetime.combine(day, datetime.min.time())) / MINUTE
        if any(opens <= minute < closes for opens, closes in intervals):
            return True
    return False


def is_taken_by_a_holiday(week: Hours, at: datetime) -> bool:
    """Of a minute that is no working time: whether the day is closed, or would have been worked were it no holiday."""
    wall = at.astimezone(week.zone).replace(tzinfo=None)
    for back in (0, 1, 2):
        day = wall.date() - timedelta(days=back)
        if (off := week.holidays.get(day)) is None:
            continue
        minute = (wall - datetime.combine(day, datetime.min.time())) / MINUTE
        closed = back == 0 and not off.intervals
        if closed or any(opens <= minute < closes for opens, closes in week.week[day.weekday()]):
            return True
    return False


def counted_minute_by_minute(week: Hours, start: datetime, minutes: int) -> int:
    return sum(is_open(week, start + number * MINUTE) for number in range(minutes))


intervals = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(
        lambda pair: (pair[0], min(pair[0] + pair[1], 2880))
    ),
    max_size=3,
)
# Nights on which a zone gains or loses an hour, half an hour, or a whole day.
NIGHTS = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 5, 5, tzinfo=UTC)),
    ("America/St_Johns", datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
]


@st.composite
def situations(draw: st.DrawFn) -> tuple[Hours, datetime]:
    zone, night = draw(st.sampled_from(NIGHTS))
    week = tuple(tuple(draw(intervals)) for _ in range(7))
    off = draw(
        st.dictionaries(
            st.integers(-3, 3).map(lambda days: night.date() + timedelta(days=days)),
            intervals.map(lambda found: DayOff("a day", tuple(found))), max_size=2,
        )
    )  # fmt: skip
    start = night + draw(st.integers(-4000, 600)) * MINUTE
    return Hours(ZoneInfo(zone), week, off), start
