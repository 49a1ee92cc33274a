"""Days whose sums do not hold all of their facts: something changed, and they wait to be summed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from django.db import connection
from django.db.models import Sum

from analytics.models import DayFacts, Level, Period
from analytics.queries.asked import DAY, Asked, midnight

COUNT = """
    SELECT count(*) FROM (
        SELECT 1 FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS day (kind, begins, ends)
          JOIN analytics_fact fact ON fact.kind = day.kind AND fact.at >= day.begins AND fact.at < day.ends
         WHERE fact.brand_id = %s LIMIT %s
    ) AS counted
"""


def days(asked: Asked) -> list[date]:
    """Those of the days that are asked for, in order."""
    found = Period.objects.filter(brand=asked.brand, level=Level.DAY, at__gte=asked.start, at__lt=asked.end)
    return sorted({at.astimezone(asked.zone).date() for at in found.values_list("at", flat=True)})


def facts_of(asked: Asked, waiting: Sequence[date], kinds: Collection[str], *, most: int) -> int:
    """About how many they have, whatever is filtered: as many as when they were summed last. Those of days that never were are counted, as
    far as one more than `most`."""
    if not waiting:
        return 0
    begins = {midnight(day, asked.zone): midnight(day + DAY, asked.zone) for day in waiting}
    found = DayFacts.objects.filter(brand=asked.brand, kind__in=kinds, at__in=begins)
    summed = {
        (at, kind): number for at, kind, number in found.values_list("at", "kind").annotate(all=Sum("count"))
    }
    never = [(kind, *span) for kind in kinds for span in begins.items() if (span[0], kind) not in summed]
    return int(sum(summed.values())) + _counted(asked, never, most)


def _counted(asked: Asked, never: Sequence[tuple[str, datetime, datetime]], most: int) -> int:
    if not never:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT, [*(list(column) for column in zip(*never, strict=True)), asked.brand.pk, most + 1]
        )
        return int(cursor.fetchone()[0])


def stretches(asked: Asked, waiting: Sequence[date]) -> Iterator[tuple[date, date, bool]]:
    """All days that are asked for, cut where one that waits follows one that is summed or the other way round: first, last, whether they are summed."""
    begins = asked.first
    for place, day in enumerate(waiting):
        if waiting[place - 1 : place] != [day - DAY]:
            if begins < day:
                yield begins, day - DAY, True
            begins = day
        if waiting[place + 1 : place + 2] != [day + DAY]:
            yield begins, day, False
            begins = day + DAY
    if begins <= asked.last:
        yield begins, asked.last, True
