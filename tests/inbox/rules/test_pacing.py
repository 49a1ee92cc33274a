"""Batches are as large as a lock may be held for, and no larger."""

from hypothesis import given
from hypothesis import strategies as st

from inbox.rules.pacing import FEWEST, HELD_SECONDS, MOST, Pace


@given(each_ms=st.floats(0.1, 50), fixed_ms=st.floats(0, 20))
def test_it_settles_where_a_batch_takes_as_long_as_it_may(each_ms: float, fixed_ms: float) -> None:
    pace = Pace()

    for _ in range(30):
        pace.took((fixed_ms + each_ms * pace.size) / 1000, of=pace.size)

    took = (fixed_ms + each_ms * pace.size) / 1000
    assert took <= HELD_SECONDS or pace.size == FEWEST
    assert pace.size == MOST or (fixed_ms + each_ms * (pace.size + 1) * 2) / 1000 > HELD_SECONDS * 0.5


def test_a_batch_that_took_long_makes_the_next_one_small_at_once() -> None:
    pace = Pace(MOST)

    pace.took(HELD_SECONDS * 4, of=MOST)

    assert pace.size == MOST // 4


def test_a_batch_of_little_says_little() -> None:
    pace = Pace(32)

    pace.took(0.001, of=1)
    pace.took(0.0, of=0)

    assert pace.size == 50


def test_where_any_batch_costs_much_none_is_smaller_than_is_said_and_all_may_be_larger() -> None:
    pace = Pace(64, most=256, fewest=64)

    pace.took(1.0, of=64)
    assert pace.size == 64

    for _ in range(5):
        pace.took(0.001, of=pace.size)
    assert pace.size == 256
