"""Silent, or only quiet?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.rules import silence

MONDAY = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def office_hours(weeks: int, each: int) -> list[tuple[datetime, int]]:
    start = (MONDAY - timedelta(weeks=weeks)).replace(hour=0, minute=0)
    hours = (start + HOUR * number for number in range(weeks * 7 * 24))
    return [(hour, each) for hour in hours if hour.weekday() < 5 and 9 <= hour.hour < 17]


def test_a_night_and_a_weekend_without_messages_are_quiet() -> None:
    profile = silence.usual(office_hours(4, 20), now=MONDAY)
    monday_morning = MONDAY.replace(hour=8)

    assert (
        silence.judge(last=monday_morning - timedelta(days=2, hours=15), profile=profile, now=monday_morning)
        is None
    )


def test_an_hour_of_the_day_without_messages_is_silence() -> None:
    profile = silence.usual(office_hours(4, 20), now=MONDAY)

    found = silence.judge(last=MONDAY - HOUR, profile=profile, now=MONDAY)

    assert found is not None and found.expected == 20


def test_what_is_not_known_for_a_week_raises_no_alarm() -> None:
    known = [(MONDAY.replace(minute=0) - HOUR * number, 500) for number in range(2, 100)]

    assert silence.usual(known, now=MONDAY) is None
    assert silence.judge(last=MONDAY - timedelta(days=1), profile=None, now=MONDAY) is None


@given(hours=st.integers(7 * 24, 8 * 7 * 24), back=st.integers(1, 200))
def test_who_always_writes_as_much_is_expected_to_write_as_much(hours: int, back: int) -> None:
    """In the second week, too, in which some hours of the week have been twice and others once; and however long it is silent by now."""
    newest = MONDAY.replace(minute=0) - HOUR * back
    known = [(newest - HOUR * number, 6) for number in range(hours)]

    profile = silence.usual(known, now=MONDAY)

    assert profile is not None and set(profile.values()) == {6.0}


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
    parts=st.lists(st.integers(1, 100_000), min_size=1, max_size=5),
    profile=st.dictionaries(st.integers(0, 167), st.floats(0, 1000), max_size=30),
)
def test_what_is_expected_of_parts_adds_up(
    start: datetime, parts: list[int], profile: dict[int, float]
) -> None:
    moments = [start]
    for seconds in parts:
        moments.append(moments[-1] + timedelta(seconds=seconds))

    whole = silence.expected_between(start, moments[-1], profile)
    pieces = sum(silence.expected_between(one, two, profile) for one, two in pairwise(moments))

    assert abs(whole - pieces) <= 1e-6 * max(1.0, whole)
