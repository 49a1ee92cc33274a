"""What the ways in share: hand events to the inbox so that one bad item never stops the others. Runs inside the caller's transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import Error as DatabaseFailure
from django.db import InterfaceError, OperationalError, transaction

from connectors.actions import _missed, _redelivered, parking
from connectors.contract import (
    AccountChanged,
    DeliveriesLost,
    InboundEvent,
    InboundMessage,
    Item,
    RedeliveryEnded,
)
from connectors.models import DeadItem, Receipt
from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, ChannelState
from inbox.rules.cleaning import clean, clean_json

log = structlog.get_logger(__name__)
# Connection, rollback, resources, operator, system: the item is not to blame, the same batch may go through next time.
WEATHER = ("08", "40", "53", "57", "58")
OF_THE_APP = (DeliveriesLost, RedeliveryEnded)
OF_THE_ACCOUNT = (AccountChanged, *OF_THE_APP)


@dataclass(frozen=True, slots=True)
class Parsed:
    """One item and what it says."""

    channel: Channel
    item: Item
    events: tuple[InboundEvent, ...]
    receipt: Receipt | None = None


@dataclass(slots=True)
class Taken:
    new_messages: int = 0
    new_of: Counter[int] = field(default_factory=Counter)  # the same by brand
    settled: int = 0
    typing: list[tuple[int, str]] = field(default_factory=list)
    dead: list[DeadItem] = field(default_factory=list)


def take_in(parsed: Sequence[Parsed], *, now: datetime, historical: bool = False) -> Taken:
    """Give everything to the inbox, brand by brand (one order of locks for everybody); what it refuses becomes dead items."""
    taken = Taken()
    by_brand: dict[int, list[Parsed]] = defaultdict(list)
    news: dict[int, list[_News]] = defaultdict(list)
    for each in parsed:
        if each.channel.state == ChannelState.DISCONNECTED and not _is_of_the_app(each):
            continue  # retired: whatever the platform still delivers is none of the brand's affairs
        changes = sum(isinstance(event, OF_THE_ACCOUNT) for event in each.events)
        if changes:
            for brand_id, channel_ids in _concerned(each).items():
                news[brand_id].append(_News(each, brand_id, channel_ids))
        if changes < len(each.events):
            by_brand[each.channel.brand_id].append(each)
    for brand_id in sorted({*by_brand, *news}):
        if brand_id in by_brand:
            _take_in_or_halve(by_brand[brand_id], taken, now=now, historical=historical)
        for told in news.get(brand_id, ()):
            _hear_news(told, taken, now=now)
    return taken


def _is_of_the_app(parsed: Parsed) -> bool:
    """Whether it names no account: what was asked for by one of those that share the address."""
    return not parsed.item.account_ids and all(isinstance(each, OF_THE_APP) for each in parsed.events)


@dataclass(frozen=True, slots=True)
class _News:
    """What an item tells of the accounts of one brand themselves."""

    parsed: Parsed
    brand_id: int
    channel_ids: Collection[int]  # which of them something was delivered to again, or is missing


def _concerned(parsed: Parsed) -> Mapping[int, Collection[int]]:
    """By brand: what is told of an app concerns whoever asked, and each brand's rows are written behind its own lock."""
    ended = [event for event in parsed.events if isinstance(event, RedeliveryEnded)]
    asked = _redelivered.asked_by(parsed.channel.pk, ended[-1]) if ended else {}
    own = {parsed.channel.brand_id: () if asked else (parsed.channel.pk,)}
    return {**own, **asked}


def _hear_news(news: _News, taken: Taken, *, now: datetime) -> None:
    """It comes one by one and seldom."""
    parsed, channel = news.parsed, news.parsed.channel
    own = parsed.events if news.brand_id == channel.brand_id else ()
    changes = [(channel.pk, event) for event in own if isinstance(event, AccountChanged)]
    try:
        parking.apply(brand_id=news.brand_id, changes=changes, now=now)
        for event in parsed.events:
            if isinstance(event, RedeliveryEnded):
                _redelivered.note(news.channel_ids, event, now=now)
            elif isinstance(event, DeliveriesLost):
                log.warning("deliveries_lost", channels=sorted(news.channel_ids), reason=event.reason)
                for channel_id in sorted(news.channel_ids):
                    _missed.look_back(channel_id, event.reason, now=now)
    except Exception as error:
        if is_weather(error):
            raise
        log.warning("news_refused", channel=channel.pk, error=type(error).__name__)
        reason = f"The news of the account could not be kept ({type(error).__name__})."
        taken.dead.append(dead_item(parsed, reason, now=now))


def _take_in_or_halve(parsed: list[Parsed], taken: Taken, *, now: datetime, historical: bool) -> None:
    """All at once, or, where that fails, each half on its own, down to the one item that is to blame."""
    arrivals = [
        Arrival(each.channel.pk, event)
        for each in parsed
        for event in each.events
        if not isinstance(event, OF_THE_ACCOUNT)
    ]
    try:
        with transaction.atomic():
            received = receiving.receive(arrivals=arrivals, now=now, historical=historical)
    except Exception as error:
        if is_weather(error):
            raise
        if len(parsed) == 1:
            log.warning("item_refused", channel=parsed[0].channel.pk, error=type(error).__name__)
            taken.dead.append(
                dead_item(parsed[0], f"The inbox could not hold it ({type(error).__name__}).", now=now)
            )
            return
        middle = len(parsed) // 2
        _take_in_or_halve(parsed[:middle], taken, now=now, historical=historical)
        _take_in_or_halve(parsed[middle:], taken, now=now, historical=historical)
    else:
        taken.new_messages += received.new_messages
        taken.new_of[parsed[0].channel.brand_id] += received.new_messages
        taken.settled += received.settled
        taken.typing += received.typing


def is_weather(error: Exception) -> bool:
    """Whether nothing that was read is to blame: the same may go through next time."""
    if not isinstance(error, DatabaseFailure):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        # Nothing came back from the server: the line broke, or the driver itself refused the value (DataError).
        return isinstance(error, OperationalError | InterfaceError)
    return bool(state == "55P03" or state.startswith(WEATHER))


def dead_item(parsed: Parsed, reason: str, *, now: datetime) -> DeadItem:
    payload = {"payload": clean_json(parsed.item.payload), "account_ids": clean_json(parsed.item.account_ids)}
    return DeadItem(
        channel=parsed.channel,
        receipt=parsed.receipt,
        payload=payload,
        reason=clean(reason)[:300],
        created_at=now,
    )


def item_of(dead: DeadItem) -> Item:
    return Item(payload=dead.payload["payload"], account_ids=tuple(dead.payload["account_ids"]))


def apart(
    events: tuple[InboundEvent, ...], before: datetime | None
) -> tuple[list[InboundEvent], list[InboundEvent]]:
    """Messages so old that they ring no bell, and what belongs to them, apart from the rest."""
    if before is None:
        return list(events), []
    old = {
        event.external_id for event in events if isinstance(event, InboundMessage) and event.sent_at < before
    }
    is_old = [
        (event.external_id if isinstance(event, InboundMessage) else getattr(event, "target", "")) in old
        for event in events
    ]
    return (
        [event for event, aged in zip(events, is_old, strict=True) if not aged],
        [event for event, aged in zip(events, is_old, strict=True) if aged],
    )
