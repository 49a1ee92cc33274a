"""When a brand works, and by which clock its days are counted. Clocks that run under hours that change are counted anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from inbox import events
from inbox.actions import _looking, _saved_views, _view_cursor
from inbox.models import Brand, BusinessHours, Holiday, Person
from inbox.queries import view_names
from inbox.rules import zones

Intervals = Sequence[Sequence[int]]


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save(
    *, brand: Brand, hours: BusinessHours | None, name: str, time_zone: str, week: Mapping[str, Intervals],
    holidays: Sequence[tuple[date, str, Intervals]], by: Person, now: datetime,
) -> BusinessHours:  # fmt: skip
    """New hours, or other times for those there are."""
    _view_cursor.held(brand.pk)
    with events.ledger(brand.pk) as ledger:
        with _days_of(brand):
            row = write(
                brand=brand, hours=hours, name=name, time_zone=time_zone, week=week, holidays=holidays
            )
        _looking.begin_again(ledger, what="hours", by=by, now=now)
    return row


def write(
    *, brand: Brand, hours: BusinessHours | None, name: str, time_zone: str, week: Mapping[str, Intervals],
    holidays: Sequence[tuple[date, str, Intervals]],
) -> BusinessHours:  # fmt: skip
    """Without looking at anything anew. Raises Refused for a name that other hours have."""
    if BusinessHours.objects.filter(brand=brand, name=name).exclude(pk=hours.pk if hours else 0).exists():
        raise Refused(f"There are hours called “{name}” already.")
    row = hours or BusinessHours(brand=brand)
    row.name, row.time_zone, row.week = name, time_zone, dict(week)
    row.save(update_fields=["name", "time_zone", "week"] if hours else None)
    Holiday.objects.filter(hours=row).delete()
    Holiday.objects.bulk_create(
        [
            Holiday(hours=row, day=day, name=told, intervals=list(intervals))
            for day, told, intervals in holidays
        ]
    )
    # Other times are another promise: clocks that ended under it say that it was the version before.
    row.policies.update(version=F("version") + 1)
    return row


@transaction.atomic(durable=True)
def remove(*, hours: BusinessHours, by: Person, now: datetime) -> None:
    """Only hours that no promise is kept by."""
    _view_cursor.held(hours.brand_id)
    with events.ledger(hours.brand_id):
        used = list(hours.policies.values_list("name", flat=True)[:3])
        if used:
            raise Refused(f"“{used[0]}” still counts by these hours. Give it other hours first.")
        with _days_of(hours.brand):
            hours.delete()


@transaction.atomic
def move_days(*, brand: Brand, time_zone: str) -> bool:
    """The brand's days are those of this zone from now on. Whoever counts figures finds it within a minute and counts them anew. Returns whether it
    was another; nothing is written where it was not. The hours keep their own zone."""
    if not zones.is_one(time_zone):
        raise Refused(zones.refusal(time_zone))
    _view_cursor.held(brand.pk)
    with _days_of(brand):
        changed = bool(
            Brand.objects.filter(pk=brand.pk).exclude(time_zone=time_zone).update(time_zone=time_zone)
        )
        brand.time_zone = time_zone
    return changed


@contextmanager
def _days_of(brand: Brand) -> Iterator[None]:
    """The days of a brand's lists are those of its first hours, or its own where it keeps none. Where they begin at another time after the block, views that ask for days hold something
    else, and are counted anew. The counters' lock is held."""
    zone = view_names.zone_of(brand)
    yield
    if view_names.zone_of(brand) != zone:
        _saved_views.alone(brand.pk)
        _saved_views.count_anew(brand.pk, where=lambda query: query.asks_days)
