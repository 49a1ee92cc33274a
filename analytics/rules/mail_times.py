"""When the next mail leaves, by the brand's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_at(*, weekly: bool, weekday: int, hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first such hour after an instant. Where clocks skip the hour, it is the next one that there is."""
    day = after.astimezone(zone).date()
    while True:
        if not weekly or day.weekday() == weekday:
            at = _at(day, hour, zone)
            if at > after:
                return at
        day += timedelta(days=1)


def moved(planned: datetime, *, hour: int, zone: ZoneInfo) -> datetime:
    """The same hour of the same day by another clock, so that no day is told of twice and none is left out.

    By which clock it was planned nobody knows any more. Its hour tells: clocks lie from ten hours behind UTC to thirteen before it. (Of the few
    islands beyond, one day may be told of twice or not at all.)
    """
    if planned == (same := _at(planned.astimezone(zone).date(), hour, zone)):
        return same  # wherever that is, it is the clock that it was planned by
    return _at((planned.astimezone(UTC) + _EASTMOST - timedelta(hours=hour)).date(), hour, zone)


_EASTMOST = timedelta(hours=13)


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
