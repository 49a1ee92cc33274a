"""Deliveries read once more: after a fix, after a channel was connected, because somebody wants to be sure. Harmless by design,
because every message is told once however often it is read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from connectors import contexts, keeping, registry
from connectors.actions import _arriving, draining
from connectors.actions._arriving import Parsed
from connectors.contract import UNKNOWN_KIND, Ignored, InboundEvent, Item, Malformed
from connectors.models import DeadItem, Receipt, ReceiptState
from inbox import auditing
from inbox.models import Brand, Channel, ChannelState
from inbox.rules.cleaning import clean

BATCH = 100
RETIRED = "The channel was retired. Connect it again, and read this then."
PATIENCE = 30.0  # seconds


@dataclass(slots=True)
class Replayed:
    receipts: int = 0
    items: int = 0
    new_messages: int = 0
    dead: int = 0


def receipts_to_replay(
    *,
    receipt_id: int | None = None,
    dead: bool = False,
    channel_id: int | None = None,
    since: datetime | None = None,
) -> QuerySet[Receipt]:
    """`dead`: receipts that could not be read, and those with an item that could not."""
    chosen = Receipt.objects.exclude(state=ReceiptState.NEW)
    if receipt_id is not None:
        chosen = chosen.filter(pk=receipt_id)
    if channel_id is not None:
        chosen = chosen.filter(channel_id=channel_id)
    if since is not None:
        chosen = chosen.filter(received_at__gte=since)
    if dead:
        waiting = DeadItem.objects.filter(replayed_at=None, receipt__isnull=False).values("receipt_id")
        chosen = chosen.filter(Q(state=ReceiptState.DEAD) | Q(pk__in=waiting))
    return chosen.order_by("pk")


def polled_items_to_replay(
    *, channel_id: int | None = None, since: datetime | None = None
) -> QuerySet[DeadItem]:
    """Dead items that came by a poll: they have no receipt, their payload is all there is."""
    chosen = DeadItem.objects.filter(receipt=None, replayed_at=None)
    if channel_id is not None:
        chosen = chosen.filter(channel_id=channel_id)
    if since is not None:
        chosen = chosen.filter(created_at__gte=since)
    return chosen.order_by("pk")


def replay(*, receipt_ids: Sequence[int], now: datetime, brand: Brand | None = None) -> Iterator[Replayed]:
    """Read the receipts again, in batches; what was counted so far after each.

    `brand`: whose people asked. A delivery is read as a whole, and may speak of accounts of other brands, too. Of those nothing is
    counted, and what is written of them nobody did but Parley: their logs name no stranger.
    """
    total = Replayed()
    for start in range(0, len(receipt_ids), BATCH):
        ids = list(receipt_ids[start : start + BATCH])
        renewed = _renew(ids, now, brand)
        left = DeadItem.objects.filter(receipt__in=ids, replayed_at=None)
        with auditing.as_parley():
            while (drained := draining.drain(now=now, only=ids)).receipts:
                total.items += 0 if brand else drained.items
                total.new_messages += drained.new_of[brand.pk] if brand else drained.new_messages
        _await_others(ids)
        total.receipts += len(ids)
        if brand is not None:
            left = left.filter(channel__brand=brand)
            total.items += renewed
        else:
            total.items += left.filter(is_whole=True).count()  # nobody can tell how many it holds
        total.dead += left.count()
        yield total


def _await_others(ids: list[int]) -> None:
    """A worker that drains at the same time may have taken some of them; they are read when it commits."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and Receipt.objects.filter(pk__in=ids, state=ReceiptState.NEW).exists():
        time.sleep(0.05)


@transaction.atomic(durable=True)
def _renew(ids: list[int], now: datetime, brand: Brand | None) -> int:
    """What is still bad will say so anew; the old dead items have had their second chance. How many were those of whoever asked."""
    Receipt.objects.filter(pk__in=ids).update(state=ReceiptState.NEW, reason="", tries=0)
    dead = DeadItem.objects.filter(receipt_id__in=ids, replayed_at=None)
    dead = dead.exclude(channel__state=ChannelState.DISCONNECTED)
    renewed = (dead if brand is None else dead.filter(channel__brand=brand)).update(replayed_at=now)
    with auditing.as_parley():
        dead.update(
            replayed_at=now
        )  # others' in the same delivery, which come anew, too, where they are still bad
    return renewed


def replay_items(*, item_ids: Sequence[int], now: datetime, brand: Brand | None = None) -> Replayed:
    """Dead items once more, whichever way they came: by their delivery, which is read as a whole, or by what was kept of them.
    `brand`: whose people asked."""
    found = DeadItem.objects.filter(pk__in=item_ids, replayed_at=None).order_by("pk")
    left = _leave_to_be_connected(found)
    chosen: list[tuple[int, int | None]] = list(found.values_list("pk", "receipt_id").exclude(pk__in=left))
    total = Replayed()
    receipts = sorted({receipt for _, receipt in chosen if receipt})
    for part in replay(receipt_ids=receipts, now=now, brand=brand):
        total = part
    for item_id, receipt in chosen:
        if receipt is None:
            one = replay_polled_item(item_id=item_id, now=now)
            total.items += one.items
            total.new_messages += one.new_messages
            total.dead += one.dead
    total.items += len(left)
    total.dead += len(left)
    return total


@transaction.atomic(durable=True)
def _leave_to_be_connected(found: QuerySet[DeadItem]) -> list[int]:
    """Of a retired channel nothing is let in: what waits to be read again would be gone by that, and nobody would have it."""
    of_retired = found.filter(channel__state=ChannelState.DISCONNECTED)
    left = list(of_retired.values_list("pk", flat=True))
    DeadItem.objects.filter(pk__in=left).update(reason=RETIRED)
    return left


@transaction.atomic(durable=True)
def replay_polled_item(*, item_id: int, now: datetime) -> Replayed:
    dead = DeadItem.objects.select_for_update(of=("self",)).select_related("channel").get(pk=item_id)
    if dead.channel.state == ChannelState.DISCONNECTED:
        return Replayed(items=1, dead=1)
    item = _arriving.item_of(dead)
    try:
        events = _events_of(item, dead.channel)
    except Ignored:
        events = ()
    except Exception as error:
        words = str(error) if isinstance(error, Malformed | registry.NotLoaded) else type(error).__name__
        if words != UNKNOWN_KIND:  # that says less than why it was kept
            DeadItem.objects.filter(pk=dead.pk).update(reason=clean(words)[:300])
        return Replayed(items=1, dead=1)
    recent, old = _arriving.apart(tuple(events), dead.historical_before)
    new = 0
    for part, historical in ((old, True), (recent, False)):
        parsed = [Parsed(dead.channel, item, tuple(part))] if part else []
        taken = _arriving.take_in(parsed, now=now, historical=historical)
        if taken.dead:
            DeadItem.objects.filter(pk=dead.pk).update(reason=taken.dead[0].reason)
            return Replayed(items=1, dead=1)
        new += taken.new_messages
    DeadItem.objects.filter(pk=dead.pk).update(replayed_at=now)
    return Replayed(items=1, new_messages=new)


def _events_of(item: Item, channel: Channel) -> tuple[InboundEvent, ...]:
    """What the inbox refused was kept as the event it was; what the connector could not read, as it came."""
    if keeping.is_written(item.payload):
        return (keeping.read(item.payload),)
    events = tuple(registry.get(channel.platform).parse(item, contexts.account_of(channel)))
    if not events:
        raise Malformed(UNKNOWN_KIND)
    return events
