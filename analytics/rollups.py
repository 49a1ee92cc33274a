"""Sums of facts by day, and of agents by hour, of the brand's own time. A period is summed anew as a whole, so summing it twice is summing it once.

`Period` rows say which sums are no longer true. Whoever takes one deletes the row, and a fact that changes meanwhile waits for that to
be committed and then writes it again: no change is lost between two sums.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import IntegrityError, connection, transaction

from analytics import metrics, packing
from analytics.models import DayFacts, Labels, Level, Rollup
from analytics.packing import Facts, Label
from inbox.models import Brand

log = structlog.get_logger(__name__)
AT_ONCE = 8  # periods of one look
LATELY = timedelta(days=2)  # today by every clock, and yesterday
AGAIN = timedelta(minutes=1)  # after a try that failed; what happens is summed within as long


def rebuild_due(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Sum some of the periods that are due, those of today first: a past that is counted anew keeps nobody waiting, and of it the newest comes
    first. Returns how many had their turn; 0: nothing is due, or others are at it.

    A period that cannot be summed is logged and put off: it is the first in line at each look and would let none behind it have a turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM analytics_period WHERE due_at <= %s ORDER BY at < %s, CASE WHEN at < %s THEN at END DESC, due_at, id LIMIT %s",
            [now, now - LATELY, now - LATELY, limit],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return sum(_took(pk, now) for pk in ids)


def _took(period_id: int, now: datetime) -> bool:
    try:
        return _take(period_id)
    except IntegrityError:
        # Two periods of one day, for as long as they are of the clock of before and of the new one: the other was first, and this one waits.
        log.warning("day_summed_twice", period=period_id)
    except Exception:
        log.exception("period_not_summed", period=period_id)
    _put_off(period_id, now + AGAIN)  # where the database is away, that raises, too
    return True


def _put_off(period_id: int, until: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE analytics_period SET due_at = %s WHERE id = %s", [until, period_id])


@transaction.atomic(durable=True)
def _take(period_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM analytics_period WHERE id = (SELECT id FROM analytics_period WHERE id = %s FOR UPDATE SKIP LOCKED)
               RETURNING brand_id, level, at""",
            [period_id],
        )
        taken = cursor.fetchone()
    if taken is None:
        return False
    brand_id, level, at = taken
    zone = Brand.objects.values_list("time_zone", flat=True).get(pk=brand_id)
    rebuild(brand_id, level, at, zone)
    return True


def rebuild(brand_id: int, level: str, at: datetime, zone: str) -> None:
    """Take the place of what the period's sums were. Inside the caller's transaction."""
    begins, ends = _ends(level, at, zone)
    if level == Level.DAY:
        _rebuild_day(brand_id, begins, ends, zone)
        return
    asked: dict[str, Any] = {"brand": brand_id, "begins": begins, "ends": ends, "handle": metrics.HANDLE}
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM analytics_agenthour WHERE brand_id = %(brand)s AND at >= %(begins)s AND at < %(ends)s",
            asked,
        )
        cursor.execute(_AGENTS, asked)


def _rebuild_day(brand_id: int, begins: datetime, ends: datetime, zone: str) -> None:
    asked: dict[str, Any] = {
        "brand": brand_id,
        "begins": begins,
        "ends": ends,
        "zone": zone,
        "kinds": list(metrics.FACTS),
    }
    with connection.cursor() as cursor:
        for table in ("rollup", "dayfacts"):
            cursor.execute(
                f"DELETE FROM analytics_{table} WHERE brand_id = %(brand)s AND at >= %(begins)s AND at < %(ends)s",
                asked,
            )
        facts = _copied(cursor, asked)
        if (facts.rows["label"] == 0).any():
            cursor.execute(_NEW_LABELS, asked)
            facts = _copied(cursor, asked)
    days = packing.day_facts(facts, brand_id, begins)
    known = Labels.objects.filter(pk__in={each for row in days for each in row.labels})
    labels = {pk: Label(mood, tags) for pk, mood, tags in known.values_list("pk", "sentiment", "tags")}
    DayFacts.objects.bulk_create(days, batch_size=100)
    Rollup.objects.bulk_create(packing.rollups(facts, labels, brand_id, begins), batch_size=1000)


def _copied(cursor: Any, asked: dict[str, Any]) -> Facts:
    # Django's own cursor: the one that it puts around while it counts queries takes no values here.
    with connection.wrap_database_errors, cursor.cursor.copy(_FACTS, asked) as copy:
        return packing.read(b"".join(bytes(each) for each in copy))


