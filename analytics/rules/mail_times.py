"""When the next mail leaves, by the brand's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_at(*, weekly: bool, weekday: int, hour: int, zone: ZoneInfo, after: datetime) -> datetime:
    """The first such hour after an instant. Where clocks skip the hour, it is the next one that there is."""
    day = after.astimezone(zone).date()
    while True:
        if not weekly or day.weekday() == weekday:
            at = datetime.combine(day, time(hour), zone).astimezone(UTC)
            if at > after:
                return at
        day += timedelta(days=1)
