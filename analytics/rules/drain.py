"""What will be late within the hour if answers go out as they did in the last one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


def expected(due: Sequence[datetime], *, ahead: int, answers: int, now: datetime) -> list[int]:
    """Places in `due` that will not be answered in time.

    `due`: when those who wait and are not late yet are due, the earliest first; `ahead`: how many are answered before them, because they
    are late already; `answers`: of the last hour. The n-th in line is answered when n answers have gone out. What is due later than in an
    hour is not looked at.
    """
    found = []
    for place, at in enumerate(due):
        if at > now + HOUR:
            break
        if answers <= 0 or at < now + HOUR * (ahead + place + 1) / answers:
            found.append(place)
    return found
