"""Spans of time in which a search looks, the newest first: a day, and eight, sixty-four, five hundred and twelve days.

Each is an entry of the index like a word, so that the matches of a span are found without touching those of any other. That is why a common
word costs as little as a rare one: nobody reads the million messages that hold it, only those of the last days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

_DAY = 86_400
LEVELS = (0, 3, 6, 9)  # each eight times as long as the one before
MARKS_PER_MESSAGE = len(LEVELS) + 1


def brand_mark(brand_id: int) -> str:
    return f"@{brand_id}"


def marks(brand_id: int, at: datetime) -> list[str]:
    """All that a message of this moment belongs to."""
    day = int(at.timestamp()) // _DAY
    return [brand_mark(brand_id), *(_mark(brand_id, level, day) for level in LEVELS)]


def windows(brand_id: int, until: datetime) -> Iterator[tuple[str, datetime]]:
    """Growing spans that end at `until`: a tsquery clause, and from when on the span is complete."""
    day = int(until.timestamp()) // _DAY
    for level in LEVELS:
        number = day >> level
        clause = f"('{_mark(brand_id, level, day)}' | '{_numbered(brand_id, level, number - 1)}')"
        yield clause, datetime.fromtimestamp(((number - 1) << level) * _DAY, UTC)


def _mark(brand_id: int, level: int, day: int) -> str:
    return _numbered(brand_id, level, day >> level)


def _numbered(brand_id: int, level: int, number: int) -> str:
    return f"@{brand_id}.{level}.{number}"
