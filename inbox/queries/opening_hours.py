"""When a brand opens, for whoever says "tomorrow" and no hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from inbox.models import Brand, BusinessHours
from inbox.rules import snooze_times
from inbox.rules.business_hours import Hours


def of_brand(brand: Brand) -> BusinessHours | None:
    """The hours of its first promise that keeps any, or else the first it has."""
    kept = BusinessHours.objects.filter(brand=brand).prefetch_related("holidays")
    promised = kept.filter(policies__is_active=True).order_by("policies__position", "policies__pk").first()
    return promised or kept.order_by("pk").first()


def read(row: BusinessHours) -> Hours:
    return Hours.read(
        time_zone=row.time_zone,
        week=row.week,
        holidays=[(each.day, each.name, each.intervals) for each in row.holidays.all()],
    )


def opening_of(brand: Brand, zone: ZoneInfo) -> Callable[[date], datetime | None]:
    """A brand that keeps no hours, or does not close the night before, opens at a usual one, by the person's own clock."""
    row = of_brand(brand)
    return partial(_opens, read(row) if row else None, zone)


def _opens(hours: Hours | None, zone: ZoneInfo, day: date) -> datetime | None:
    usual = snooze_times.instant(day, snooze_times.WITHOUT_HOURS, zone)
    if hours is None:
        return usual
    return hours.opening(day, zone) or (usual if hours.works(usual) else None)
