"""Opening times and promised lengths as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules import length_text, week_text


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("9–12:30, 13:30–18", [[540, 750], [810, 1080]]),
        ("13:30-18; 9 to 12.30", [[540, 750], [810, 1080]]),
        ("22–2", [[1320, 1560]]),
        ("0–24", [[0, 1440]]),
        ("all day", [[0, 1440]]),
        ("18–24", [[1080, 1440]]),
        ("", []),
        ("closed", []),
    ],
)
def test_opening_times_are_read(typed: str, read: list[list[int]]) -> None:
    assert week_text.read(typed) == read


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("nine to five", "“nine to five” is not understood"),
        ("9–25", "no clock shows"),
        ("9:75–10", "no clock shows"),
        ("9–9", "has no length"),
        ("9–12, 11–15", "“9–12” and “11–15” overlap"),
        ("22–10, 9–12", "reaches into the next day"),
        ("9", "Type times like"),
    ],
)
def test_times_that_are_none_are_refused_with_what_to_type(typed: str, words: str) -> None:
    with pytest.raises(week_text.NotUnderstood) as refused:
        week_text.read(typed)

    assert words in str(refused.value)


@given(points=st.lists(st.integers(0, 1440), min_size=2, max_size=8, unique=True), night=st.booleans())
def test_what_is_shown_is_read_as_the_same_times(points: list[int], night: bool) -> None:
    ordered = sorted(points)[: len(points) // 2 * 2]
    intervals = [list(pair) for pair in zip(ordered[::2], ordered[1::2], strict=True)]
    if night and len(intervals) > 1 and intervals[0][0] > 0 and intervals[-1][1] < 1440:
        intervals[-1][1] = 1440 + intervals[0][0]

    assert week_text.read(week_text.say(intervals)) == intervals


@given(minutes=st.integers(1, 366 * 1440))
def test_a_length_that_is_shown_is_read_as_the_same(minutes: int) -> None:
    assert length_text.read(length_text.say(minutes * 60)) == minutes * 60


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("10m", 600), ("1h 30m", 5400), ("2 days", 172_800), ("90 min", 5400), ("", None), ("1,5h", 5400), ("1.5 hours", 5400),
        ("0,1d 1m", 8700),
    ],
)  # fmt: skip
def test_a_length_is_read(typed: str, seconds: int | None) -> None:
    assert length_text.read(typed) == seconds


@pytest.mark.parametrize("typed", ["10", "soon", "0m", "9999d", "1x", "m", "1,5m", "1,30h", "1,5"])
def test_a_length_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(length_text.NotUnderstood):
        length_text.read(typed)
