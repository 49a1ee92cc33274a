"""When a schedule falls due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rules.cadence import Cadence, NotUnderstood, checked, explained, read_span, say_span

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
crons = st.sampled_from(["*/15 * * * *", "30 3 * * *", "0 9 * * 1-5", "15 2 1 * *", "5 0 29 2 *"])


@given(every=st.integers(1, 90000), moment=moments, late=st.floats(0, 0.99), key=st.integers(0, 99))
def test_a_run_that_begins_late_or_takes_long_moves_none_of_those_that_follow(
    every: int, moment: datetime, late: float, key: int
) -> None:
    cadence = Cadence(every, key=key)
    first = cadence.after(moment)

    assert moment < first <= moment + timedelta(seconds=every)
    assert cadence.after(first + timedelta(seconds=every * late)) == first + timedelta(seconds=every)
    assert Cadence(900).said() == "every 15 minutes"


def test_schedules_of_one_interval_do_not_fall_due_in_the_same_second() -> None:
    assert len({Cadence(900, key=key).after(NOON) for key in range(20)}) > 10


def test_a_cron_line_speaks_in_its_time_zone() -> None:
    nightly = Cadence(86400, "30 3 * * *", "Europe/Berlin")

    assert nightly.after(NOON) == datetime(2026, 11, 29, 2, 30, tzinfo=UTC)
    assert nightly.said() == "at 03:30 every day"


def test_the_hour_that_the_clocks_skip_is_run_all_the_same_and_the_one_they_repeat_is_run_once() -> None:
    nightly = Cadence(86400, "30 2 * * *", "Europe/Berlin")

    skipped = nightly.following(None, now=datetime(2026, 3, 28, 12, tzinfo=UTC), count=2)
    repeated = nightly.following(None, now=datetime(2026, 10, 24, 12, tzinfo=UTC), count=2)

    assert [each.date().isoformat() for each in skipped] == ["2026-03-29", "2026-03-30"]
    assert [each.date().isoformat() for each in repeated] == ["2026-10-25", "2026-10-26"]


@given(every=st.integers(1, 7200), cron=crons | st.just(""), zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]), moment=moments,
       jitter=st.integers(0, 3600), key=st.integers(0, 99))  # fmt: skip
def test_what_is_shown_is_what_will_be(
    every: int, cron: str, zone: str, moment: datetime, jitter: int, key: int
) -> None:
    cadence = Cadence(every, cron, zone, min(jitter, every) if not cron else jitter, key)

    runs = cadence.following(None, now=moment)

    assert all(each > moment for each in runs)
    assert runs == sorted(set(runs))
    again, at = [], moment
    for _ in runs:  # as a schedule finds its next run at the end of each
        at = cadence.after(at)
        again.append(at)
    assert again == runs


def test_jitter_only_delays_and_differs_from_schedule_to_schedule() -> None:
    plain = Cadence(60, "0 4 * * *").after(NOON)
    spread = {Cadence(60, "0 4 * * *", "UTC", 900, key).after(NOON) for key in range(20)}

    assert all(plain <= each <= plain + timedelta(seconds=900) for each in spread)
    assert len(spread) > 10


@pytest.mark.parametrize(
    "line", ["", "every day", "* * * *", "61 * * * *", "0 0 31 2 *", "* * * * * *", "a b c d e"]
)
def test_what_is_no_cron_line_is_refused_with_an_example(line: str) -> None:
    with pytest.raises(NotUnderstood):
        checked(line)


@given(st.text(max_size=40))
def test_any_text_is_a_line_or_refused(text: str) -> None:
    try:
        line = checked(text)
    except NotUnderstood:
        return
    assert Cadence(60, line).after(NOON) > NOON
    assert explained(line)


@given(st.integers(1, 366 * 86400))
def test_an_interval_reads_as_it_was_said(seconds: int) -> None:
    assert read_span(say_span(seconds)) == seconds


@pytest.mark.parametrize("text", ["15", "fifteen", "-5m", "0s", "400d", "5 m 3", "1h1", "9" * 30 + "s"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read_span(text)
