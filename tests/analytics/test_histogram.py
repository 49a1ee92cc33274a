"""The scale of the histograms, and how far off a percentile can be."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics import histogram
from analytics.histogram import BARS, EDGES
from analytics.metrics import Unit
from analytics.reports import volume, words

SECONDS = st.floats(min_value=1, max_value=BARS[-1], allow_nan=False)


def counted(values: list[float]) -> dict[int, int]:
    found: dict[int, int] = {}
    for value in values:
        number = histogram.bucket(value)
        found[number] = found.get(number, 0) + 1
    return found


@given(st.lists(SECONDS, min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 0.95, 0.01, 1.0]))
def test_a_percentile_is_at_most_two_percent_off(values: list[float], share: float) -> None:
    exact = sorted(values)[max(1, ceil(share * len(values) - 1e-9)) - 1]

    told = histogram.percentile(counted(values), share)

    assert told is not None and abs(told - exact) <= 0.02 * exact


def test_whole_numbers_are_told_whole_as_long_as_that_is_as_true() -> None:
    told = {number: volume._messages(histogram.middle(histogram.bucket(number))) for number in range(1, 1000)}

    assert all(told[number] == number for number in range(1, 25))
    assert all(abs(value - number) <= 0.02 * number for number, value in told.items())


def test_the_scale_widens_slowly_and_ends_a_bucket_at_each_bar() -> None:
    assert all(high / low <= histogram.WIDEST + 1e-9 for low, high in pairwise(EDGES))
    assert [EDGES[first - 1] for first in histogram.FIRST_OF_BAR] == list(BARS)
    assert histogram.ERROR < 0.02


def test_what_is_outside_the_scale_is_said_to_be_at_its_end() -> None:
    assert histogram.percentile({histogram.bucket(0.2): 1}, 0.5) == 0.5
    assert histogram.percentile({histogram.bucket(1e9): 1}, 0.5) == BARS[-1]
    assert histogram.percentile({}, 0.5) is None


def test_a_percentile_beyond_the_scale_is_told_as_such_and_compared_with_nothing() -> None:
    told = {
        days: histogram.percentile({histogram.bucket(days * histogram.DAY): 1}, 0.5) for days in (89, 91, 200)
    }

    assert [words.say(each, Unit.WITHIN) for each in told.values()] == ["88 d 7 h", "over 90 d", "over 90 d"]
    assert words.say(told[200], Unit.TIME) == "90 d 0 h"  # of a sum it would be true
    assert (
        words.change(told[200], told[89], Unit.WITHIN) == words.change(told[91], told[200], Unit.WITHIN) == ""
    )
    assert words.change(60.0, 120.0, Unit.WITHIN) == "−50 %"


@given(st.lists(st.floats(min_value=0, max_value=1e8, allow_nan=False), max_size=20))
def test_many_fall_into_the_buckets_that_each_falls_into(values: list[float]) -> None:
    values += [*BARS, *EDGES[:30]]

    assert histogram.buckets(np.array(values)).tolist() == [histogram.bucket(value) for value in values]


@given(st.lists(st.lists(SECONDS, max_size=30), min_size=1, max_size=4))
def test_percentiles_of_many_histograms_are_those_of_each(several: list[list[float]]) -> None:
    rows = np.zeros((len(several), histogram.WIDTH), np.int64)
    for row, values in zip(rows, several, strict=True):
        for value in values:
            row[histogram.bucket(value)] += 1

    told = histogram.percentiles(rows, (0.5, 0.95))

    assert told == [
        [histogram.percentile(counted(values), share) for share in (0.5, 0.95)] for values in several
    ]
