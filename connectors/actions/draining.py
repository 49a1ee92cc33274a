"""From receipts to messages: a batch in one transaction, a bad item apart from the good ones."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import NotSupportedError, ProgrammingError, connection, transaction

from connectors import contexts, registry
from connectors.actions import _arriving, _burying, _claiming, _hearing, _missed
from connectors.actions._arriving import Parsed
from connectors.actions._stages import Stage, Stages
from connectors.contract import (
    UNKNOWN_KIND,
    Account,
    Ignored,
    InboundEvent,
    Item,
    Malformed,
)
from connectors.models import Credential, DeadItem, Receipt, ReceiptState
from connectors.rules import aside
from inbox.models import Channel
from inbox.rules.arrays import arrays
from inbox.rules.cleaning import clean

log = structlog.get_logger(__name__)
# A third more messages a second than 200; the brand's lock is held for a fifth of a second at most.
BATCH = 500
NAMED = 100  # deliveries in one log line
_stages = Stages(patience=1.0)

FINISH = """
    UPDATE connectors_receipt receipt
       SET state = done.state, items = done.items, reason = done.reason, drained_at = %s
      FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::text[]) AS done (id, state, items, reason)
     WHERE receipt.id = done.id
"""


@dataclass(slots=True)
class Drained:
    receipts: int = 0
    items: int = 0
    new_messages: int = 0
    new_of: Counter[int] = field(default_factory=Counter)  # the same by brand
    dead: int = 0
    typing: list[tuple[int, str]] = field(default_factory=list)  # (conversation id, who): told, never kept
    heard: dict[int, datetime] = field(default_factory=dict)  # when each channel's newest delivery came


@dataclass(slots=True)
class Reading:
    """What became of one receipt."""

    receipt: Receipt
    items: int = 0
    reason: str = ""

    @property
    def state(self) -> str:
        return ReceiptState.DEAD if self.reason else ReceiptState.DONE


@dataclass(slots=True)
class Accounts:
    """Which channel an account id means, among those of the app that signed the delivery. No other app may speak for them."""

    app_of: dict[int, int] = field(default_factory=dict)
    by_id: dict[int, Channel] = field(default_factory=dict)
    channels: dict[tuple[int, str], Channel] = field(default_factory=dict)
    former: set[tuple[int, str]] = field(default_factory=set)  # that are another brand's now

    @classmethod
    def of(cls, channel_ids: set[int]) -> Accounts:
        known = cls()
        signers = Credential.objects.filter(channel_id__in=channel_ids).values("app_id")
        grants = Credential.objects.filter(app_id__in=signers).select_related("channel")
        for app_id, channel in ((grant.app_id, grant.channel) for grant in grants.defer("sealed", "scopes")):
            known.app_of[channel.pk] = app_id
            known.by_id[channel.pk] = known.channels[(app_id, channel.external_id)] = channel
            known.former.add((app_id, aside.account(channel.external_id)))
        known.by_id |= Channel.objects.in_bulk(channel_ids - known.by_id.keys())
        return known

    def resolve(self, receipt_channel: Channel, account_ids: Sequence[str]) -> Channel | None:
        if not account_ids:
            return receipt_channel
        app_id = self.app_of.get(receipt_channel.pk)
        if app_id is None:
            return receipt_channel if receipt_channel.external_id in account_ids else None
        return next((found for each in account_ids if (found := self.channels.get((app_id, each)))), None)

    def is_anothers(self, receipt_channel: Channel, account_ids: Sequence[str]) -> bool:
        """Of one that was connected with this app, and is another brand's now with another app. That one delivers the same to them."""
        app_id = self.app_of.get(receipt_channel.pk, 0)
        return any((app_id, each) in self.former for each in account_ids if each)


def drain(*, now: datetime, limit: int = BATCH, only: Sequence[int] | None = None) -> Drained:
    """Read the oldest waiting receipts. A worker that dies in here has changed nothing: they wait for the next one, which finds
    by and by the one that its worker does not survive (`_claiming`). Where one of them stops the batch in a way that nobody has thought of, each is read by itself, and that one is dead.

    What is logged meanwhile, down to the push that follows the commit, names the deliveries that it came from.
    """
    try:
        try:
            drained = _read(now, limit, only)
        except Exception as error:
            if not _is_of_the_receipt(error):
                raise
            log.exception("batch_failed")
            drained = _one_by_one(now, limit, only)
        _hearing.note(drained.heard)
        if drained.receipts:
            log.info(
                "receipts_drained", receipts=drained.receipts, new=drained.new_messages, dead=drained.dead
            )
        return drained
    finally:
        structlog.contextvars.unbind_contextvars("deliveries", "batch")


def _is_of_the_receipt(error: Exception) -> bool:
    """A mistake in what was read, and not in the weather or in what the database is asked."""
    return not _arriving.is_weather(error) and not isinstance(error, ProgrammingError | NotSupportedError)


def _one_by_one(now: datetime, limit: int, only: Sequence[int] | None) -> Drained:
    total = Drained()
    for receipt_id in _claiming.waiting(only).order_by("id").values_list("id", flat=True)[:limit]:
        try:
            one = _read(now, 1, [receipt_id])
        except Exception as error:
            if not _is_of_the_receipt(error):
                raise
            log.exception("receipt_failed", receipt=receipt_id)
            one = Drained(receipts=1, dead=_mark_dead(receipt_id, type(error).__name__, now))
        total.receipts += one.receipts
        total.items += one.items
        total.new_messages += one.new_messages
        total.new_of += one.new_of
        total.dead += one.dead
        total.typing += one.typing
        total.heard |= one.heard  # the oldest is read first
    return total


