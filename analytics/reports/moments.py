"""Rows along time: one a day, a week where days are too many, an hour where there is one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from analytics.queries import series
from analytics.queries.asked import DAY, Asked

WEEKS_FROM = 100  # days
HEADS = {series.SLOT: "Hour", series.WEEK: "Week of", series.DAY: "Day"}


@dataclass(frozen=True, slots=True)
class Moment:
    key: str
    label: str
    first: date
    last: date
    slot: int | None = None

    @property
    def day(self) -> str:
        """As a file has it; of an hour nothing."""
        return self.key if self.slot is None else ""

    def address(self) -> dict[str, object]:
        """As a list behind a figure is asked for it."""
        days: dict[str, object] = {"range": None, "from": self.first.isoformat(), "to": self.last.isoformat()}
        return days | ({"slot": self.slot} if self.slot is not None else {})


def by(asked: Asked) -> str:
    if asked.days == 1:
        return series.SLOT
    return series.WEEK if asked.days > WEEKS_FROM else series.DAY


def head(asked: Asked) -> str:
    return HEADS[by(asked)]


def of(asked: Asked) -> list[Moment]:
    if by(asked) == series.SLOT:
        base = asked.first.weekday() * 24
        return [
            Moment(str(base + hour), f"{hour:02}:00", asked.first, asked.first, base + hour)
            for hour in range(24)
        ]
    if by(asked) == series.DAY:
        days = [asked.first + number * DAY for number in range(asked.days)]
        return [Moment(day.isoformat(), say(asked, day), day, day) for day in days]
    found, begins = [], asked.week_of(asked.first)
    while begins <= asked.last:
        first, last = max(begins, asked.first), min(begins + timedelta(days=6), asked.last)
        found.append(Moment(begins.isoformat(), say(asked, begins), first, last))
        begins += timedelta(days=7)
    return found


def before(asked: Asked) -> list[Moment]:
    """Of the period before, as many and as long, each at the same distance from its first day."""
    return of(asked.before)


def say(asked: Asked, day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if asked.with_year else "")
