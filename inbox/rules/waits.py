"""What a writer is told of a reply that a platform wants to be asked with only later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LONG = timedelta(minutes=5)  # of a shorter wait nobody need know when it ends


def is_long(until: datetime, *, now: datetime) -> bool:
    return until - now > LONG


def until_then(reason: str, *, until: datetime | None, now: datetime) -> str:
    """The reason, and where that is long from now, until when the platform does not want to be asked."""
    if until is None or not is_long(until, now=now):
        return reason
    return from_then(reason, until)


def from_then(reason: str, at: datetime) -> str:
    return f"{reason} It may be sent again from {at.astimezone(UTC):%d %b %H:%M} UTC."
