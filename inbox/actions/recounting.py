"""The nightly count: what the counters say against what is there. What differs is repaired, and told.

Rows and counters are compared by one statement, which sees both at one instant: whoever writes meanwhile need not wait, and is not
mistaken for a fault. A difference that it finds is a constant, so adding it is right even after the counter has moved on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

import structlog
from django.db import transaction

from inbox.actions import _by_brand, _sql, _view_cursor, counting
from inbox.models import Brand, ViewCursor
from inbox.queries import view_counting, view_names

log = structlog.get_logger(__name__)
AT = time(3, 30)  # by the brand's own clock
BATCH = 1000  # conversations of one transaction

_BUILT_IN = """
WITH counted AS (
    SELECT w.view, count(*) AS total, count(*) FILTER (WHERE c.unread_count > 0) AS unread
      FROM inbox_conversation c, inbox_views_of(c.state, c.assignee_id, c.channel_id) AS w(view)
     WHERE c.brand_id = %(brand)s GROUP BY 1),
kept AS (SELECT view, total, unread FROM inbox_viewcount WHERE brand_id = %(brand)s AND view NOT LIKE 'saved:%%')
"""
_SAVED = """
WITH counted AS (
    SELECT k.key AS view, count(*) AS total, count(*) FILTER (WHERE c.unread) AS unread
      FROM inbox_countedconversation c, unnest(c.keys) AS k(key) WHERE c.brand_id = %(brand)s GROUP BY 1),
kept AS (SELECT view, total, unread FROM inbox_viewcount WHERE brand_id = %(brand)s AND view LIKE 'saved:%%')
"""
_DIFFERENCE = """
SELECT view, coalesce(kept.total, 0) - coalesce(counted.total, 0), coalesce(kept.unread, 0) - coalesce(counted.unread, 0)
  FROM counted FULL JOIN kept USING (view)
 WHERE (coalesce(kept.total, 0), coalesce(kept.unread, 0)) <> (coalesce(counted.total, 0), coalesce(counted.unread, 0))
 ORDER BY view
"""
_REPAIR = """
INSERT INTO inbox_viewcount AS v (brand_id, view, total, unread)
SELECT %s, m.view, -m.total, -m.unread FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS m (view, total, unread) ORDER BY 2
ON CONFLICT (brand_id, view) DO UPDATE SET total = v.total + excluded.total, unread = v.unread + excluded.unread
"""
_REPORT = """
INSERT INTO inbox_viewdrift AS d (brand_id, found_on, view, label, total, unread)
SELECT %s, %s, m.* FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS m
ON CONFLICT (brand_id, found_on, view) DO UPDATE SET total = d.total + excluded.total, unread = d.unread + excluded.unread
"""


@dataclass(frozen=True, slots=True)
class Off:
    """A counter that was wrong: so many too many."""

    view: str
    total: int
    unread: int


def due(*, now: datetime) -> list[int]:
    """Brands whose night it is and whose counters have not been counted yet tonight."""
    found = []
    for brand in Brand.objects.select_related("view_cursor").order_by("pk"):
        night = now.astimezone(view_names.zone_of(brand))
        cursor = getattr(brand, "view_cursor", None)
        if night.time() >= AT and (cursor is None or cursor.reconciled_on != night.date()):
            found.append(brand.pk)
    return found


def recount_due(
    *, clock: Callable[[], datetime], is_over: Callable[[], bool]
) -> Iterator[tuple[int, list[Off]]]:
    """Brand by brand until it `is_over`, as (brand, what was wrong of the counters). One that cannot be counted holds up no other."""
    for brand_id in due(now=clock()):
        if is_over():
            return
        counted = list[list[Off]]()
        _by_brand.work(brand_id, partial(_recount, counted, brand_id, clock, is_over), now=clock())
        yield from ((brand_id, off) for off in counted)


def _recount(
    counted: list[list[Off]], brand_id: int, clock: Callable[[], datetime], is_over: Callable[[], bool]
) -> None:
    while recount_batch(brand_id=brand_id, now=clock()):
        if is_over():
            return
    counted.append(compare(brand_id=brand_id, now=clock()))


@transaction.atomic(durable=True)
def recount_batch(*, brand_id: int, now: datetime, limit: int = BATCH) -> bool:
    """Look at the next conversations whether they are counted where they belong. False: all have been looked at.

    What has news that is still to be followed, or a turn that is due, is not wrong but early.
    """
    cursor = _view_cursor.held(brand_id)
    counters = view_counting.of_brand(cursor.brand, now)
    ids, last = view_counting.settled(
        brand_id, after=cursor.reconciled_after, seq=cursor.seq, now=now, limit=limit
    )
    if counters.views and ids:
        moved = counting.look(counters, brand_id, ids, now, upto=cursor.seq)
        off = [
            Off(key, -by, -moved.unread[key]) for key, by in moved.total.items() if by or moved.unread[key]
        ]
        counting.move(brand_id, moved)
        _report(brand_id, off, _tonight(cursor.brand, now), counters)
        if off:
            counting.tell(cursor)
    ViewCursor.objects.filter(pk=brand_id).update(reconciled_after=last or 0)
    return last is not None and bool(counters.views)


@transaction.atomic(durable=True)
def compare(*, brand_id: int, now: datetime) -> list[Off]:
    """Every counter against its rows; what is wrong is repaired and told. The night is done with that."""
    cursor = _view_cursor.held(brand_id)
    off = [Off(*row) for part in (_BUILT_IN, _SAVED) for row in _sql.rows(part + _DIFFERENCE, {"brand": brand_id})]  # fmt: skip
    if off:
        _sql.run(
            _REPAIR, [brand_id, *_sql.columns([(each.view, each.total, each.unread) for each in off], 3)]
        )
        counting.tell(cursor)
    _report(brand_id, off, _tonight(cursor.brand, now), view_counting.of_brand(cursor.brand, now))
    ViewCursor.objects.filter(pk=brand_id).update(
        reconciled_on=_tonight(cursor.brand, now), reconciled_after=0
    )
    return off


def _tonight(brand: Brand, now: datetime) -> date:
    return now.astimezone(view_names.zone_of(brand)).date()


def _report(brand_id: int, off: Iterable[Off], on: date, counters: view_counting.Counters) -> None:
    """A counter of a view that is no more, or asks something else now, is nobody's: it is put right and not told."""
    names = {counted.view.count_key: counted.view.name for counted, _ in counters.views}
    told = []
    for each in off:
        label = names.get(view_counting.view_of(each.view)) if each.view.startswith("saved:") else each.view
        if label is not None:
            told.append((each.view, label[:80], each.total, each.unread))
            log.warning("view_counter_drifted", brand=brand_id, view=each.view, label=label, total=each.total, unread=each.unread)  # fmt: skip
    if told:
        _sql.run(_REPORT, [brand_id, on, *_sql.columns(told, 4)])
