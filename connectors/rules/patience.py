"""For how long a reply is tried, and when next: an outage of some minutes, of a platform or of our own line, costs nobody an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

PATIENCE: Final = timedelta(minutes=15)  # with faults that promise nothing, from the first one on
APART: Final = timedelta(minutes=2)  # the longest pause of many, and the try ahead of it
_LONGEST: Final = 300.0
# Whoever may try as often as they like is back soon after the fault has passed.
_LONGEST_OF_MANY: Final = 60.0
Jitter = Callable[[float, float], float]


def is_spent(tries: Sequence[datetime], *, now: datetime, apart: timedelta = APART) -> bool:
    """`tries`: when those were made that met a fault. What lies further apart than they are made was held up by something else, a parked
    channel or a limit: of that no more than `apart` counts."""
    times = pairwise([*tries, now])
    return sum((min(later - earlier, apart) for earlier, later in times), timedelta(0)) >= PATIENCE


def after_a_throttle(tries: int, jitter: Jitter) -> timedelta:
    """1, 2, 4 … 300 seconds with full jitter, so that what failed together does not return together."""
    return _pause(tries, _LONGEST, jitter)


def after_a_fault(tries: int, jitter: Jitter, *, most: int | None = None) -> timedelta:
    """1, 2, 4 … 60 seconds; where a rule allows so many tries and no more, they are spread, up to 300 seconds before the last."""
    if most is None or most < 2:
        return _pause(tries, _LONGEST_OF_MANY, jitter)
    longest = _LONGEST ** min(1.0, tries / (most - 1))
    return timedelta(seconds=jitter(longest / 2, longest))


def _pause(tries: int, longest: float, jitter: Jitter) -> timedelta:
    return timedelta(seconds=max(0.2, jitter(0.0, min(longest, 2.0 ** max(0, tries - 1)))))
