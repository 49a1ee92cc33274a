"""Figures follow the brand's events: what happened in a conversation is counted once, about a second after triage has looked at it.

The events are the queue and `Follower` says how far they have been read, so nothing depends on a message to a worker. All facts of a touched
conversation are worked out anew from its rows and compared with those that stand; only differences are written, each with the hour and
the day whose sums are no longer true. Two that follow at once write nothing twice: whoever moves the cursor first holds its row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from analytics import facts, metrics
from analytics.facts import Counted
from analytics.models import Follower, Level
from inbox.models import Brand, BrandSequence, Conversation, ConversationMerge, Event, EventKind
from inbox.queries import opening_hours
from inbox.rules.arrays import arrays
from inbox.rules.business_hours import Hours

log = structlog.get_logger(__name__)
BATCH = 1000  # events
CONVERSATIONS = 64  # of one transaction
DELAYS = {
    Level.HOUR: timedelta(seconds=2),
    Level.DAY: timedelta(seconds=20),
}  # until a changed period is summed
# What says nothing to any figure.
SILENT = frozenset(
    {
        EventKind.REPLY_QUEUED, EventKind.REPLY_SENDING, EventKind.REPLY_WAITS, EventKind.REPLY_UNCERTAIN,
        EventKind.REPLY_DELIVERED, EventKind.REPLY_SEEN,
        EventKind.NOTIFIED, EventKind.SLA_WARNED, EventKind.CONTACT_UPDATED, EventKind.PROMISED,
    }
)  # fmt: skip
_COLUMNS = [each.name for each in fields(Counted)]
_TYPES = {
    "conversation_id": "bigint", "kind": "text", "source": "bigint", "at": "timestamptz", "until": "timestamptz", "value": "float8",
    "business": "float8", "hit": "boolean", "channel_id": "bigint", "person_id": "bigint", "team_id": "bigint", "priority": "smallint",
    "sentiment": "text", "tags": "text",
}  # fmt: skip
_UNNESTED = "unnest(" + ", ".join(f"%s::{_TYPES[name]}[]" for name in _COLUMNS) + ")"


@dataclass(frozen=True, slots=True)
class Batch:
    brand_id: int
    after: int
    upto: int
    conversation_ids: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.upto <= self.after


def next_batch(brand_id: int, *, limit: int = BATCH) -> Batch:
    """The next events that triage has looked at: until then tags and clocks may be those of before."""
    after = Follower.objects.filter(pk=brand_id).values_list("seq", flat=True).first() or 0
    triaged = Brand.objects.filter(pk=brand_id).values_list("triage_cursor__seq", flat=True).first() or 0
    found = Event.objects.filter(brand_id=brand_id, seq__gt=after, seq__lte=triaged).order_by("seq")
    upto, touched = after, dict[int, None]()
    for seq, kind, conversation_id, actor_id in found.values_list(
        "seq", "kind", "conversation_id", "actor_id"
    )[:limit]:
        if conversation_id is not None and (kind not in SILENT or actor_id is not None):
            if len(touched) >= CONVERSATIONS and conversation_id not in touched:
                break
            touched[conversation_id] = None
        upto = seq
    return Batch(brand_id, after, upto, tuple(touched))


def follow(batch: Batch, *, now: datetime) -> bool:
    """Count what the batch tells of, and move the cursor. False: somebody else was here first.

    A conversation that cannot be counted is left out and logged; it does not keep the others from being counted.
    """
    hours = hours_of(Brand.objects.get(pk=batch.brand_id))
    try:
        return _follow(batch, hours, now)
    except OperationalError:  # the database is away or busy: nothing is wrong with any conversation
        raise
    except Exception:
        if not batch.conversation_ids:
            raise
        log.exception("figures_batch_failed", brand=batch.brand_id, after=batch.after)
    for conversation_id in batch.conversation_ids:
        try:
            _count(batch.brand_id, [conversation_id], hours, now)
        except OperationalError:
            raise
        except Exception:
            log.exception("conversation_not_counted", brand=batch.brand_id, conversation=conversation_id)
    return _move_on(batch, now)


@transaction.atomic(durable=True)
def _follow(batch: Batch, hours: Hours | None, now: datetime) -> bool:
    if not _move(batch, now):
        return False
    _write(batch.brand_id, batch.conversation_ids, hours, now)
    return True


@transaction.atomic(durable=True)
def _count(brand_id: int, conversation_ids: Sequence[int], hours: Hours | None, now: datetime) -> None:
    _write(brand_id, conversation_ids, hours, now)


@transaction.atomic(durable=True)
def _move_on(batch: Batch, now: datetime) -> bool:
    return _move(batch, now)


def _move(batch: Batch, now: datetime) -> bool:
    """Compare and set."""
    return bool(
        _run(
            """INSERT INTO analytics_follower AS f (brand_id, seq, counted_at, settings) VALUES (%s, %s, %s, '')
               ON CONFLICT (brand_id) DO UPDATE SET seq = excluded.seq, counted_at = excluded.counted_at WHERE f.seq = %s""",
            [batch.brand_id, batch.upto, now, batch.after],
        )
    )


def mark_settings(*, brand: Brand, now: datetime) -> bool:
    """Where the time zone or the hours are no longer those that were counted by, count all anew. Returns whether they were not."""
    mark = _mark_of(brand)
    follower, new = Follower.objects.get_or_create(brand=brand, defaults={"settings": mark})
    if new or follower.settings == mark:
        return False
    return _begin_again(brand, mark, now=now)


@transaction.atomic(durable=True)
def _begin_again(brand: Brand, mark: str, *, now: datetime) -> bool:
    if not Follower.objects.filter(pk=brand.pk).exclude(settings=mark).update(settings=mark, again_after=0):
        return False
    # Hours and days may begin elsewhere now: the sums go, and every one is made anew.
    for table in ("rollup", "agenthour", "period"):
        _run(f"DELETE FROM analytics_{table} WHERE brand_id = %s", [brand.pk])
    for level in Level:
        _run(
            """INSERT INTO analytics_period (brand_id, level, at, due_at)
               SELECT DISTINCT %s, %s, date_trunc(%s, p.at, %s), %s::timestamptz
                 FROM (SELECT at FROM analytics_fact WHERE brand_id = %s
                       UNION ALL SELECT started_at FROM analytics_stretch WHERE brand_id = %s) p
               ON CONFLICT DO NOTHING""",
            [brand.pk, level.value, level.value, brand.time_zone, now, brand.pk, brand.pk],
        )
    return True


@transaction.atomic(durable=True)
def count_again(*, brand: Brand, now: datetime) -> bool:
    """The next conversations of a brand that is counted anew. False: there are none left."""
    follower = Follower.objects.select_for_update().filter(pk=brand.pk, again_after__isnull=False).first()
    if follower is None:
        return False
    left = Conversation.objects.filter(brand=brand, pk__gt=follower.again_after or 0).order_by("pk")
    ids = list(left.values_list("pk", flat=True)[:CONVERSATIONS])
    if ids:
        _write(brand.pk, ids, hours_of(brand), now)
    Follower.objects.filter(pk=brand.pk).update(again_after=ids[-1] if ids else None)
    return bool(ids)


@transaction.atomic(durable=True)
def forget(*, brand: Brand) -> None:
    """Throw away what was counted; everything is read again from the first event."""
    for table in ("fact", "rollup", "agenthour", "period", "follower"):
        _run(f"DELETE FROM analytics_{table} WHERE brand_id = %s", [brand.pk])


def hours_of(brand: Brand) -> Hours | None:
    row = opening_hours.of_brand(brand)
    return opening_hours.read(row) if row is not None else None


def _mark_of(brand: Brand) -> str:
    told = [brand.time_zone]
    if (row := opening_hours.of_brand(brand)) is not None:
        days = sorted((str(each.day), each.intervals) for each in row.holidays.all())
        told += [row.time_zone, repr(sorted(row.week.items())), repr(days)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def behind() -> list[int]:
    """Brands with events that triage has looked at and that are not counted yet, or that are counted anew."""
    found = BrandSequence.objects.filter(
        Q(
            brand__triage_cursor__seq__gt=Coalesce(F("brand__figures__seq"), 0),
            last__gt=Coalesce(F("brand__figures__seq"), 0),
        )
        | Q(brand__figures__again_after__isnull=False)
    )
    return list(found.order_by("pk").values_list("pk", flat=True))


def _write(brand_id: int, conversation_ids: Sequence[int], hours: Hours | None, now: datetime) -> None:
    ids = list(conversation_ids)
    if not ids:
        return
    # What is said in a conversation that was merged into another counts there, too.
    kept = ConversationMerge.objects.filter(merged__in=ids).order_by("pk").values_list("kept_id", flat=True)
    ids = list(dict.fromkeys([*ids, *kept]))
    wanted = {each.key: each for each in facts.of(brand_id, ids, hours)}
    stood = {each.key: each for each in _stored(ids)}
    gone = [each for key, each in stood.items() if key not in wanted]
    new = [each for key, each in wanted.items() if key not in stood]
    changed = [each for key, each in wanted.items() if key in stood and stood[key] != each]
    if gone:
        _run(
            """DELETE FROM analytics_fact f USING unnest(%s::bigint[], %s::text[], %s::bigint[]) AS d(conversation_id, kind, source)
                WHERE f.conversation_id = d.conversation_id AND f.kind = d.kind AND f.source = d.source""",
            arrays([each.key for each in gone], 3),
        )
    if new or changed:
        names = ", ".join(_COLUMNS)
        values = ", ".join(
            "string_to_array(d.tags, E'\\n')" if name == "tags" else f"d.{name}" for name in _COLUMNS
        )
        _run(
            f"""INSERT INTO analytics_fact AS f (brand_id, {names})
                SELECT %s, {values} FROM {_UNNESTED} AS d({names})
                ON CONFLICT (conversation_id, kind, source) DO UPDATE SET
                       {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])}""",
            [brand_id, *arrays([astuple(each) for each in [*new, *changed]], len(_COLUMNS))],
        )
    _mark_periods(brand_id, [*gone, *new, *changed, *(stood[each.key] for each in changed)], now)


def _stored(conversation_ids: list[int]) -> list[Counted]:
    names = ", ".join("array_to_string(tags, E'\\n')" if name == "tags" else name for name in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM analytics_fact WHERE conversation_id = ANY(%s) FOR UPDATE",
            [conversation_ids],
        )
        return [Counted(*row) for row in cursor.fetchall()]


def _mark_periods(brand_id: int, changed: Sequence[Counted], now: datetime) -> None:
    moments = {moment for each in changed for moment in _moments(each)}
    if not moments:
        return
    for level, delay in DELAYS.items():
        _run(
            """INSERT INTO analytics_period (brand_id, level, at, due_at)
               SELECT DISTINCT b.id, %s, date_trunc(%s, m.at, b.time_zone), %s::timestamptz
                 FROM unnest(%s::timestamptz[]) AS m(at), inbox_brand b WHERE b.id = %s ORDER BY 3
               ON CONFLICT DO NOTHING""",
            [level.value, level.value, now + delay, sorted(moments), brand_id],
        )


def _moments(fact: Counted) -> Iterable[datetime]:
    """Work reaches into each hour that it lasts for."""
    yield fact.at
    if fact.kind == metrics.HANDLE and fact.until is not None:
        at = fact.at
        while (at := at + timedelta(hours=1)) < fact.until:
            yield at
        yield fact.until


def _run(sql: str, params: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
