"""Deliveries with a wrong signature. They are counted for good, and anybody may knock: what lies longer back, or was followed by good ones for
hours, is over."""

from __future__ import annotations

from datetime import datetime, timedelta

FORGOTTEN = timedelta(hours=24)
MENDED = timedelta(hours=1)


def are_over(*, bad: datetime, good: datetime | None, now: datetime) -> bool:
    """`bad`: when the last one with a wrong signature came; `good`: the last with a right one, if there is any."""
    return bad < now - FORGOTTEN or (good is not None and good > bad + MENDED)
