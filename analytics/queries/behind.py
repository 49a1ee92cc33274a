"""What is behind a figure: the very facts that it counts, each with its conversation, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from analytics import metrics
from analytics.histogram import BARS, FIRST_OF_BAR
from analytics.metrics import Metric
from analytics.queries import one_moment, series, slots, waits
from analytics.queries.asked import FIRST_DAY, LAST_DAY, Asked
from inbox.rules.cleaning import clean

PAGE = 50
AT_ONCE = 200_000  # facts that may be counted one by one for a page
_LAST = len(BARS)
# An hour of the week, as series.SLOT counts them.
_SLOT = "((extract(isodow FROM f.at AT TIME ZONE %(zone)s) - 1) * 24 + extract(hour FROM f.at AT TIME ZONE %(zone)s))::int"


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which of the facts. `bar`: between two edges of the distribution, 0 is below the first; `open_on`: begun and not over at the end of the day."""

    metric: Metric
    hit: bool | None = None
    bar: int | None = None
    slot: int | None = None
    mood: str | None = None
    open_on: date | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    id: int
    source: int
    at: datetime
    value: float | None
    hit: bool | None
    person: str
    public_id: str
    contact: str
    channel_id: int
    state: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Shown]
    more: str  # cursor of the next page; empty: there is none


class NotUnderstood(ValueError):
    """The address names nothing that can be shown."""


def read(told: Mapping[str, str]) -> Narrow:
    metric = metrics.METRICS.get(told.get("metric", ""))
    if metric is None or not metric.fact:
        raise NotUnderstood("There is no such figure. Open it from its page.")
    try:
        return Narrow(
            metric,
            hit={"1": True, "0": False}.get(told.get("hit", "")),
            bar=_number(told.get("bar"), _LAST),
            slot=_number(told.get("slot"), 7 * 24 - 1),
            mood=None if not told.get("mood") else "" if told["mood"] == "none" else clean(told["mood"][:8]),
            open_on=_day(told.get("open_on")),
        )
    except ValueError:
        raise NotUnderstood("This address is no longer understood. Open the figure from its page.") from None


def _number(text: str | None, most: int) -> int | None:
    if not text:
        return None
    if (number := int(text)) > most or number < 0:
        raise ValueError(text)
    return number


def _day(text: str | None) -> date | None:
    if not text:
        return None
    if not FIRST_DAY <= (day := date.fromisoformat(text)) <= LAST_DAY:
        raise ValueError(text)
    return day


def count(asked: Asked, narrow: Narrow) -> int:
    """How many there are, as the chart says it: from the sums."""
    kind = narrow.metric.fact
    if narrow.open_on is not None:
        return backlog(asked, narrow.open_on)
    if narrow.mood:
        asked = asked.narrowed("sentiment", narrow.mood)
    elif narrow.mood == "":
        asked = asked.narrowed("sentiment", "")
    if narrow.slot is not None:
        number, hits = series.counts(asked, kind, series.SLOT).get((str(narrow.slot),), (0, 0))
    elif narrow.bar is not None:
        return bars(series.distribution(asked, kind))[narrow.bar]
    else:
        number, hits = series.counts(asked, kind).get((), (0, 0))
    return number if narrow.hit is None else hits if narrow.hit else number - hits


def look(asked: Asked, narrow: Narrow, *, after: str = "") -> tuple[int | None, Page]:
    """How many there are and a page of them, both of one moment: what the sums do not hold yet is counted as it is listed. None: too many wait to
    be summed to be counted for a page."""
    with one_moment.read():
        number = _exactly(asked, narrow)
        # To find none among the facts would take reading all of them.
        return number, page(asked, narrow, after=after) if number != 0 else Page([], "")


def _exactly(asked: Asked, narrow: Narrow) -> int | None:
    """Where no day waits, what `count` says."""
    terms = [(1, narrow)]
    if narrow.open_on is not None:
        asked = asked.within(FIRST_DAY, narrow.open_on)
        terms = [
            (1, Narrow(metrics.METRICS[metrics.OPENED])),
            (-1, Narrow(metrics.METRICS[metrics.RESOLUTION])),
        ]
    waiting = waits.days(asked)
    if waits.facts_of(asked, waiting, [term.metric.fact for _, term in terms], most=AT_ONCE) > AT_ONCE:
        return None
    number = 0
    for first, last, is_summed in waits.stretches(asked, waiting):
        part = asked.within(first, last)
        number += sum(sign * (count(part, term) if is_summed else _told(part, term)) for sign, term in terms)
    return number


def _told(asked: Asked, narrow: Narrow) -> int:
    where, values = _where(asked, narrow)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM analytics_fact f WHERE {where}", values)
        return int(cursor.fetchone()[0])


