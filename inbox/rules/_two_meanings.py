"""What was typed and can mean two things is not guessed: the refusal says what to type for each."""

from __future__ import annotations

import re
from datetime import date

from inbox.rules import _calendar_words as words
from inbox.rules._typed_clock import LAST_HOUR, NotUnderstood

_NUMBER = re.compile(r"\d{1,2}")
_WITH_H = re.compile(r"(\d{1,2})\s?h(\d{2})")
_WITH_POINT = re.compile(r"(\d{1,2})\.(\d{2})")


def refuse(typed: str, *, today: date) -> None:
    """Raises NotUnderstood where the whole of it can mean two things."""
    _a_number_alone(typed)
    _an_hour_or_a_length(typed)
    an_hour_or_a_day(typed, today=today)


def _a_number_alone(typed: str) -> None:
    """What no clock shows is a length, and none lasts nothing."""
    if not _NUMBER.fullmatch(typed):
        return
    number = int(typed)
    if number > LAST_HOUR:
        raise NotUnderstood(f"“{typed}” can be minutes or hours: type “{number}m” or “{number}h”.")
    if number == 0:
        raise NotUnderstood(f"“{typed}” is no length. For midnight type “0:00”.")
    raise NotUnderstood(f"“{typed}” can be an hour or a length: type “{number}:00” or “in {number}h”.")


def _an_hour_or_a_length(typed: str) -> None:
    """ "14h30" is half past two, and more than half a day. Of "1h30" nobody thinks the first, and a number with nothing but an h is a length."""
    both = _WITH_H.fullmatch(typed)
    if both and 5 <= int(both[1]) <= LAST_HOUR and int(both[2]) <= 59:
        hour, minute = both.groups()
        raise NotUnderstood(
            f"“{typed}” can be an hour or a length: type “{hour}:{minute}” or “{hour}h {minute}m”."
        )


def an_hour_or_a_day(typed: str, *, today: date, weekday: str = "") -> None:
    """ "5.12" is an hour where clocks are written so, and a day in December. "14.30" is no day, and "24.11" no hour. `weekday`: stands with it, as in
    "fri 11.12", which is as often the date of that Friday as its hour."""
    both = _WITH_POINT.fullmatch(typed)
    if not both or not 1 <= int(both[1]) <= 31 or not 1 <= int(both[2]) <= 12:
        return
    number, minute = both.groups()
    coming = _coming(int(number), int(minute), today)
    if int(number) > LAST_HOUR and coming is None:
        return  # "30.02" is neither, and is refused as the hour that it would be
    day = f"“{int(number)} {words.MONTHS[int(minute) - 1]}”"
    meant = words.weekday(weekday.removeprefix("next "))
    if coming and meant not in (None, coming.weekday()):
        day += f", which is a {words.DAYS[coming.weekday()].title()}"
    if int(number) > LAST_HOUR:
        raise NotUnderstood(f"“{typed}” is no time of day: hours go to {LAST_HOUR}. For the day type {day}.")
    hour, whole = f"{int(number)}:{minute}", typed
    if weekday:
        hour, whole = f"{weekday} {hour}", f"{weekday} {typed}"
    raise NotUnderstood(f"“{whole}” can be an hour or a day: type “{hour}” or {day}.")


def _coming(number: int, month: int, today: date) -> date | None:
    """That day within a year, if there is one."""
    for year in (today.year, today.year + 1):
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if day >= today:
            return day
    return None
