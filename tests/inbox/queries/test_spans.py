from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.queries import spans


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=-5), "< 1 m"),
        (timedelta(seconds=59), "< 1 m"),
        (timedelta(minutes=59), "59 m"),
        (timedelta(minutes=61), "1 h 1 m"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=10, minutes=5), "10 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_a_span_fits_a_chip(length: timedelta, words: str) -> None:
    assert spans.of(length) == words
