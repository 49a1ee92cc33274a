"""An hour of the day, as it is typed: "9", "14:30", "9pm"."""

from __future__ import annotations

import re
from datetime import time

LAST_HOUR = 23
CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})|h)?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?")


class NotUnderstood(ValueError):
    """What was typed is no time to come back at. The message says what to type instead."""


def time_of(typed: str) -> time:
    clock = CLOCK.fullmatch(typed)
    if not clock:
        raise NotUnderstood(f"“{typed}” is no time of day. Type it like “14:30”, “9” or “9pm”.")
    hour, minute, half = int(clock["hour"]), int(clock["minute"] or 0), (clock["half"] or "")[:1]
    if half and not 1 <= hour <= 12:
        raise NotUnderstood(
            f"“{typed}” is no time of day. Type “{hour % 24}:{minute:02}”, or an hour from 1 to 12 with am or pm."
        )
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > LAST_HOUR or minute > 59:
        raise NotUnderstood(f"“{typed}” is no time of day: hours go to 23 and minutes to 59.")
    return time(hour, minute)
