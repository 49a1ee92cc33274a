"""Figures follow the brand's events: what happened in a conversation is counted once, about a second after triage has looked at it.

The events are the queue and `Follower` says how far they have been read, so nothing depends on a message to a worker. All facts of a touched
conversation are worked out anew from its rows (`_writing`). Two that follow at once write nothing twice: whoever moves the cursor first holds
its row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from analytics.actions import _writing
from analytics.models import Follower
from analytics.queries import working_hours
from inbox.models import Brand, BrandSequence, Event, EventKind
from inbox.rules.business_hours import Hours

log = structlog.get_logger(__name__)
BATCH = 1000  # events
# What says nothing to any figure.
SILENT = frozenset(
    {
        EventKind.REPLY_QUEUED, EventKind.REPLY_SENDING, EventKind.REPLY_WAITS, EventKind.REPLY_UNCERTAIN,
        EventKind.REPLY_DELIVERED, EventKind.REPLY_SEEN,
        EventKind.NOTIFIED, EventKind.SLA_WARNED, EventKind.CONTACT_UPDATED, EventKind.PROMISED,
    }
)  # fmt: skip


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
            if len(touched) >= _writing.AT_ONCE and conversation_id not in touched:
                break
            touched[conversation_id] = None
        upto = seq
    return Batch(brand_id, after, upto, tuple(touched))


def follow(batch: Batch, *, now: datetime) -> bool:
    """Count what the batch tells of, and move the cursor. False: somebody else was here first.

    A conversation that cannot be counted is left out and logged; it does not keep the others from being counted.
    """
    hours = working_hours.of(Brand.objects.get(pk=batch.brand_id))
    try:
        return _follow(batch, hours, now)
    except OperationalError:  # the database is away or busy: nothing is wrong with any conversation
        raise
    except Exception:
        if not batch.conversation_ids:
            raise
        log.exception("figures_batch_failed", brand=batch.brand_id, after=batch.after)
    _writing.one_by_one(batch.brand_id, batch.conversation_ids, hours, now)
    return _move_on(batch, now)


@transaction.atomic(durable=True)
def _follow(batch: Batch, hours: Hours | None, now: datetime) -> bool:
    if not _move(batch, now):
        return False
    _writing.write(batch.brand_id, batch.conversation_ids, hours, now)
    return True


@transaction.atomic(durable=True)
def _move_on(batch: Batch, now: datetime) -> bool:
    return _move(batch, now)


def _move(batch: Batch, now: datetime) -> bool:
    """Compare and set."""
    return bool(
        _writing.run(
            """INSERT INTO analytics_follower AS f (brand_id, seq, counted_at, settings) VALUES (%s, %s, %s, '')
               ON CONFLICT (brand_id) DO UPDATE SET seq = excluded.seq, counted_at = excluded.counted_at WHERE f.seq = %s""",
            [batch.brand_id, batch.upto, now, batch.after],
        )
    )


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
