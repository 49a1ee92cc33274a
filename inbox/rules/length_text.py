"""How long a promise is, as people write it: "10m", "1h 30m", "1,5h", "2d"."""

from __future__ import annotations

import re

LONGEST = 366 * 86400
# Tenths of hours and days alone: those are whole minutes.
_PART = re.compile(
    r"(\d{1,6})(?:[.,](\d)(?=\s*[hd]))?\s*(m|min|mins|minutes?|h|hrs?|hours?|d|days?)(?![a-z])\s*"
)
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
HINT = "Type it like “10m”, “1h 30m” or “2d”; leave it empty to promise nothing."


class NotUnderstood(ValueError):
    """What was typed is no length. The message says what to type."""


def read(text: str) -> int | None:
    """Seconds; None where nothing is promised."""
    rest, total = text.strip().lower(), 0
    if not rest:
        return None
    while rest:
        part = _PART.match(rest)
        if not part:
            raise NotUnderstood(f"“{text.strip()}” is not understood. {HINT}")
        size = _SECONDS[part[3][0]]
        total += int(part[1]) * size + int(part[2] or 0) * size // 10
        rest = rest[part.end() :]
    if not 60 <= total <= LONGEST:
        raise NotUnderstood("A promise lasts from a minute to a year. Leave it empty to promise nothing.")
    return total


def say(seconds: int | None) -> str:
    """What `read` reads as the same length, to the minute."""
    if seconds is None:
        return ""
    parts = []
    left = max(1, seconds // 60)
    for size, unit in ((1440, "d"), (60, "h"), (1, "m")):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts)
