"""What will be late, if answers go out as they did in the last hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.rules import drain


def test_whoever_is_answered_too_late_is_expected_to_be_late(now: datetime) -> None:
    due = [now + timedelta(minutes=minutes) for minutes in (5, 15, 40, 59, 61)]

    assert drain.expected(due, ahead=0, answers=60, now=now) == []
    assert drain.expected(due, ahead=0, answers=6, now=now) == [0, 1]  # one every ten minutes
    assert drain.expected(due, ahead=3, answers=6, now=now) == [0, 1, 2, 3]
    assert drain.expected(due, ahead=0, answers=0, now=now) == [0, 1, 2, 3]
