"""An hour that is typed before its day: "9pm tomorrow", "at 9 tomorrow", "15:00 on friday", "8:30 next monday", "noon on 24 nov", "9:00 24.11"."""

from __future__ import annotations

import re

from inbox.rules import _calendar_words as words
from inbox.rules import _typed_dates as dates
from inbox.rules._typed_clock import CLOCK, LAST_HOUR, NotUnderstood

_TODAY = ("tonight", "evening", "afternoon")  # in which an hour may lie
_HOUR_FIRST = re.compile(rf"(?P<at>at )?(?:(?P<part>{dates.PARTS})|(?P<clock>{CLOCK.pattern}))\s+(?P<day>.+)")
_IN_DAYS = re.compile(r"in (?:\d{1,4}|a)\s*(?:d|days?|w|wks?|weeks?)")


def hour_last(typed: str) -> str:
    """The same with the hour behind the day; as it is where no day follows an hour. Raises NotUnderstood.

    A bare number is an hour before the name of a day. Before a date or a month it may be the day of the month, and with an h a length.
    """
    found = _HOUR_FIRST.fullmatch(typed)
    if found is None:
        return typed
    day, clock = found["day"].removeprefix("on "), found["part"] or found["clock"]
    is_sure = bool(found["at"] or found["part"] or found["minute"] or found["half"] or day != found["day"])
    if not is_sure and day == "mon" and int(found["hour"]) <= LAST_HOUR:
        raise NotUnderstood(f"“{typed}” can be an hour or a length: type “mon {clock}” or a date.")
    may_be_a_date = dates.POINTED.fullmatch(clock) is not None
    pointed = dates.POINTED.fullmatch(day)
    is_said = bool(found["at"]) or day != found["day"]
    if pointed and may_be_a_date and not is_said and not pointed["rest"]:
        _refuse_two_dates(typed, found, pointed)
    is_date = dates.begins(day) or (pointed is not None and (is_said or not may_be_a_date))
    is_day = _names_a_day(day) or (is_sure and (day.startswith("next month") or is_date))
    if not is_day or not (is_sure or not clock.endswith("h")):
        return typed
    if not may_be_a_date:
        return f"{day} {clock}"
    name, _, rest = day.partition(" ")
    if words.weekday(name) is not None and CLOCK.fullmatch(rest.removeprefix("at ")):
        return f"{name} {clock} {rest}"  # "11.12 fri 9:00"
    # Behind "at" it is an hour, wherever that stands.
    return f"{day} at {clock}" if found["at"] and int(found["hour"]) <= LAST_HOUR else f"{day} {clock}"


def _refuse_two_dates(typed: str, first: re.Match[str], second: re.Match[str]) -> None:
    """Each may be the day, and the other the hour, unless no clock shows one of them."""
    minute, month = int(first["minute"]), int(second["m"])
    if int(first["hour"]) > LAST_HOUR or int(second["d"]) > LAST_HOUR or not re.search(r"\.\d{2}$", typed):
        return
    one = f"{int(first['hour'])} {words.MONTHS[minute - 1]} {second['d']}:{month:02}"
    other = f"{int(second['d'])} {words.MONTHS[month - 1]} {first['hour']}:{minute:02}"
    raise NotUnderstood(f"“{typed}” can mean two days: type “{one}” or “{other}”.")


def _names_a_day(text: str) -> bool:
    if text.startswith("next "):
        return not text.startswith("next month")
    first = text.removeprefix("this ").partition(" ")[0]
    named = first in words.NEAR_DAYS or first in _TODAY or words.weekday(first) is not None
    return named or _IN_DAYS.fullmatch(text) is not None
