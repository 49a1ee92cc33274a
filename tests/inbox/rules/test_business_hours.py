"""Working time, against looking at the wall minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inbox.rules.business_hours import SEARCHED, DayOff, Hours
from tests.inbox.rules.wall import (
    MINUTE,
    counted_minute_by_minute,
    is_open,
    is_taken_by_a_holiday,
    situations,
)

BERLIN = ZoneInfo("Europe/Berlin")


def hours(
    zone: str = "Europe/Berlin", holidays: dict[date, DayOff] | None = None, **days: list[tuple[int, int]]
) -> Hours:
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return Hours(ZoneInfo(zone), tuple(tuple(days.get(name, [])) for name in names), holidays or {})


def office() -> Hours:
    return hours(**{day: [(9 * 60, 18 * 60)] for day in ("mon", "tue", "wed", "thu", "fri")})


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@settings(max_examples=150, deadline=None)
@given(situations(), st.integers(0, 4000))
def test_working_time_is_what_the_wall_says(situation: tuple[Hours, datetime], minutes: int) -> None:
    week, start = situation

    assert (
        week.counted(start, start + minutes * MINUTE)
        == counted_minute_by_minute(week, start, minutes) * MINUTE
    )


@settings(max_examples=100, deadline=None)
@given(situations(), st.integers(1, 2000))
def test_a_due_time_is_the_first_by_which_so_much_has_been_worked(
    situation: tuple[Hours, datetime], minutes: int
) -> None:
    week, start = situation
    due = week.after(start, minutes * MINUTE)

    if due is None:
        assert week.counted(start, start + SEARCHED * timedelta(days=1)) < minutes * MINUTE
    else:
        assert week.counted(start, due) == minutes * MINUTE
        assert is_open(week, due - timedelta(microseconds=1))


@settings(max_examples=100, deadline=None)
@given(situations(), st.lists(st.integers(0, 3000), min_size=1, max_size=4))
def test_parts_add_up_to_the_whole(situation: tuple[Hours, datetime], cuts: list[int]) -> None:
    week, start = situation
    edges = [start + cut * MINUTE for cut in sorted(cuts)]
    parts = [week.counted(first, last) for first, last in pairwise(edges)]

    assert sum(parts, timedelta(0)) == week.counted(edges[0], edges[-1])


def test_the_night_that_loses_an_hour_is_an_hour_shorter() -> None:
    night = hours(sat=[(22 * 60, 30 * 60)])  # Saturday 22:00 to Sunday 6:00

    assert night.counted(berlin("2026-03-28T12:00"), berlin("2026-03-29T12:00")) == timedelta(hours=7)
    assert night.counted(berlin("2026-03-21T12:00"), berlin("2026-03-22T12:00")) == timedelta(hours=8)


def test_the_night_that_gains_an_hour_is_an_hour_longer() -> None:
    night = hours(sat=[(22 * 60, 30 * 60)])

    assert night.counted(berlin("2026-10-24T12:00"), berlin("2026-10-25T12:00")) == timedelta(hours=9)


def test_what_opens_in_the_hour_that_does_not_exist_opens_after_it() -> None:
    early = hours(sun=[(2 * 60 + 30, 5 * 60)])

    spans = list(early.spans(berlin("2026-03-29T00:00"), berlin("2026-03-29T12:00")))

    assert spans == [(berlin("2026-03-29T03:00"), berlin("2026-03-29T05:00"))]


def test_a_time_that_the_wall_shows_twice_counts_twice() -> None:
    early = hours(sun=[(2 * 60, 2 * 60 + 30)])

    spans = list(early.spans(berlin("2026-10-25T00:00"), berlin("2026-10-25T12:00")))

    assert spans == [
        (berlin("2026-10-25T02:00"), berlin("2026-10-25T02:30")),
        (berlin("2026-10-25T02:00", fold=1), berlin("2026-10-25T02:30", fold=1)),
    ]


def test_an_evening_that_is_seen_again_after_the_next_day_has_begun_takes_nothing_from_that_day() -> None:
    week = hours(sat=[(20 * 60, 26 * 60 + 15)], sun=[(2 * 60 + 30, 8 * 60)])
    start, end = berlin("2026-10-24T12:00"), berlin("2026-10-25T12:00")

    assert list(week.spans(start, end)) == [
        (berlin("2026-10-24T20:00"), berlin("2026-10-25T02:15")),
        (berlin("2026-10-25T02:30"), berlin("2026-10-25T02:15", fold=1)),
        (berlin("2026-10-25T02:30", fold=1), berlin("2026-10-25T08:00")),
    ]
    assert week.counted(start, end) == counted_minute_by_minute(week, start, 25 * 60) * MINUTE


def test_a_holiday_takes_its_own_night_and_leaves_the_one_before() -> None:
    nights = hours(
        holidays={date(2026, 12, 25): DayOff("Christmas")},
        **{day: [(22 * 60, 26 * 60)] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    )

    spans = list(nights.spans(berlin("2026-12-24T12:00"), berlin("2026-12-26T23:00")))

    assert spans == [
        (berlin("2026-12-24T22:00"), berlin("2026-12-25T02:00")),
        (berlin("2026-12-26T22:00"), berlin("2026-12-26T23:00")),
    ]


def test_a_target_that_begins_on_friday_evening_is_due_on_monday() -> None:
    assert office().after(berlin("2026-03-06T17:55"), timedelta(minutes=10)) == berlin("2026-03-09T09:05")


def test_a_brand_that_never_opens_has_no_due_time() -> None:
    assert hours().after(berlin("2026-03-06T17:55"), timedelta(seconds=1)) is None


def told(week: Hours, begins: str, ends: str) -> list[tuple[datetime, datetime, str]]:
    return list(week.closed(berlin(begins), berlin(ends)))


def test_why_nothing_counts_is_said_in_the_brands_time() -> None:
    saturday = "2026-03-07T12:00", "2026-03-07T13:00"

    assert [why for *_, why in told(office(), *saturday)] == ["outside business hours (Fri 18:00–Mon 9:00)"]
    assert [why for *_, why in told(hours(), *saturday)] == ["outside business hours"]


def test_what_a_holiday_takes_is_called_by_its_name() -> None:
    days = {
        date(2026, 12, 24): DayOff("Christmas Eve", ((9 * 60, 12 * 60),)),
        date(2026, 12, 25): DayOff("Christmas"),
        date(2026, 12, 28): DayOff("The day after", ((10 * 60, 18 * 60),)),
    }
    week = Hours(BERLIN, office().week, days)

    assert told(week, "2026-12-24T12:00", "2026-12-28T10:00") == [
        (berlin("2026-12-24T12:00"), berlin("2026-12-24T18:00"), "holiday (Christmas Eve)"),
        (berlin("2026-12-24T18:00"), berlin("2026-12-25T00:00"), "outside business hours (Thu 18:00–Fri 0:00)"),
        (berlin("2026-12-25T00:00"), berlin("2026-12-26T00:00"), "holiday (Christmas)"),
        (berlin("2026-12-26T00:00"), berlin("2026-12-28T09:00"), "outside business hours (Sat 0:00–Mon 9:00)"),
        (berlin("2026-12-28T09:00"), berlin("2026-12-28T10:00"), "holiday (The day after)"),
    ]  # fmt: skip
    assert [why for *_, why in told(week, "2026-12-26T12:00", "2026-12-26T13:00")] == [
        "outside business hours (Sat 0:00–Mon 9:00)"
    ]


@settings(max_examples=150, deadline=None)
@given(situations(), st.integers(0, 4000), st.integers(1, 4000))
def test_each_minute_without_work_is_a_holidays_or_outside_the_hours(
    situation: tuple[Hours, datetime], before: int, minutes: int
) -> None:
    week, start = situation
    begins = start + before * MINUTE
    ends = week.opens(begins) or begins + minutes * MINUTE
    ends = min(ends, begins + minutes * MINUTE)
    assume(begins < ends)

    parts = list(week.closed(begins, ends))

    assert [parts[0][0], *(last for _, last, _ in parts)] == [*(first for first, *_ in parts), ends]
    for first, last, why in parts:
        assert first < last
        for number in range((last - first) // MINUTE):
            assert why.startswith("holiday") is is_taken_by_a_holiday(week, first + number * MINUTE)


@pytest.mark.parametrize("pair", [[600, 600], [600, 500], [-1, 5], [1440, 1500], [0, 2881]])
def test_what_is_no_interval_is_refused(pair: list[int]) -> None:
    with pytest.raises(ValueError, match="no interval"):
        Hours.read(time_zone="UTC", week={"0": [pair]})


@pytest.mark.parametrize(
    ("brand", "person", "opened", "day", "there"),
    [
        ("Europe/Berlin", "Europe/Berlin", 8 * 60, date(2026, 12, 1), "2026-12-01T08:00"),
        ("Europe/Berlin", "America/New_York", 8 * 60, date(2026, 12, 1), "2026-12-01T02:00"),
        ("Europe/Berlin", "America/Los_Angeles", 8 * 60, date(2026, 12, 1), "2026-12-01T23:00"),
        ("Europe/Berlin", "America/Los_Angeles", 8 * 60, date(2026, 12, 3), "2026-12-03T23:00"),
        ("Europe/Berlin", "America/Los_Angeles", 8 * 60, date(2026, 12, 4), None),  # their Saturday
        ("Europe/Berlin", "America/Los_Angeles", 8 * 60, date(2026, 12, 6), "2026-12-06T23:00"),
        ("Europe/Berlin", "America/New_York", 0, date(2026, 12, 1), "2026-12-01T18:00"),
        ("America/Los_Angeles", "Asia/Tokyo", 9 * 60, date(2026, 12, 2), "2026-12-02T02:00"),
        ("America/Los_Angeles", "Asia/Tokyo", 9 * 60, date(2026, 11, 30), None),  # their Sunday
        ("Pacific/Kiritimati", "Etc/GMT+12", 0, date(2026, 12, 1), "2026-12-01T22:00"),
    ],
)
def test_the_brand_opens_on_a_day_of_whoever_asks(
    brand: str, person: str, opened: int, day: date, there: str | None
) -> None:
    week = hours(brand, **{each: [(opened, 1080)] for each in ("mon", "tue", "wed", "thu", "fri")})
    zone = ZoneInfo(person)

    opens = week.opening(day, zone)

    assert (opens and f"{opens.astimezone(zone):%Y-%m-%dT%H:%M}") == there


def test_who_goes_on_from_the_day_before_does_not_open_at_midnight() -> None:
    always = hours(
        "Europe/Berlin", **{each: [(0, 1440)] for each in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    )
    late = hours("Europe/Berlin", mon=[(1080, 1560)], tue=[(120, 300), (600, 700)])
    zone, tuesday = ZoneInfo("Europe/Berlin"), date(2026, 12, 1)

    assert always.opening(tuesday, zone) is None
    assert late.opening(tuesday, zone) == datetime(2026, 12, 1, 10, tzinfo=zone)
