"""Names of time zones that both Python and PostgreSQL know."""

from __future__ import annotations

from zoneinfo import available_timezones

_OF_THE_MACHINE = {"localtime"}  # whatever the machine has; the database knows no such name


def names() -> list[str]:
    return sorted(available_timezones() - _OF_THE_MACHINE)


def is_one(name: str) -> bool:
    return name in available_timezones() - _OF_THE_MACHINE


def refusal(name: str) -> str:
    return f"“{name}” is no time zone. They are named like Europe/Berlin."
