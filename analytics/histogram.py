"""Histograms that can be added up: counts in buckets of a fixed scale, from which percentiles are read with an error of at most 2 %
as far as the scale reaches.

The scale is the same everywhere and for ever: what was counted on one day and in one channel adds up with what was counted on any other.
Between two round edges (a minute, an hour, a day) the buckets widen by at most 4 %, so the middle of a bucket is never more than 2 % away
from any value in it. Below a second a value counts as half a second, and above ninety days as ninety days.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from math import ceil, log
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[Any]
WIDEST = 1.04
ERROR = (WIDEST - 1) / (WIDEST + 1)  # 1.96 %
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
# Edges that people ask for; the bars of a distribution end here, so what is drawn is exact.
BARS = (
    1.0, 10.0, 30.0, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY,
    3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY,
)  # fmt: skip


def _edges() -> tuple[float, ...]:
    found: list[float] = []
    for low, high in pairwise(BARS):
        steps = ceil(log(high / low) / log(WIDEST))
        found += [low * (high / low) ** (step / steps) for step in range(steps)]
    return (*found, BARS[-1])


EDGES = _edges()
FIRST_OF_BAR = tuple(bisect_right(EDGES, edge) for edge in BARS)  # the bucket that begins there


def bucket(value: float) -> int:
    """Which bucket a value falls into: 0 is below the first edge."""
    return bisect_right(EDGES, value)


@cache
def middle(number: int) -> float:
    """What stands for every value of a bucket: the point that is equally wrong, in proportion, at both of its ends."""
    if number <= 0:
        return 0.5
    if number >= len(EDGES):
        return EDGES[-1]
    low, high = EDGES[number - 1], EDGES[number]
    return 2 * low * high / (low + high)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The value below or at which this share of all lies: the bucket of the nearest rank. None where nothing was counted."""
    total = sum(counts.values())
    if not total:
        return None
    rank, seen = max(1, ceil(share * total - 1e-9)), 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= rank:
            return middle(number)
    return None


# A stored histogram: only the buckets that were hit.
PAIR = np.dtype([("bucket", "<u2"), ("count", "<u4")])
WIDTH = len(EDGES) + 1  # buckets, the one above the last edge among them
_EDGES = np.array(EDGES)


def buckets(values: Numbers) -> Numbers:
    """`bucket` of many at once."""
    return np.searchsorted(_EDGES, values, side="right")


def percentiles(histograms: Numbers, shares: Sequence[float]) -> list[list[float | None]]:
    """Of many histograms, a row each: the `percentile` of each share."""
    upto = np.cumsum(histograms, axis=1)
    totals = upto[:, -1]
    found = []
    for share in shares:
        ranks = np.maximum(1, np.ceil(share * totals - 1e-9))
        found.append((upto >= ranks[:, None]).argmax(axis=1).tolist())
    return [
        [middle(number) if total else None for number in row] for total, row in zip(totals.tolist(), zip(*found, strict=True), strict=True)
    ]  # fmt: skip
