"""Figures over time and by what they are split: from the sums where they are summed that way, from the facts where not, and both are the same.

A percentile is that of the nearest rank, read from the histogram, at most 2 % off; what is counted is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from analytics import metrics, rollups
from analytics.histogram import EDGES, PACKED, counts_of, middle, number_of_all, percentile
from analytics.models import Level
from analytics.queries.asked import Asked

DAY, WEEK, SLOT = "day", "week", "slot"
MOMENTS = {
    DAY: "(s.at AT TIME ZONE %(zone)s)::date",
    WEEK: "date_trunc('week', s.at AT TIME ZONE %(zone)s)::date",
    # An hour of the week: 0 is Monday's first.
    SLOT: "((extract(isodow FROM s.at AT TIME ZONE %(zone)s) - 1) * 24 + extract(hour FROM s.at AT TIME ZONE %(zone)s))::int",
}
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    count: int = 0
    hits: int = 0
    total: float = 0.0
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None

    @property
    def share(self) -> float | None:
        """Percent of hits."""
        return 100 * self.hits / self.count if self.count else None

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


NOTHING = Point()


def points(asked: Asked, kind: str, *by: str) -> dict[Key, Point]:
    """`by`: moments (DAY, WEEK, SLOT) or columns of rollups.DIMS; the keys are their values as text, empty where there is none."""
    asked = _fitting(asked, kind)
    if summed(asked, by):
        return _added_up(asked, kind, by)
    found = {}
    for row in _rows(_counted(asked, by) + _percentiles(by), _values(asked, kind, by)):
        count, hits, total, *buckets = row[len(by) :]
        p50, p90, p95 = map(_told, buckets)
        found[tuple(row[: len(by)])] = Point(count, hits, float(total) / 1000, p50, p90, p95)
    return found


def _added_up(asked: Asked, kind: str, by: Sequence[str]) -> dict[Key, Point]:
    """From the sums: their histograms are numbers, and adding those is several times quicker than taking them apart in the database."""
    names = "".join(f"g{n}, " for n in range(len(by)))
    # The histograms of a group come as one string: to fetch a row costs more than to add up what is in it.
    sql = f"""SELECT {names}sum(count)::bigint, sum(hits)::bigint, sum(total)::bigint, coalesce(string_agg({PACKED}, ''::bytea), '')
                FROM ({_summed(asked, by, "s.count, s.hits, s.total, s.low, s.lanes")}) s
               GROUP BY {names.removesuffix(", ") or "()"}"""
    found = {}
    for row in _rows(sql, _values(asked, kind, by)):
        count, hits, total, packed = row[len(by) :]
        if not count:
            continue
        histogram = counts_of(number_of_all(packed))
        p50, p90, p95 = (percentile(histogram, share) for share in (0.5, 0.9, 0.95))
        found[tuple(row[: len(by)])] = Point(count, hits, total / 1000, p50, p90, p95)
    return found


def point(asked: Asked, kind: str) -> Point:
    return points(asked, kind).get((), NOTHING)


def counts(asked: Asked, kind: str, *by: str) -> dict[Key, tuple[int, int]]:
    """(count, hits) without percentiles, which is a good deal quicker."""
    asked = _fitting(asked, kind)
    keys = "".join(f"g{n}, " for n in range(len(by)))
    sql = _counted(asked, by) + f" SELECT {keys}count, hits FROM n"
    return {tuple(row[: len(by)]): (row[-2], row[-1]) for row in _rows(sql, _values(asked, kind, by))}


def distribution(asked: Asked, kind: str) -> dict[int, int]:
    """The histogram itself: bucket → count."""
    asked = _fitting(asked, kind)
    if summed(asked, ()):
        sql = f"""SELECT coalesce(string_agg({PACKED}, ''::bytea), '') FROM ({_summed(asked, (), "s.low, s.lanes")}) s"""
        [(packed,)] = _rows(sql, _values(asked, kind, ()))
        return counts_of(number_of_all(packed))
    sql = _counted(asked, ()) + " SELECT b, sum(c) FROM h GROUP BY b"
    return {bucket: int(count) for bucket, count in _rows(sql, _values(asked, kind, ()))}


def _fitting(asked: Asked, kind: str) -> Asked:
    """What is not told in business hours is told by the calendar."""
    return asked if kind in metrics.IN_BUSINESS_HOURS else replace(asked, business=False)


def _told(bucket: int | None) -> float | None:
    return middle(bucket) if bucket is not None else None


def _level(by: Sequence[str]) -> str:
    return Level.HOUR if SLOT in by else Level.DAY


def _split(asked: Asked, by: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*asked.filters, *(name for name in by if name not in MOMENTS)]))


def summed(asked: Asked, by: Sequence[str]) -> bool:
    """Whether sums answer this, and no fact has to be read."""
    return rollups.has(_level(by), _split(asked, by))


def _values(asked: Asked, kind: str, by: Sequence[str]) -> dict[str, Any]:
    return {
        "brand": asked.brand.pk, "level": _level(by), "kind": kind, "dims": rollups.bits(_split(asked, by)), "basis": asked.basis,
        "start": asked.start, "end": asked.end, "zone": asked.brand.time_zone, "edges": list(EDGES),
        **{f"of_{name}": value for name, value in asked.filters.items()},
    }  # fmt: skip


def _keys(by: Sequence[str]) -> str:
    return "".join(
        f"coalesce(({MOMENTS.get(name, 's.' + name)})::text, '') AS g{n}, " for n, name in enumerate(by)
    )


def _chosen(asked: Asked) -> str:
    return "".join(
        f" AND s.{name} IS NULL" if value is None else f" AND s.{name} = %(of_{name})s"
        for name, value in asked.filters.items()
    )


def _summed(asked: Asked, by: Sequence[str], columns: str) -> str:
    """The sums that answer a question, each with its keys."""
    return f"""
        SELECT {_keys(by)}{columns} FROM analytics_rollup s
         WHERE s.brand_id = %(brand)s AND s.level = %(level)s AND s.kind = %(kind)s AND s.dims = %(dims)s AND s.basis = %(basis)s
           AND s.at >= %(start)s AND s.at < %(end)s{_chosen(asked)}"""


def _counted(asked: Asked, by: Sequence[str]) -> str:
    """`n`: the keys, count, hits and total of each group; `h`: its histogram. Groups are numbered (`g`), because to sort and to hash numbers is
    several times quicker than words. Names are ours; values are parameters."""
    places = ", ".join(f"g{n}" for n in range(len(by)))
    names = f"{places}, " if by else ""
    numbered = f"dense_rank() OVER (ORDER BY {places})::int" if by else "1"
    kept = "".join(f"min(g{n}) AS g{n}, " for n in range(len(by)))
    # Without any group there is one row also where there is nothing.
    first, grouped = ("g", " GROUP BY g") if by else ("1 AS g", "")
    if summed(asked, by):
        return f"""
            WITH s AS ({_summed(asked, by, "s.count, s.hits, s.total")}),
                 n AS (SELECT {names}coalesce(sum(count), 0) AS count, coalesce(sum(hits), 0) AS hits FROM s GROUP BY {places or "()"})"""
    tagged = "tag" in asked.filters or "tag" in by
    source = rollups.TAGGED if tagged else rollups.FACTS
    amount = "s.business" if asked.business else "s.value"
    known = " AND s.business IS NOT NULL" if asked.business else ""
    return f"""
        WITH r AS MATERIALIZED (
            SELECT {_keys(by)}width_bucket({amount}, %(edges)s::float8[]) AS b, count(*)::int AS c, count(*) FILTER (WHERE s.hit) AS hits,
                   coalesce(sum(round({amount} * 1000)), 0) AS total
              FROM ({source} WHERE f.brand_id = %(brand)s AND f.kind = %(kind)s AND f.at >= %(start)s AND f.at < %(end)s) s
             WHERE true{_chosen(asked)}{known} GROUP BY {names}b),
             s AS MATERIALIZED (SELECT r.*, {numbered} AS g FROM r),
             n AS (SELECT {first}, {kept}coalesce(sum(c), 0) AS count, coalesce(sum(hits), 0)::bigint AS hits,
                          coalesce(sum(total), 0)::bigint AS total FROM s{grouped}),
             h AS (SELECT g, b, c FROM s WHERE b IS NOT NULL)"""


def _percentiles(by: Sequence[str]) -> str:
    ranks = ", ".join(
        f"min(b) FILTER (WHERE upto >= greatest(1, ceil(amount * {share}))) AS p{int(share * 100)}"
        for share in (0.5, 0.9, 0.95)
    )
    keys = "".join(f"n.g{n}, " for n in range(len(by)))
    return f""",
         q AS (SELECT g, b, sum(c) OVER (PARTITION BY g ORDER BY b) AS upto, sum(c) OVER (PARTITION BY g) AS amount FROM h),
         p AS (SELECT g, {ranks} FROM q GROUP BY g)
        SELECT {keys}n.count, n.hits, n.total, p.p50, p.p90, p.p95 FROM n LEFT JOIN p ON p.g = n.g"""


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