def backlog(asked: Asked, day: date) -> int:
    """All that had begun by the end of the day, less what was resolved by then. Read for a page once, up to its last day."""
    until = replace(asked, first=date(2000, 1, 1), last=max(day, asked.last))
    begun, resolved = (
        sum(
            count
            for (at,), (count, _) in series.counts(until, kind, series.DAY).items()
            if at <= day.isoformat()
        )
        for kind in (metrics.OPENED, metrics.RESOLUTION)
    )
    return begun - resolved


def bars(distribution: Mapping[int, int]) -> list[int]:
    """The histogram in the bars that people see; the first is below the first edge, the last above the last."""
    found = [0] * (_LAST + 1)
    for bucket, number in distribution.items():
        found[sum(bucket >= first for first in FIRST_OF_BAR)] += number
    return found


def page(asked: Asked, narrow: Narrow, *, after: str = "", size: int = PAGE) -> Page:
    where, values = _where(asked, narrow)
    if place := _place(after):
        where += " AND (f.at, f.id) < (%(at)s, %(id)s)"
        values |= {"at": place[0], "id": place[1]}
    amount = "f.business" if asked.business and narrow.metric.business else "f.value"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT f.id, f.source, f.at, {amount}, f.hit, coalesce(nullif(p.name, ''), p.email, ''), c.public_id::text,
                       coalesce(nullif(c.contact_name, ''), c.thread_key), c.channel_id, c.state, f.tags
                  FROM ({_newest(where, size, by_hours=narrow.slot is not None)}) f
                  JOIN inbox_conversation c ON c.id = f.conversation_id
                  LEFT JOIN inbox_person p ON p.id = f.person_id
                 ORDER BY f.at DESC, f.id DESC""",
            values,
        )
        rows = [Shown(*row) for row in cursor.fetchall()]
    more = f"{rows[size - 1].at.timestamp():.6f}_{rows[size - 1].id}" if len(rows) > size else ""
    return Page(rows[:size], more)


def _newest(where: str, size: int, *, by_hours: bool) -> str:
    """The facts of a page. `by_hours`: hour by hour, for those of one hour of the week are few among all that happened in the period, and fewer
    still beside another filter."""
    newest = f"ORDER BY f.at DESC, f.id DESC LIMIT {size + 1}"
    if not by_hours:
        return f"SELECT * FROM analytics_fact f WHERE {where} {newest}"
    return f"""SELECT f.* FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS hour (begins, ends)
                 CROSS JOIN LATERAL (
                     SELECT * FROM analytics_fact f WHERE {where} AND f.at >= hour.begins AND f.at < hour.ends {newest}) f
                {newest}"""


def _place(after: str) -> tuple[datetime, int] | None:
    at, _, pk = after.partition("_")
    try:
        return datetime.fromtimestamp(float(at), UTC), int(pk)
    except (ValueError, OverflowError, OSError):
        return None


def _where(asked: Asked, narrow: Narrow) -> tuple[str, dict[str, Any]]:
    """The same conditions as in `count`, on the facts themselves."""
    values: dict[str, Any] = {
        "brand": asked.brand.pk, "kind": narrow.metric.fact, "start": asked.start, "end": asked.end, "zone": asked.brand.time_zone,
        "slot": narrow.slot, "mood": narrow.mood,
        **{f"of_{name}": value for name, value in asked.filters.items()},
    }  # fmt: skip
    where = "f.brand_id = %(brand)s AND f.kind = %(kind)s"
    if narrow.open_on is not None:
        values["end"] = asked.within(narrow.open_on, narrow.open_on).end
        where += " AND f.at < %(end)s AND (f.until IS NULL OR f.until >= %(end)s)"
    else:
        where += " AND f.at >= %(start)s AND f.at < %(end)s"
    for name, value in asked.filters.items():
        if name == "tag":
            where += " AND f.tags = '{}'" if value == "" else " AND %(of_tag)s = ANY(f.tags)"
        else:
            where += f" AND f.{name} IS NULL" if value is None else f" AND f.{name} = %(of_{name})s"
    if narrow.hit is not None:  # said as the index of missed ones says it: a value could be either
        where += " AND f.hit" if narrow.hit else " AND NOT f.hit"
    if narrow.mood is not None:
        where += " AND f.sentiment = %(mood)s"
    if narrow.slot is not None:
        where += f" AND {_SLOT} = %(slot)s"
        values["begins"], values["ends"] = slots.hours(asked, narrow.slot)
    amount = "f.business" if asked.business and narrow.metric.business else "f.value"
    if narrow.bar is not None:
        if narrow.bar > 0:
            where += f" AND {amount} >= %(low)s"
            values["low"] = BARS[narrow.bar - 1]
        if narrow.bar < _LAST:
            where += f" AND {amount} < %(high)s"
            values["high"] = BARS[narrow.bar]
    return where, values
