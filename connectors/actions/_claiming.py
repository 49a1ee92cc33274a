"""Which receipts are read next, and how often each was begun: one that its worker does not survive must not stop all others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import Error as DatabaseFailure
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Length

from connectors.actions import _burying
from connectors.models import Receipt, ReceiptState
from inbox.rules.arrays import array

log = structlog.get_logger(__name__)
BATCH_BYTES = 16 * 1024 * 1024
# A worker may be killed for other reasons than what it reads: twice a whole batch is begun again before each is read by itself.
ALONE_FROM = 2
MOST_TRIES = 6


@dataclass(frozen=True, slots=True)
class Begun:
    ids: tuple[int, ...] = ()
    dead: int = 0


def waiting(only: Sequence[int] | None) -> QuerySet[Receipt]:
    new = Receipt.objects.filter(state=ReceiptState.NEW)
    if only is None:
        return new
    # One parameter for all: a batch's five hundred cost Django and the driver a twentieth of its time.
    return new.extra(where=["connectors_receipt.id = ANY(%s::bigint[])"], params=[array(list(only))])


@transaction.atomic(durable=True)
def begin(*, now: datetime, limit: int, only: Sequence[int] | None) -> Begun:
    """Count a try of the oldest that wait and that nobody else holds, as many as fit in memory. Committed before any of them is
    read: of a worker that is killed meanwhile nothing else is left."""
    # A count that a power cut takes away is no loss: nobody waits for the disk here.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
    free = waiting(only).select_for_update(skip_locked=True).order_by("id").annotate(size=Length("body"))
    chosen: list[int] = []
    dead: list[int] = []
    total = 0
    for receipt_id, size, tries in free.values_list("id", "size", "tries")[:limit]:
        if tries >= MOST_TRIES:
            dead.append(receipt_id)
            continue
        if chosen and (total + size > BATCH_BYTES or tries >= ALONE_FROM):
            break
        chosen.append(receipt_id)
        total += size
        if tries >= ALONE_FROM:
            break
    if dead:
        log.error("receipts_given_up", receipts=dead)
        _burying.deliveries(dead, f"Whoever read the delivery was ended by it, {MOST_TRIES} times.", now=now)
    waiting(chosen).update(tries=F("tries") + 1)
    return Begun(tuple(chosen), len(dead))


def claim(ids: Sequence[int]) -> list[Receipt]:
    """Those of them that still wait and that nobody else has taken since. Within the transaction that reads them."""
    return list(
        waiting(ids)
        .select_for_update(skip_locked=True)
        .only("id", "channel_id", "body", "delivery", "received_at")
        .order_by("id")
    )


def give_back(ids: Sequence[int]) -> None:
    """A try that was lived through counts for nothing: the database was away, or the receipt is judged by what it raised."""
    with suppress(DatabaseFailure), transaction.atomic(durable=True):
        waiting(ids).update(tries=Greatest(F("tries") - 1, 0))
