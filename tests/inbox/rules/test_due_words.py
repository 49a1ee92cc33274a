from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from inbox.rules import due_words

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "says", "tone", "group"),
    [
        (-240, "4 h 00 m late", "late", "Late"),
        (-4, "4 m late", "late", "Late"),
        (0, "< 1 m late", "late", "Late"),
        (0.5, "< 1 m left", "urgent", "< 15 min"),
        (14.9, "14 m left", "urgent", "< 15 min"),
        (15, "15 m left", "soon", "< 1 h"),
        (59.9, "59 m left", "soon", "< 1 h"),
        (65, "1 h 05 m left", "calm", "Today"),
        (60 * 14.4, "14 h 24 m left", "calm", "Today"),
        (60 * 14.6, "14 h 36 m left", "calm", "Later"),
        (60 * 50, "2 d left", "calm", "Later"),
    ],
)
def test_a_chip_says_how_long_and_stands_under_its_heading(
    minutes: float, says: str, tone: str, group: str
) -> None:
    due_at = NOW + timedelta(minutes=minutes)

    assert due_words.say(due_at, now=NOW, is_window=False) == says
    assert (due_words.tone(due_at, now=NOW), due_words.group(due_at, now=NOW)) == (tone, group)


def test_a_window_closes_and_is_not_late() -> None:
    assert due_words.say(NOW + timedelta(minutes=52), now=NOW, is_window=True) == "window 52 m"
    assert due_words.say(NOW, now=NOW, is_window=True) == "window closed"


def test_today_ends_with_the_viewers_own_day() -> None:
    due_at = NOW + timedelta(hours=14, minutes=20)

    assert due_words.group(due_at, now=NOW) == "Today"
    assert due_words.group(due_at, now=NOW.astimezone(ZoneInfo("Europe/Istanbul"))) == "Later"


def test_what_is_never_due_stands_last() -> None:
    assert due_words.group(None, now=NOW) == "Later"


def test_a_chip_keeps_its_width_while_it_counts_in_the_same_unit() -> None:
    said = [due_words.length(timedelta(minutes=minutes)) for minutes in range(60, 600)]

    assert {len(words) for words in said} == {len("1 h 05 m")}