@transaction.atomic(durable=True)
def _mark_dead(receipt_id: int, error: str, now: datetime) -> int:
    return _burying.deliveries([receipt_id], f"Keeping the delivery failed ({error}).", now=now)


def _read(now: datetime, limit: int, only: Sequence[int] | None) -> Drained:
    with _stages.enter() as stage:
        begun = _claiming.begin(now=now, limit=limit, only=only)
        try:
            drained = _drain(begun.ids, now, stage)
        except Exception:
            _claiming.give_back(begun.ids)
            raise
    if drained.receipts < len(begun.ids):
        _claiming.give_back(begun.ids)  # those that somebody else had taken since
    drained.receipts += begun.dead
    drained.dead += begun.dead
    return drained


@transaction.atomic(durable=True)
def _drain(ids: Sequence[int], now: datetime, stage: Stage) -> Drained:
    receipts = _claiming.claim(ids)
    if not receipts:
        return Drained()
    names = [receipt.delivery or receipt.pk for receipt in receipts]
    # Each line names the batch and its first deliveries; the others of a large one are named once.
    structlog.contextvars.bind_contextvars(deliveries=names[:NAMED], batch=uuid.uuid4().hex[:12])
    for start in range(NAMED, len(names), NAMED):
        log.info("receipts_of_batch", deliveries=names[start : start + NAMED])
    batch = _Batch(Accounts.of({receipt.channel_id for receipt in receipts}), now)
    for receipt in receipts:
        receipt.channel = batch.accounts.by_id[receipt.channel_id]
        batch.read(receipt)
    _finish(batch.readings, now)  # nobody waits for that: it touches no row but those that are claimed
    stage.keep()
    taken = _arriving.take_in(batch.parsed, now=now)
    DeadItem.objects.bulk_create(batch.dead + taken.dead, batch_size=500)
    _missed.note_unread([each.receipt for each in batch.readings if each.reason], now=now)
    return Drained(
        receipts=len(receipts),
        items=sum(each.items for each in batch.readings),
        new_messages=taken.new_messages,
        new_of=taken.new_of,
        dead=len(batch.dead) + len(taken.dead),
        typing=taken.typing,
        heard=batch.heard,
    )


class _Batch:
    """Receipts on their way to events. Nothing in here writes."""

    def __init__(self, accounts: Accounts, now: datetime) -> None:
        self.accounts = accounts
        self.now = now
        self.parsed: list[Parsed] = []
        self.readings: list[Reading] = []
        self.dead: list[DeadItem] = []
        self.heard: dict[int, datetime] = {}

    def read(self, receipt: Receipt) -> None:
        reading = Reading(receipt)
        self.readings.append(reading)
        for item in _items(receipt, reading):
            channel = self.accounts.resolve(receipt.channel, item.account_ids)
            if channel is None and self.accounts.is_anothers(receipt.channel, item.account_ids):
                self._hear(receipt.channel, receipt)
                continue
            self._hear(channel, receipt)
            try:
                events = _parse(item, channel, receipt.channel.platform)
            except Ignored:
                self._hear(channel or receipt.channel, receipt)
                continue
            except Malformed as error:
                self._bury(
                    item, channel or receipt.channel, receipt, str(error) or "The item cannot be read."
                )
                continue
            if channel is None:
                named = ", ".join(item.account_ids)[:120]
                self._bury(
                    item,
                    receipt.channel,
                    receipt,
                    f"No channel of this app is connected for account {named}.",
                )
            elif events:
                self.parsed.append(Parsed(channel, item, events, receipt))
            else:
                self._bury(item, channel, receipt, UNKNOWN_KIND)
        if reading.reason:
            self.dead.append(_burying.whole(receipt, reading.reason, now=self.now))
        if not reading.items:
            self._hear(receipt.channel, receipt)

    def _hear(self, channel: Channel | None, receipt: Receipt) -> None:
        """Whose account a delivery speaks of; where it speaks of none, whose address it came to."""
        if channel is not None:
            self.heard[channel.pk] = max(receipt.received_at, self.heard.get(channel.pk, receipt.received_at))

    def _bury(self, item: Item, channel: Channel, receipt: Receipt, reason: str) -> None:
        self.dead.append(_arriving.dead_item(Parsed(channel, item, (), receipt), reason, now=self.now))


def _items(receipt: Receipt, reading: Reading) -> Iterator[Item]:
    """The items of a receipt. A body that breaks off keeps what was read before, and says why the rest is missing."""
    try:
        for item in registry.get(receipt.channel.platform).items(bytes(receipt.body)):
            reading.items += 1
            yield item
    except Ignored:
        return
    except (Malformed, registry.NotLoaded) as error:
        reading.reason = clean(str(error))[:300] or "The delivery cannot be read."
    except Exception as error:
        log.exception("items_failed", receipt=receipt.pk, platform=receipt.channel.platform)
        reading.reason = f"Reading the delivery failed ({type(error).__name__})."


def _parse(item: Item, channel: Channel | None, platform: str) -> tuple[InboundEvent, ...]:
    """A connector that trips over an item has met a malformed one, whatever it raises. One for nobody we know is parsed too:
    it may be a dashboard's test, and those are not worth a dead item."""
    account = contexts.account_of(channel) if channel else Account(item.account_ids[0])
    try:
        return tuple(registry.get(platform).parse(item, account))
    except Malformed:
        raise
    except Exception as error:
        log.exception("parse_failed", channel=channel.pk if channel else None, platform=platform)
        raise Malformed(f"Reading the item failed ({type(error).__name__}).") from error


def _finish(readings: list[Reading], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            FINISH,
            [now, *arrays([(each.receipt.pk, each.state, each.items, each.reason) for each in readings], 4)],
        )
