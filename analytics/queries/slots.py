"""Hours of the week as stretches of time."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from analytics.queries.asked import DAY, Asked


def hours(asked: Asked, slot: int) -> tuple[list[datetime], list[datetime]]:
    """When each of them begins and ends that lies in the days that are asked for. One that the clock shows twice is one of twice the length, and
    one that it leaves out has none."""
    weekday, hour = divmod(slot, 24)
    begins, ends = [], []
    day = asked.first + (weekday - asked.first.weekday()) % 7 * DAY
    while day <= asked.last:
        local = datetime.combine(day, time(hour))
        begin, end = (
            (local + part).replace(tzinfo=asked.zone).astimezone(UTC)
            for part in (timedelta(), timedelta(hours=1))
        )
        if begin < end:
            begins.append(begin)
            ends.append(end)
        day += 7 * DAY
    return begins, ends
