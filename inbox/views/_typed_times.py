"""Times as people type them: in their own time zone and the brand's hours, and said back in words."""

from __future__ import annotations

from datetime import datetime

from inbox.models import Brand, Person
from inbox.queries import opening_hours
from inbox.rules import snooze_times
from inbox.rules.snooze_times import Snooze


def read(typed: str, person: Person, brand: Brand, now: datetime) -> Snooze:
    """Raises snooze_times.NotUnderstood, which says what to type."""
    zone = person.zone
    return snooze_times.parse(typed, now=now, zone=zone, opens=opening_hours.opening_of(brand, zone))


def words(found: Snooze, person: Person, now: datetime) -> str:
    if found.until is None:
        return "until the customer writes"
    said = snooze_times.say(found.until, now=now, zone=person.zone)
    return f"{said} (closed that day)" if found.closed else said
