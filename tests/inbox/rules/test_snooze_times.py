"""What a person types to have a conversation back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inbox.rules import snooze_times
from inbox.rules.snooze_times import NotUnderstood, Snooze

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 11, 23, 22, 20, tzinfo=BERLIN)


def opens(day: date) -> datetime | None:
    """From eight on weekdays, ten on Saturdays, closed on Sundays; in Berlin, wherever the person is."""
    hour = {5: 10, 6: None}.get(day.weekday(), 8)
    return datetime.combine(day, time(hour), BERLIN) if hour else None


def parse(text: str, *, now: datetime = MONDAY, zone: ZoneInfo = BERLIN) -> Snooze:
    return snooze_times.parse(text, now=now, zone=zone, opens=opens)


def local(text: str, *, now: datetime = MONDAY, zone: ZoneInfo = BERLIN) -> str:
    until = parse(text, now=now, zone=zone).until
    assert until is not None
    return f"{until.astimezone(zone):%a %d %b %Y %H:%M}"


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("tue 9", "Tue 24 Nov 2026 09:00"),
        ("Tuesday at 9am", "Tue 24 Nov 2026 09:00"),
        ("tue 9pm", "Tue 24 Nov 2026 21:00"),
        ("tues", "Tue 24 Nov 2026 08:00"),
        ("mon", "Mon 30 Nov 2026 08:00"),
        ("mon 23:00", "Mon 23 Nov 2026 23:00"),
        ("mon 9", "Mon 30 Nov 2026 09:00"),
        ("sat", "Sat 28 Nov 2026 10:00"),
        ("fri noon", "Fri 27 Nov 2026 12:00"),
        ("2h", "Tue 24 Nov 2026 00:20"),
        ("90 min", "Mon 23 Nov 2026 23:50"),
        ("1h30", "Mon 23 Nov 2026 23:50"),
        ("1h 30m", "Mon 23 Nov 2026 23:50"),
        ("in 14h30", "Tue 24 Nov 2026 12:50"),
        ("in 14h", "Tue 24 Nov 2026 12:20"),
        ("14 hours", "Tue 24 Nov 2026 12:20"),
        ("4h", "Tue 24 Nov 2026 02:20"),
        ("5h", "Tue 24 Nov 2026 03:20"),
        ("14h", "Tue 24 Nov 2026 12:20"),
        ("until 23 h", "Tue 24 Nov 2026 21:20"),
        ("24h", "Tue 24 Nov 2026 22:20"),
        ("fri 14h", "Fri 27 Nov 2026 14:00"),
        ("14h 30m", "Tue 24 Nov 2026 12:50"),
        ("at 14h30", "Tue 24 Nov 2026 14:30"),
        ("at 9", "Tue 24 Nov 2026 09:00"),
        ("at 14h", "Tue 24 Nov 2026 14:00"),
        ("tomorrow 14h30", "Tue 24 Nov 2026 14:30"),
        ("1.5 h", "Mon 23 Nov 2026 23:50"),
        ("1,5h", "Mon 23 Nov 2026 23:50"),
        ("in 1,5 hours", "Mon 23 Nov 2026 23:50"),
        ("1d, 1,5h", "Tue 24 Nov 2026 23:50"),
        ("nov 24,9h", "Tue 24 Nov 2026 09:00"),
        ("in an hour", "Mon 23 Nov 2026 23:20"),
        ("half an hour", "Mon 23 Nov 2026 22:50"),
        ("36h", "Wed 25 Nov 2026 10:20"),
        ("1d 2h", "Wed 25 Nov 2026 00:20"),
        ("in 3 days", "Thu 26 Nov 2026 08:00"),
        ("in 3 days at 14:30", "Thu 26 Nov 2026 14:30"),
        ("2 weeks", "Mon 07 Dec 2026 08:00"),
        ("tomorrow", "Tue 24 Nov 2026 08:00"),
        ("tomorrow 14:30", "Tue 24 Nov 2026 14:30"),
        ("tomorrow afternoon", "Tue 24 Nov 2026 14:00"),
        ("today 23:30", "Mon 23 Nov 2026 23:30"),
        ("next week", "Mon 30 Nov 2026 08:00"),
        ("next week 10:15", "Mon 30 Nov 2026 10:15"),
        ("next month", "Tue 01 Dec 2026 08:00"),
        ("until next wed", None),
        ("24 nov", "Tue 24 Nov 2026 08:00"),
        ("Nov 24, 14:30", "Tue 24 Nov 2026 14:30"),
        ("24th of November 2026 9", "Tue 24 Nov 2026 09:00"),
        ("24.11.", "Tue 24 Nov 2026 08:00"),
        ("24.11.2026 7:05", "Tue 24 Nov 2026 07:05"),
        ("24/11 9", "Tue 24 Nov 2026 09:00"),
        ("11/24", "Tue 24 Nov 2026 08:00"),
        ("2026-11-24 09:00", "Tue 24 Nov 2026 09:00"),
        ("22 nov", "Mon 22 Nov 2027 08:00"),
        ("23:00", "Mon 23 Nov 2026 23:00"),
        ("7:30", "Tue 24 Nov 2026 07:30"),
        ("7.30", "Tue 24 Nov 2026 07:30"),
        ("at 5.12", "Tue 24 Nov 2026 05:12"),
        ("5.12am", "Tue 24 Nov 2026 05:12"),
        ("tomorrow 5.12", "Tue 24 Nov 2026 05:12"),
        ("fri at 11.12", "Fri 27 Nov 2026 11:12"),
        ("fri 14.30", "Fri 27 Nov 2026 14:30"),
        ("fri 11.12.", "Fri 11 Dec 2026 08:00"),
        ("1.12 9:00", "Tue 01 Dec 2026 09:00"),
        ("5.12 at 9", "Sat 05 Dec 2026 09:00"),
        ("5.12, 9pm", "Sat 05 Dec 2026 21:00"),
        ("1.12 9.30", "Tue 01 Dec 2026 09:30"),
        ("9:30 1.12", "Tue 01 Dec 2026 09:30"),
        ("at 9 on 5.12", "Sat 05 Dec 2026 09:00"),
        ("on 5.12", "Sat 05 Dec 2026 10:00"),
        ("5.12 noon", "Sat 05 Dec 2026 12:00"),
        ("noon on 5.12", "Sat 05 Dec 2026 12:00"),
        ("at 9.10 on 11.12", "Fri 11 Dec 2026 09:10"),
        ("9.10 on 11.12", "Fri 11 Dec 2026 09:10"),
        ("24.11 9.10", "Tue 24 Nov 2026 09:10"),
        ("fri 11.12 9:00", "Fri 11 Dec 2026 09:00"),
        ("11.12 fri at 9", "Fri 11 Dec 2026 09:00"),
        ("fri on 11.12", "Fri 11 Dec 2026 08:00"),
        ("at 11.12 fri", "Fri 27 Nov 2026 11:12"),
        ("at 11.12 on fri", "Fri 27 Nov 2026 11:12"),
        ("at 5.12 tomorrow", "Tue 24 Nov 2026 05:12"),
        ("5.12.", "Sat 05 Dec 2026 10:00"),
        ("9am", "Tue 24 Nov 2026 09:00"),
        ("tue 24 nov", "Tue 24 Nov 2026 08:00"),
        ("Tue 24 Nov, 09:00", "Tue 24 Nov 2026 09:00"),
        ("Mon 22 Nov 2027, 09:00", "Mon 22 Nov 2027 09:00"),
        ("tomorrow eod", "Tue 24 Nov 2026 17:00"),
        ("9pm tomorrow", "Tue 24 Nov 2026 21:00"),
        ("at 9 tomorrow", "Tue 24 Nov 2026 09:00"),
        ("9 tomorrow", "Tue 24 Nov 2026 09:00"),
        ("14h30 tomorrow", "Tue 24 Nov 2026 14:30"),
        ("15:00 on friday", "Fri 27 Nov 2026 15:00"),
        ("9 a.m., on Tuesday", "Tue 24 Nov 2026 09:00"),
        ("until 9 tue", "Tue 24 Nov 2026 09:00"),
        ("23:00 mon", "Mon 23 Nov 2026 23:00"),
        ("9:00 mon", "Mon 30 Nov 2026 09:00"),
        ("8:30 next week", "Mon 30 Nov 2026 08:30"),
        ("at 2 next month", "Tue 01 Dec 2026 02:00"),
        ("9pm in 3 days", "Thu 26 Nov 2026 21:00"),
        ("9pm 24 nov", "Tue 24 Nov 2026 21:00"),
        ("9 on nov 24", "Tue 24 Nov 2026 09:00"),
        ("15:00, Tue 24 Nov", "Tue 24 Nov 2026 15:00"),
        ("at 9 24.11.", "Tue 24 Nov 2026 09:00"),
        ("23:30 today", "Mon 23 Nov 2026 23:30"),
        ("noon tomorrow", "Tue 24 Nov 2026 12:00"),
        ("eod on friday", "Fri 27 Nov 2026 17:00"),
        ("morning of nothing", None),
        ("9 dec", "Wed 09 Dec 2026 08:00"),
    ],
)
def test_what_is_typed_is_understood(typed: str, understood: str | None) -> None:
    if understood is None:
        with pytest.raises(NotUnderstood):
            parse(typed)
    else:
        assert local(typed) == understood


@pytest.mark.parametrize(
    ("typed", "understood"), [("this afternoon", "14:00"), ("at noon", "12:00"), ("this evening", "18:00"), ("eod", "17:00"), ("1h 30", "11:30"), ("tonight 9", "21:00"), ("tonight at 8:30", "20:30"),
     ("this afternoon 3", "15:00"), ("tonight 22:15", "22:15"), ("tonight 9pm", "21:00"), ("evening 6", "18:00"),
     ("9 tonight", "21:00"), ("at 8:30 tonight", "20:30"), ("3 this afternoon", "15:00"), ("9:30pm this evening", "21:30")]
)  # fmt: skip
def test_what_is_typed_of_today(typed: str, understood: str) -> None:
    assert local(typed, now=MONDAY.replace(hour=10, minute=0)) == f"Mon 23 Nov 2026 {understood}"


@pytest.mark.parametrize("typed", ["after reply", "After a reply", "reply"])
def test_one_may_wait_for_the_customer(typed: str) -> None:
    assert parse(typed) == Snooze(None)


def test_a_day_on_which_the_brand_is_closed_begins_at_a_usual_hour_and_says_so() -> None:
    assert local("sun") == "Sun 29 Nov 2026 09:00"
    assert parse("sun").closed
    assert not parse("sat").closed
    assert not parse("sun 12:00").closed


@pytest.mark.parametrize("hour", [0, 2, 18])
def test_a_morning_is_no_evening_and_no_night_where_the_brand_opens_only_then(hour: int) -> None:
    def opens_then(day: date) -> datetime:
        return datetime.combine(day, time(hour), BERLIN)

    found = snooze_times.parse("tomorrow morning", now=MONDAY, zone=BERLIN, opens=opens_then)

    assert found == Snooze(datetime(2026, 11, 24, 8, 0, tzinfo=UTC), closed=False)
    assert local("tomorrow morning") == "Tue 24 Nov 2026 08:00"
    assert parse("sun morning").closed


def test_the_day_is_the_persons_and_the_opening_the_brands() -> None:
    assert local("tue 9", zone=NEW_YORK) == "Tue 24 Nov 2026 09:00"
    assert local("tue", zone=NEW_YORK) == "Tue 24 Nov 2026 02:00"


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("", "such as “2h”"),
        ("soon", "“soon” is not understood"),
        ("9", "type “9:00” or “in 9h”"),
        ("30", "type “30m” or “30h”"),
        ("0", "For midnight type “0:00”"),
        ("30 mon", "hours go to 23"),
        ("14h30", "type “14:30” or “14h 30m”"),
        ("9h05", "type “9:05” or “9h 05m”"),
        ("5/6", "type “5 jun” or “6 may”"),
        ("5.12", "type “5:12” or “5 dec”"),
        ("8.10 7.12", "type “8 oct 7:12” or “7 dec 8:10”"),
        ("until 09.05", "type “9:05” or “9 may”"),
        ("24.11", "For the day type “24 nov”"),
        ("30.02", "“30.02” is no time of day: hours go to 23 and minutes to 59."),
        ("29.02", "“29.02” is no time of day: hours go to 23 and minutes to 59."),
        ("fri 31.11", "“31.11” is no time of day: hours go to 23 and minutes to 59."),
        ("fri 11.12", "“fri 11.12” can be an hour or a day: type “fri 11:12” or “11 dec”"),
        ("11.12 on fri", "type “fri 11:12” or “11 dec”."),
        ("fri 5.12", "type “fri 5:12” or “5 dec”, which is a Sat."),
        ("fri 24.11", "For the day type “24 nov”, which is a Tue."),
        ("fri 5.12 9:00", "5 dec is a Sat. Type “5 dec”, or the day meant."),
        ("31.2 9:00", "There is no 31 Feb"),
        ("14.30 9:00", "is not understood"),
        ("tue 24.11", "For the day type “24 nov”"),
        ("next mon 11.12", "type “next mon 11:12” or “11 dec”"),
        ("next week 5.12", "type “next week 5:12” or “5 dec”"),
        ("next wed", "type “25 nov” or “2 dec”"),
        ("today", "“today 17:00”"),
        ("today 9:00", "is over"),
        ("tue 25", "hours go to 23"),
        ("tue 13pm", "an hour from 1 to 12"),
        ("wed 24 nov", "24 nov is a Tue"),
        ("tue nine", "“nine” is no time of day"),
        ("tonight nine", "“nine” is no time of day"),
        ("tonight 3", "such as “19:30”"),
        ("tonight 12", "such as “19:30”"),
        ("tonight 1am", "such as “19:30”"),
        ("tonight 13pm", "an hour from 1 to 12"),
        ("30 feb", "There is no 30 Feb within a year"),
        ("24 nov 2025", "is over"),
        ("23 nov 0:01", "is over"),
        ("mon 23 nov 0:01", "is over"),
        ("24 nov 2031", "more than a year away"),
        ("400 days", "more than a year away"),
        ("9999h", "more than a year away"),
        ("1.5 days", "“36h”"),
        ("1,5 days", "“36h”"),
        ("1,30h", "is not understood"),
        ("1,500m", "is not understood"),
        ("25 tomorrow", "hours go to 23"),
        ("3 mon", "type “mon 3”"),
        ("9 next wed", "type “25 nov” or “2 dec”"),
        ("2 next month", "is not understood"),
        ("3 tonight", "such as “19:30”"),
        ("9:00 today", "is over"),
        ("2h tomorrow", "both a length and something else"),
        ("14h tomorrow", "Type one: “in 14h”"),
        ("9pm tomorrow 8", "is no time of day"),
        ("10 in 2 hours", "is not understood"),
        ("9 noon", "is not understood"),
        ("2h 14:30", "both a length and something else"),
        ("0m", "still to come"),
        ("2026-13-40", "There is no 40"),
    ],
)
def test_what_is_not_understood_says_what_to_type(typed: str, instead: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        parse(typed)

    assert instead in str(refused.value)


@pytest.mark.parametrize(
    ("zone", "hour"), [(ZoneInfo("America/Los_Angeles"), 23), (BERLIN, 10)], ids=["elsewhere", "at home"]
)
def test_the_date_of_today_is_not_in_a_year_where_the_brand_has_opened_already(
    zone: ZoneInfo, hour: int
) -> None:
    with pytest.raises(NotUnderstood, match="is over"):
        parse("30 nov", now=datetime(2026, 11, 30, hour, 10, tzinfo=zone), zone=zone)


def test_next_tuesday_is_clear_where_both_readings_agree() -> None:
    assert local("next tue", now=datetime(2026, 11, 26, 10, 0, tzinfo=BERLIN)) == "Tue 01 Dec 2026 08:00"


# Clocks go forward at 2:00 on 28 March 2027 and back at 3:00 on 25 October 2026.
def test_hours_are_hours_and_days_are_days_when_the_clocks_go_forward() -> None:
    before = datetime(2027, 3, 27, 12, 0, tzinfo=BERLIN)

    assert local("24h", now=before) == "Sun 28 Mar 2027 13:00"
    assert local("1d 1m", now=before) == "Sun 28 Mar 2027 12:01"
    assert local("tomorrow 2:30", now=before) == "Sun 28 Mar 2027 03:30"
    assert parse("tomorrow 9", now=before).until == datetime(2027, 3, 28, 7, 0, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)

    assert parse("tomorrow 2:30", now=before).until == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local("24h", now=before) == "Sun 25 Oct 2026 11:00"


zones = st.sampled_from([BERLIN, NEW_YORK, *map(ZoneInfo, ("UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"))])  # fmt: skip
moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
ahead = st.integers(1, 360 * 1440).map(lambda minutes: timedelta(minutes=minutes))


@given(now=moments, ahead=ahead, zone=zones)
def test_what_would_be_typed_for_a_time_is_read_as_that_time(
    now: datetime, ahead: timedelta, zone: ZoneInfo
) -> None:
    wanted = (now + ahead).astimezone(zone).replace(second=0, microsecond=0)
    assume(wanted.fold == 0 and wanted > now)

    assert parse(snooze_times.typed(wanted, zone=zone), now=now, zone=zone).until == wanted.astimezone(UTC)


@given(now=moments, zone=zones, minutes=st.integers(1, 9000))
def test_a_length_is_exact_whatever_the_clocks_do(now: datetime, zone: ZoneInfo, minutes: int) -> None:
    assert parse(f"{minutes}m", now=now, zone=zone).until == now + timedelta(minutes=minutes)


@given(
    now=moments,
    zone=zones,
    day=st.sampled_from(["tue", "tomorrow", "next week", "in 5 days"]),
    hour=st.integers(0, 23),
)
def test_a_day_with_an_hour_is_that_hour_on_the_wall(
    now: datetime, zone: ZoneInfo, day: str, hour: int
) -> None:
    until = parse(f"{day} {hour}:00", now=now, zone=zone).until

    assert until is not None
    on_the_wall = until.astimezone(zone)
    skipped = datetime.combine(on_the_wall.date(), time(hour), zone)
    exists = skipped.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == skipped.replace(tzinfo=None)
    assert now < until <= now + timedelta(days=8)
    assert (on_the_wall.hour, on_the_wall.minute) == (hour, 0) or not exists


clocks = st.one_of(
    st.builds("{}:{:02}".format, st.integers(0, 25), st.integers(0, 61)),
    st.builds("{}{}".format, st.integers(0, 13), st.sampled_from(["am", " pm", " a.m."])),
    st.builds("{}h{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    st.sampled_from(["noon", "morning", "afternoon", "eod", "night"]),
)
days_typed = st.sampled_from(
    ["today", "tomorrow", "tue", "wednesday", "this thu", "next week", "next sat", "next month", "in 3 days", "2026-11-24", "24 nov", "nov 24th", "24.11.",
     "11/24", "5/6", "30 feb", "24 nov 2027", "tue 24 nov"]
)  # fmt: skip


def told(text: str, *, now: datetime, zone: ZoneInfo) -> Snooze | str:
    try:
        return parse(text, now=now, zone=zone)
    except NotUnderstood as refused:
        return str(refused)


@given(now=moments, zone=zones, clock=clocks, day=days_typed, on=st.sampled_from(["", "on "]), at=st.sampled_from(["", "at "]))  # fmt: skip
def test_an_hour_may_stand_before_its_day(
    now: datetime, zone: ZoneInfo, clock: str, day: str, on: str, at: str
) -> None:
    assert told(f"{at}{clock} {on}{day}", now=now, zone=zone) == told(f"{day} {clock}", now=now, zone=zone)


@given(now=moments, zone=zones, day=st.integers(1, 31), month=st.integers(1, 12), clock=st.one_of(st.integers(0, 25).map(str), clocks), at=st.sampled_from(["", "at "]))  # fmt: skip
def test_a_date_with_an_hour_behind_it_needs_no_last_point(
    now: datetime, zone: ZoneInfo, day: int, month: int, clock: str, at: str
) -> None:
    typed = told(f"{day}.{month}. {at}{clock}", now=now, zone=zone)

    assert told(f"{day}.{month} {at}{clock}", now=now, zone=zone) == typed


@given(now=moments, zone=zones, hour=st.integers(0, 25), day=days_typed, before=st.sampled_from([("at ", ""), ("", "on "), ("at ", "on ")]))  # fmt: skip
def test_a_bare_hour_may_stand_before_its_day_where_it_is_said_to_be_one(
    now: datetime, zone: ZoneInfo, hour: int, day: str, before: tuple[str, str]
) -> None:
    at, on = before
    assert told(f"{at}{hour} {on}{day}", now=now, zone=zone) == told(f"{day} {hour}", now=now, zone=zone)


@given(text=st.text(max_size=30) | st.text("0123456789 :./-hmdwapntue", max_size=14), now=moments, zone=zones)
def test_nothing_that_can_be_typed_is_an_accident(text: str, now: datetime, zone: ZoneInfo) -> None:
    try:
        found = parse(text, now=now, zone=zone)
    except NotUnderstood:
        return
    assert found.until is None or now < found.until <= now + timedelta(days=366)


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN), "Tue 24 Nov, 09:00, in 10 hours"),
        (datetime(2026, 11, 23, 22, 21, tzinfo=BERLIN), "Mon 23 Nov, 22:21, in 1 minute"),
        (datetime(2026, 11, 25, 0, 20, tzinfo=BERLIN), "Wed 25 Nov, 00:20, in 26 hours"),
        (datetime(2027, 1, 1, 9, 0, tzinfo=BERLIN), "Fri 1 Jan 2027, 09:00, in 38 days"),
    ],
)
def test_what_was_understood_is_said(until: datetime, said: str) -> None:
    assert snooze_times.say(until, now=MONDAY, zone=BERLIN) == said
