"""Opening times as people write them: "9–12:30, 13:30–18", "22–2" for a night, "closed" for a day without any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

DAY = 1440
_INTERVAL = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|—|to)\s*(\d{1,2})(?:[:.](\d{2}))?")
HINT = (
    "Type times like “9–18” or “9–12:30, 13:30–18”; “22–2” reaches past midnight; leave it empty when closed."
)


class NotUnderstood(ValueError):
    """What was typed are no opening times. The message says what to type."""


def read(text: str) -> list[list[int]]:
    """Pairs of minutes since midnight, in order. A time that ends before it begins ends on the next day."""
    said = text.strip().lower().rstrip(",;")
    if said in ("", "closed", "-", "–"):
        return []
    if said in ("24h", "24 h", "all day", "always"):
        return [[0, DAY]]
    found = sorted(_one(part.strip()) for part in re.split(r"[,;]|\band\b", said))
    for before, after in pairwise(found):
        if after[0] < before[1]:
            raise NotUnderstood(
                f"“{_say(before)}” and “{_say(after)}” overlap. Make one of them end before the other begins."
            )
    if found[-1][1] - DAY > found[0][0]:
        raise NotUnderstood(
            f"“{_say(found[-1])}” reaches into the next day further than that day's first hour. Make it shorter."
        )
    return found


def say(intervals: Sequence[Sequence[int]]) -> str:
    """What `read` reads as the same intervals."""
    return ", ".join(_say(each) for each in intervals)


def read_holidays(text: str) -> list[tuple[date, str, list[list[int]]]]:
    """A line for each day: "2026-12-25 Christmas", or with other times "2026-12-24 Christmas Eve: 9–12"."""
    found: dict[date, tuple[date, str, list[list[int]]]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        written, _, rest = line.partition(" ")
        try:
            day = date.fromisoformat(written)
        except ValueError:
            raise NotUnderstood(f"“{line}” does not begin with a day like 2026-12-25.") from None
        name, colon, times = rest.partition(":")
        if not name.strip():
            raise NotUnderstood(f"Say what {written} is, such as “{written} Christmas”.")
        if day in found:
            raise NotUnderstood(f"{written} is there twice.")
        found[day] = (day, name.strip()[:80], read(times) if colon else [])
    return sorted(found.values())


def say_holidays(holidays: Iterable[tuple[date, str, Sequence[Sequence[int]]]]) -> str:
    return "\n".join(
        f"{day} {name}: {say(intervals)}" if intervals else f"{day} {name}"
        for day, name, intervals in sorted(holidays, key=lambda each: each[0])
    )


def _one(part: str) -> list[int]:
    found = _INTERVAL.fullmatch(part)
    if not found:
        raise NotUnderstood(f"“{part}” is not understood. {HINT}")
    opens, closes = _minutes(found[1], found[2], part), _minutes(found[3], found[4], part)
    if opens in (DAY, closes):
        raise NotUnderstood(f"“{part}” has no length. For the whole day type “0–24”.")
    return [opens, closes if closes > opens else closes + DAY]


def _minutes(hour: str, minute: str | None, part: str) -> int:
    total = int(hour) * 60 + int(minute or 0)
    if total > DAY or int(minute or 0) > 59:
        raise NotUnderstood(f"“{part}” has a time that no clock shows. {HINT}")
    return total


def _say(interval: Sequence[int]) -> str:
    opens, closes = interval
    return f"{_clock(opens)}–{_clock(closes if closes <= DAY else closes - DAY)}"


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}" if minute else str(hour)