def _ends(level: str, at: datetime, zone: str) -> tuple[datetime, datetime]:
    """When the hour or the day begins and when the next one does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.at, date_trunc(%(level)s, b.at + %(later)s::interval, %(zone)s) FROM date_trunc(%(level)s, %(at)s::timestamptz, %(zone)s) AS b(at)",
            # An hour later is the next hour also where clocks are changed; thirty hours after a midnight are within the next day.
            {
                "level": level,
                "at": at,
                "zone": zone,
                "later": "1 hour" if level == Level.HOUR else "30 hours",
            },
        )
        begins, ends = cursor.fetchone()
    if level == Level.HOUR:
        return begins, ends
    return _first_midnight(begins, zone), _first_midnight(ends, zone)


def _first_midnight(at: datetime, zone: str) -> datetime:
    """Where clocks go back over midnight it comes twice. PostgreSQL means the second one, while the day begins with the first."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


_OF_DAY = "f.brand_id = %(brand)s AND f.at >= %(begins)s AND f.at < %(ends)s AND f.kind = ANY(%(kinds)s)"
_MARK = "md5(f.sentiment || E'\\n' || array_to_string(f.tags, E'\\n'))"
# In order, so that two who sum different days of a brand do not wait for one another in a circle.
_NEW_LABELS = f"""
    INSERT INTO analytics_labels (brand_id, mark, sentiment, tags)
    SELECT %(brand)s, {_MARK}, f.sentiment, f.tags FROM (SELECT DISTINCT f.sentiment, f.tags FROM analytics_fact f WHERE {_OF_DAY}) f
     WHERE NOT EXISTS (SELECT FROM analytics_labels l WHERE l.brand_id = %(brand)s AND l.mark = {_MARK})
     ORDER BY 2 ON CONFLICT DO NOTHING"""
# The columns of packing.COLUMNS.
_FACTS = f"""
    COPY (SELECT array_position(%(kinds)s::text[], f.kind::text)::int2, f.channel_id, coalesce(f.person_id, 0), coalesce(f.team_id, 0), f.priority,
                 coalesce(l.id, 0), extract(hour FROM f.at AT TIME ZONE %(zone)s)::int2, (f.hit IS TRUE)::int::int2,
                 coalesce(f.value, 'NaN'), coalesce(f.business, 'NaN')
            FROM analytics_fact f LEFT JOIN analytics_labels l ON l.brand_id = f.brand_id AND l.mark = {_MARK}
           WHERE {_OF_DAY}) TO STDOUT (FORMAT BINARY)"""
# Work that overlaps is time once: multiranges say it.
_AGENTS = """
    WITH busy AS (
        SELECT person_id, (SELECT sum(extract(epoch FROM upper(r) - lower(r))) FROM unnest(ranges) AS r) AS seconds
          FROM (SELECT person_id, range_agg(tstzrange(at, until) * tstzrange(%(begins)s, %(ends)s)) AS ranges FROM analytics_fact
                 WHERE brand_id = %(brand)s AND kind = %(handle)s AND at < %(ends)s AND at > %(begins)s::timestamptz - interval '1 day'
                   AND until > %(begins)s AND person_id IS NOT NULL
                 GROUP BY person_id) w),
         there AS (
        SELECT person_id, sum(extract(epoch FROM least(ended_at, %(ends)s) - greatest(started_at, %(begins)s))) AS seconds
          FROM analytics_stretch WHERE brand_id = %(brand)s AND started_at < %(ends)s AND ended_at > %(begins)s GROUP BY person_id)
    INSERT INTO analytics_agenthour (brand_id, at, person_id, online, occupied)
    SELECT %(brand)s, %(begins)s, person_id, coalesce(round(there.seconds), 0), coalesce(round(busy.seconds), 0)
      FROM busy FULL JOIN there USING (person_id)"""


def everything(brand_id: int) -> list[tuple[Any, ...]]:
    """What stands in the sums of a brand, for comparing."""
    found: list[tuple[Any, ...]] = []
    for model in (Rollup, DayFacts):
        names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
        rows = model._default_manager.filter(brand_id=brand_id).values_list(*names)
        found += [
            tuple(bytes(each) if isinstance(each, memoryview) else each for each in row) for row in rows
        ]
    return sorted(found, key=repr)
