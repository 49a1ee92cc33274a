"""Silent, or only quiet?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rules import silence

MONDAY = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
# One whose clocks change, one that never does, one off by half an hour, one that changes by half an hour.
ZONES = st.sampled_from([BERLIN, UTC_ZONE, ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")])
HOUR = timedelta(hours=1)


def office_hours(weeks: int, each: int) -> list[tuple[datetime, int]]:
    start = (MONDAY - timedelta(weeks=weeks)).replace(hour=0, minute=0)
    hours = (start + HOUR * number for number in range(weeks * 7 * 24))
    return [(hour, each) for hour in hours if hour.weekday() < 5 and 9 <= hour.hour < 17]


def test_a_night_and_a_weekend_without_messages_are_quiet() -> None:
    profile = silence.usual(office_hours(4, 20), now=MONDAY, zone=UTC_ZONE)
    monday_morning = MONDAY.replace(hour=8)

    assert (
        silence.judge(
            last=monday_morning - timedelta(days=2, hours=15),
            profile=profile,
            now=monday_morning,
            zone=UTC_ZONE,
        )
        is None
    )


def test_an_hour_of_the_day_without_messages_is_silence() -> None:
    profile = silence.usual(office_hours(4, 20), now=MONDAY, zone=UTC_ZONE)

    found = silence.judge(last=MONDAY - HOUR, profile=profile, now=MONDAY, zone=UTC_ZONE)

    assert found is not None and found.expected == 20


def test_what_is_not_known_for_a_week_raises_no_alarm() -> None:
    known = [(MONDAY.replace(minute=0) - HOUR * number, 500) for number in range(2, 100)]

    assert silence.usual(known, now=MONDAY, zone=UTC_ZONE) is None
    assert silence.judge(last=MONDAY - timedelta(days=1), profile=None, now=MONDAY, zone=UTC_ZONE) is None


def test_who_writes_seldom_is_silent_when_as_many_are_missing() -> None:
    """However long that takes: no week has ten."""
    known = [(MONDAY.replace(minute=0) - HOUR * (1 + 18 * number), 1) for number in reversed(range(8 * 9))]
    profile = silence.usual(known, now=MONDAY, zone=UTC_ZONE)

    def judged(days: float) -> silence.Silence | None:
        last = known[-1][0] + HOUR
        return silence.judge(last=last, profile=profile, now=last + timedelta(days=days), zone=UTC_ZONE)

    assert judged(7) is None
    missing = judged(8), judged(70)
    assert missing[0] is not None and 10 <= missing[0].expected < 12
    assert missing[1] is not None and 90 <= missing[1].expected < 100


def test_of_fewer_messages_than_are_to_be_missed_nothing_is_expected() -> None:
    known = [(MONDAY.replace(minute=0) - timedelta(days=20), 9)]

    assert silence.usual(known, now=MONDAY, zone=UTC_ZONE) is None
    assert silence.usual([(known[0][0], 10)], now=MONDAY, zone=UTC_ZONE) is not None


@pytest.mark.parametrize(
    ("day", "opens"),
    [
        (datetime(2026, 10, 26, tzinfo=BERLIN), 9),  # the clocks were put back in the night before
        (datetime(2026, 3, 30, tzinfo=BERLIN), 9),  # and forward
        (datetime(2026, 7, 6, tzinfo=BERLIN), 9),
    ],
)
def test_office_hours_are_those_of_the_brands_own_clock(day: datetime, opens: int) -> None:
    first = (day - timedelta(weeks=6)).astimezone(UTC)
    hours = (first + HOUR * number for number in range(6 * 7 * 24))
    at_work = [(each, each.astimezone(BERLIN)) for each in hours]
    known = [(each, 60) for each, here in at_work if here.weekday() < 5 and opens <= here.hour < 18]
    last = known[-1][0] + HOUR

    def judged(hour: int, minute: int) -> silence.Silence | None:
        now = day.replace(hour=hour, minute=minute).astimezone(UTC)
        profile = silence.usual(known, now=now, zone=BERLIN)
        return silence.judge(last=last, profile=profile, now=now, zone=BERLIN)

    assert judged(opens - 1, 55) is None
    found = judged(opens, 15)
    assert found is not None and found.expected == 15


@given(hours=st.integers(7 * 24, 8 * 7 * 24), back=st.integers(1, 200), zone=ZONES)
def test_who_always_writes_as_much_is_expected_to_write_as_much(
    hours: int, back: int, zone: ZoneInfo
) -> None:
    """In the second week, too, in which some hours of the week have been twice and others once; and however long it is silent by now."""
    newest = MONDAY.replace(minute=0) - HOUR * back
    known = [(newest - HOUR * number, 6) for number in range(hours)]

    profile = silence.usual(known, now=MONDAY, zone=zone)

    assert profile is not None and set(profile.values()) == {6.0}


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),
    parts=st.lists(st.integers(1, 100_000), min_size=1, max_size=5),
    profile=st.dictionaries(st.integers(0, 167), st.floats(0, 1000), max_size=30),
    zone=ZONES,
)
def test_what_is_expected_of_parts_adds_up(
    start: datetime, parts: list[int], profile: dict[int, float], zone: ZoneInfo
) -> None:
    moments = [start]
    for seconds in parts:
        moments.append(moments[-1] + timedelta(seconds=seconds))

    whole = silence.expected_between(start, moments[-1], profile, zone)
    pieces = sum(silence.expected_between(one, two, profile, zone) for one, two in pairwise(moments))

    assert abs(whole - pieces) <= 1e-6 * max(1.0, whole)
