"""Sums of facts by hour and day of the brand's own time. A period is summed anew as a whole, so summing it twice is summing it once.

`Period` rows say which sums are no longer true. Whoever takes one deletes the row, and a fact that changes meanwhile waits for that to
be committed and then writes it again: no change is lost between two sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from analytics import metrics
from analytics.histogram import EDGES
from analytics.models import Level
from inbox.models import Brand

AT_ONCE = 8  # periods of one look
LATELY = timedelta(days=2)  # today by every clock, and yesterday
DIMS = ("channel_id", "person_id", "team_id", "priority", "sentiment", "tag")
TYPES = dict(zip(DIMS, ("bigint", "bigint", "bigint", "smallint", "text", "text"), strict=True))
BITS = {name: 1 << place for place, name in enumerate(DIMS)}
# A day is also split by two things at once, so that a page with one filter can be split once more without reading a single fact.
SETS: dict[str, tuple[tuple[str, ...], ...]] = {
    Level.HOUR: ((), *((name,) for name in DIMS)),
    Level.DAY: ((), *((name,) for name in DIMS), *combinations(DIMS, 2)),
}
CALENDAR, BUSINESS = 0, 1


def bits(names: Sequence[str]) -> int:
    return sum(BITS[name] for name in names)


def has(level: str, names: Sequence[str]) -> bool:
    """Whether the facts are summed by just these things."""
    return any(set(each) == set(names) for each in SETS[level])


def rebuild_due(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Sum some of the periods that are due, those of today first: a past that is counted anew keeps nobody waiting. Returns how many; 0:
    nothing is due, or others are at it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM analytics_period WHERE due_at <= %s ORDER BY at < %s, due_at, id LIMIT %s",
            [now, now - LATELY, limit],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return sum(_take(pk) for pk in ids)


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
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM analytics_rollup WHERE brand_id = %s AND level = %s AND at >= %s AND at < %s",
            [brand_id, level, begins, ends],
        )
        plain = [each for each in SETS[level] if "tag" not in each]
        tagged = [each for each in SETS[level] if "tag" in each]
        for sets, source in ((plain, FACTS), (tagged, TAGGED)):
            cursor.execute(
                _sum(sets, source),
                {
                    "brand": brand_id,
                    "level": level,
                    "begins": begins,
                    "ends": ends,
                    "edges": list(EDGES),
                    "kinds": list(metrics.FACTS),
                    "zeros": bytes(4 * len(EDGES)),
                },
            )
        if level == Level.HOUR:
            cursor.execute(
                "DELETE FROM analytics_agenthour WHERE brand_id = %s AND at >= %s AND at < %s",
                [brand_id, begins, ends],
            )
            cursor.execute(
                _AGENTS, {"brand": brand_id, "begins": begins, "ends": ends, "handle": metrics.HANDLE}
            )


def _ends(level: str, at: datetime, zone: str) -> tuple[datetime, datetime]:
    """When the hour or the day begins and when the next one does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT date_trunc(%s, %s::timestamptz, %s), date_trunc(%s, %s::timestamptz + %s::interval, %s)",
            # An hour later is the next hour also where clocks are changed; a day and a half later is within the next day.
            [level, at, zone, level, at, "1 hour" if level == Level.HOUR else "30 hours", zone],
        )
        begins, ends = cursor.fetchone()
    if level == Level.HOUR:
        return begins, ends
    return _first_midnight(begins, zone), _first_midnight(ends, zone)


def _first_midnight(at: datetime, zone: str) -> datetime:
    """Where clocks go back over midnight it comes twice. PostgreSQL means the second one, while the day begins with the first."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


FACTS = "SELECT f.*, NULL::text AS tag FROM analytics_fact f"
TAGGED = "SELECT f.*, t.tag FROM analytics_fact f CROSS JOIN unnest(CASE WHEN f.tags = '{}' THEN '{\"\"}' ELSE f.tags END) AS t(tag)"


def _sum(sets: Sequence[Sequence[str]], source: str) -> str:
    """One pass over the facts for all the ways in which they are split. Names are ours; values are parameters."""
    grouping = ", ".join("(" + ", ".join(["kind", "basis", "b", *each]) + ")" for each in sets)
    split = {name for each in sets for name in each}
    mask = " + ".join(f"(1 - GROUPING({name})) * {bit}" for name, bit in BITS.items() if name in split)
    names = ", ".join(DIMS)
    grouped = ", ".join(name if name in split else f"NULL::{TYPES[name]} AS {name}" for name in DIMS)
    return f"""
        INSERT INTO analytics_rollup (brand_id, level, at, kind, dims, basis, {names}, count, hits, total, low, lanes)
        SELECT %(brand)s, %(level)s, %(begins)s, kind, dims, basis, {names}, sum(n), sum(hits), sum(total), coalesce(min(b), 0),
               coalesce(string_agg(int4send(n) || substr(%(zeros)s::bytea, 1, 4 * coalesce(gap, 0)), ''::bytea ORDER BY b DESC)
                        FILTER (WHERE b IS NOT NULL), '')
          FROM (SELECT g.*, b - lag(b) OVER (PARTITION BY kind, dims, basis, {names} ORDER BY b) - 1 AS gap
                  FROM (SELECT kind, basis, b, ({mask})::smallint AS dims, {grouped}, count(*)::int AS n,
                               (count(*) FILTER (WHERE hit))::int AS hits, coalesce(sum(round(amount * 1000)), 0)::bigint AS total
                          FROM (SELECT f.kind, v.basis, v.amount, f.hit, {", ".join(f"f.{name}" for name in DIMS)},
                                       width_bucket(v.amount, %(edges)s::float8[])::smallint AS b
                                  FROM ({source} WHERE f.brand_id = %(brand)s AND f.at >= %(begins)s AND f.at < %(ends)s
                                                   AND f.kind = ANY(%(kinds)s)) f
                                 CROSS JOIN LATERAL (SELECT 0::smallint AS basis, f.value AS amount
                                                      UNION ALL SELECT 1::smallint, f.business WHERE f.business IS NOT NULL) v) s
                         GROUP BY GROUPING SETS ({grouping})) g) e
         GROUP BY kind, dims, basis, {names}"""


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


def waiting(*, now: datetime) -> bool:
    """Whether a period is due."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM analytics_period WHERE due_at <= %s)", [now])
        return bool(cursor.fetchone()[0])


def everything(rows: str = "analytics_rollup") -> list[tuple[Any, ...]]:
    """What stands in the sums, for comparing."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT brand_id, level, at, kind, dims, basis, {', '.join(DIMS)}, count, hits, total, low, lanes FROM {rows}"
        )
        return sorted(((*row[:-1], bytes(row[-1])) for row in cursor.fetchall()), key=repr)
