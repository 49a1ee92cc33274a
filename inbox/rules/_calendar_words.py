"""Names of days, months and hours, as they are typed."""

from __future__ import annotations

from datetime import time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
AFTER_REPLY = frozenset(
    {"after reply", "after a reply", "after the reply", "reply", "on reply", "they reply", "customer replies", "customer writes"}
)  # fmt: skip
NEAR_DAYS = {"today": 0, "tomorrow": 1, "tmr": 1, "tom": 1}
HOURS_OF_TODAY = {
    "tonight": "evening", "noon": "noon", "midday": "noon", "afternoon": "afternoon", "evening": "evening", "eod": "eod",
}  # fmt: skip
PARTS_OF_DAY = {
    "noon": time(12), "midday": time(12), "afternoon": time(14), "eod": time(17), "evening": time(18), "night": time(20),
}  # fmt: skip
EARLIEST = {
    "tonight": 17,
    "evening": 16,
}  # hours that can be meant behind these; behind the others: from noon on
_SHORTEST = 3


def weekday(name: str) -> int | None:
    """Monday is 0. "tue", "tues" and "tuesday" are all Tuesday."""
    return _starts(name, _DAY_NAMES)


def month(name: str) -> int | None:
    """January is 1."""
    found = _starts(name, _MONTH_NAMES)
    return None if found is None else found + 1


def _starts(name: str, names: tuple[str, ...]) -> int | None:
    if len(name) < _SHORTEST:
        return None
    return next((index for index, each in enumerate(names) if each.startswith(name)), None)
