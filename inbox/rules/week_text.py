"""Opening times as people write them: "9–12:30, 13:30–18", "22–2" for a night, "closed" for a day without any."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
