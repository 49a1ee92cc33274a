"""The counters of saved views follow the brand's events and the clock. Nobody ever counts when a page is opened.

Which views a conversation is counted in is a row (CountedConversation). Looking at a conversation anew moves each counter by what
differs from that row, so looking twice changes nothing, and it does not matter in which order or how late one looks. The
brand's cursor row is the lock: one counts at a time, and nobody who writes to a conversation waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction

from inbox.actions import _by_brand, _sql, _view_cursor
from inbox.models import Brand, CountedConversation, SavedView, ViewCursor
from inbox.queries import view_counting, view_names, view_rows, view_words
from inbox.queries.view_counting import Counters

BATCH = 500  # events
FILLED = 1000  # conversations of one transaction while a new view is filled


@dataclass(slots=True)
class Counts:
    """Counters that changed, as they are now. `told`: the number of this change. `more`: there is something left to do."""

    brand_id: int
    changed: dict[str, tuple[int, int]] = field(default_factory=dict)
    told: int = 0
    more: bool = False


@transaction.atomic(durable=True)
def follow(*, brand_id: int, now: datetime, limit: int = BATCH) -> Counts:
    """Count what the next events have changed."""
    cursor = _view_cursor.held(brand_id)
    ids, upto = view_counting.news(brand_id, cursor.seq, limit=limit)
    counts = _count(cursor, ids, now)
    ViewCursor.objects.filter(pk=brand_id).update(seq=upto)
    counts.more = upto > cursor.seq
    return counts


@transaction.atomic(durable=True)
def turn(*, brand_id: int, conversation_ids: Iterable[int], now: datetime) -> Counts:
    """Count what time has changed: what is due within the hour now, what has waited long enough, what is no longer of today."""
    return _count(_view_cursor.held(brand_id), sorted(conversation_ids), now)


def turn_each(
    turned: Mapping[int, Sequence[int]], *, clock: Callable[[], datetime], failed: set[int]
) -> Iterator[Counts]:
    """The same of many brands, by brand. `failed`: gets those that cannot be counted, and hold up no other."""
    for brand_id, ids in turned.items():
        found, now = list[Counts](), clock()
        if not _by_brand.work(brand_id, partial(_turn_into, found, brand_id, ids, now), now=now):
            failed.add(brand_id)
        yield from found


def _turn_into(found: list[Counts], brand_id: int, ids: Sequence[int], now: datetime) -> None:
    found.append(turn(brand_id=brand_id, conversation_ids=ids, now=now))


@transaction.atomic(durable=True)
def fill(*, brand_id: int, now: datetime, limit: int = FILLED) -> Counts:
    """Count the next conversations of a view that is new or asks something else now. How far it has come is a row."""
    cursor = _view_cursor.held(brand_id)
    view = next((each for each in SavedView.objects.filter(brand_id=brand_id).order_by("pk") if each.counted_version != each.version), None)  # fmt: skip
    if view is None:
        return Counts(brand_id)
    ids = _candidates(view, cursor.brand, now, limit)
    counts = _count(cursor, ids, now, only=view.count_key)
    finished = len(ids) < limit
    # Of another version nothing has been counted yet.
    SavedView.objects.filter(pk=view.pk, version=view.version).update(
        counted_after=view.counted_after if finished else ids[-1],
        counted_version=view.version if finished else view.counted_version,
    )
    if finished:
        counts.changed |= _counters([view.count_key])
        counts.told = counts.told or tell(cursor)
    counts.more = True
    return counts


def _candidates(view: SavedView, brand: Brand, now: datetime, limit: int) -> list[int]:
    """What may ever be in the view as it is now: time may bring in what does not hold yet."""
    counted = view_counting.counted(view)
    if counted is None:
        return []
    zone = view_names.zone_of(brand)
    checks = tuple(check for check in counted.checks(view_names.midnight_in(zone)) if not check.by_time)
    asked = view_rows.Asked(brand, checks, now, view_names.day_of(zone, now))
    found = view_rows.conversations(asked).filter(pk__gt=view.counted_after).order_by("pk")
    return list(found.values_list("pk", flat=True)[:limit])


def _count(cursor: ViewCursor, ids: list[int], now: datetime, *, only: str = "") -> Counts:
    counts = Counts(cursor.brand_id)
    if ids:
        counters = view_counting.of_brand(cursor.brand, now)
        moved = look(counters, cursor.brand_id, ids, now, only=only)
        counts.changed = move(cursor.brand_id, moved)
        counts.told = tell(cursor) if counts.changed else 0
    return counts


@dataclass(slots=True)
class Moved:
    """By how much each counter differs."""

    total: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)

    def add(self, keys: Iterable[str], unread: bool, by: int) -> None:
        for key in keys:
            self.total[key] += by
            self.unread[key] += by * unread


def look(
    counters: Counters,
    brand_id: int,
    ids: list[int],
    now: datetime,
    *,
    only: str = "",
    upto: int | None = None,
) -> Moved:
    """Write in which views these conversations are counted now. The brand's cursor is held.

    `only`: of one view, which is filled. In which others they are counted stays as it was. `upto`: those that something has happened
    to after this event, which is still to be followed, are left alone.
    """
    moved = Moved()
    judged = counters.of_view(only) if only else counters
    before = CountedConversation.objects.in_bulk(ids)
    said = view_words.said_in(brand_id, ids, judged.texts)
    rows, gone = [], []
    for pk, facts in view_counting.facts_of(ids, upto=upto):
        keys, turns = judged.judge(facts, now, said.get(pk, ()))
        known = before.get(pk)
        if known and only:
            keys += [key for key in known.keys if view_counting.view_of(key) != only]
            turns = min(filter(None, (turns, known.turns_at)), default=None)
        keys.sort()
        if known:
            moved.add(known.keys, known.unread, -1)
        moved.add(keys, facts.unread, 1)
        if not keys and turns is None:
            gone += [pk] * (known is not None)
        elif known is None or (known.keys, known.unread, known.turns_at) != (keys, facts.unread, turns):
            rows.append((pk, " ".join(keys), facts.unread, turns))
    CountedConversation.objects.filter(pk__in=gone).delete()
    _sql.run(
        """INSERT INTO inbox_countedconversation AS c (conversation_id, brand_id, keys, unread, turns_at)
           SELECT r.id, %s, string_to_array(r.keys, ' '), r.unread, r.turns_at
             FROM unnest(%s::bigint[], %s::text[], %s::boolean[], %s::timestamptz[]) AS r (id, keys, unread, turns_at)
            WHERE EXISTS (SELECT FROM inbox_conversation k WHERE k.id = r.id)
           ON CONFLICT (conversation_id) DO UPDATE SET keys = excluded.keys, unread = excluded.unread, turns_at = excluded.turns_at""",
        [brand_id, *_sql.columns(rows, 4)],
    )
    known_keys = {counted.view.count_key for counted, _ in counters.views}
    for key in [key for key in moved.total if view_counting.view_of(key) not in known_keys]:
        del moved.total[key], moved.unread[key]  # of a view that is gone or asks something else now
    return moved


def move(brand_id: int, moved: Moved) -> dict[str, tuple[int, int]]:
    """Move the counters; those that changed, as they are now."""
    rows = sorted((key, by, moved.unread[key]) for key, by in moved.total.items() if by or moved.unread[key])
    if not rows:
        return {}
    found = _sql.rows(
        """INSERT INTO inbox_viewcount AS v (brand_id, view, total, unread)
           SELECT %s, m.* FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS m ORDER BY 2
           ON CONFLICT (brand_id, view) DO UPDATE SET total = v.total + excluded.total, unread = v.unread + excluded.unread
           RETURNING view, total, unread""",
        [brand_id, *_sql.columns(rows, 3)],
    )
    return {key: (total, unread) for key, total, unread in found}


def _counters(keys: list[str]) -> dict[str, tuple[int, int]]:
    found = _sql.rows("SELECT view, total, unread FROM inbox_viewcount WHERE view = ANY(%s)", [keys])
    return dict.fromkeys(keys, (0, 0)) | {key: (total, unread) for key, total, unread in found}


def tell(cursor: ViewCursor) -> int:
    cursor.told += 1
    ViewCursor.objects.filter(pk=cursor.pk).update(told=cursor.told)
    return cursor.told
