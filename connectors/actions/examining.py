"""Does the platform still deliver to our door? Asked with each reconcile, kept for the connection page, and mended at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from connectors.abilities import Watches
from connectors.actions import _covering, addressing, connecting
from connectors.actions._asking import Asker
from connectors.contract import Connector, ConnectorError, Context, Remedy, Subscription
from connectors.models import ChannelHealth, GapCause, Level
from inbox.models import Channel, ChannelState

log = structlog.get_logger(__name__)
# A platform's own trouble as a rule: to look again meanwhile, by hand or because the door was away, says nothing new.
TROUBLE_PASSES = timedelta(minutes=10)
MENDED = "The platform had stopped delivering ({}); it was asked for deliveries again and agreed."
TRIED = "The platform has stopped delivering, and was in trouble when it was asked for deliveries again. The next comparison asks once more."
NOBODY_THERE = "The platform delivers to an address of ours behind which no channel is any more."
AGREED = "It was asked for deliveries again and agreed; whether it delivers was not to be learned yet."


def look_and_mend(asker: Asker, *, now: datetime) -> bool:
    """Whether the platform delivers, as far as it says. What goes wrong here is told and keeps no walk from being made: the walk finds
    what was not delivered."""
    try:
        found = _ask(asker)
        if found is None or found.is_active or not _may_be_mended(asker.channel, found):
            _keep(asker.channel, found, now)
            return found is None or found.is_active
        is_mended = _mend(asker, found, now)
    except (ConnectorError, connecting.ConnectionRefused) as refused:
        asker.note(f"Whether the platform delivers could not be settled: {refused}", Level.WARNING)
        return False
    if is_mended:
        asker.note(MENDED.format(found.said.rstrip(".")), Level.WARNING)
    return is_mended


def look(asker: Asker, *, now: datetime) -> Subscription | None:
    """As the platform says it, and kept. None where the platform cannot be asked."""
    found = _ask(asker)
    _keep(asker.channel, found, now)
    return found


def _ask(asker: Asker) -> Subscription | None:
    callback = addressing.callback_url(asker.channel)

    def question(connector: Connector, context: Context) -> Subscription | None:
        return connector.subscription(context, callback) if isinstance(connector, Watches) else None

    found = asker.ask(question)
    if found is not None and found.is_active and not _leads_to_somebody(found, asker.channel):
        return replace(found, is_active=False, said=NOBODY_THERE)
    return found


def _leads_to_somebody(found: Subscription, channel: Channel) -> bool:
    """Where no channel is any more, the platform hears 404 and may say so a day later. What lies elsewhere is not ours to judge."""
    if not addressing.leads_here(found.at, platform=channel.platform):
        return True
    return addressing.names_a_channel(found.at, platform=channel.platform)


def _may_be_mended(channel: Channel, found: Subscription) -> bool:
    return channel.state == ChannelState.CONNECTED and not found.is_for_a_person


def _mend(asker: Asker, found: Subscription, now: datetime) -> bool:
    """That nothing is delivered is a gap at once. It is said of the channel, and rings, where to ask again did not help; of a platform that
    was in trouble when it was asked, or could not be asked whether that helped, where a look meets the same when such trouble should be
    over."""
    channel = asker.channel
    _note_gap(channel, found, now)
    _note(channel, **_named(found))
    since = _in_trouble_since(channel, now)
    try:
        door = connecting.our_door(channel)
        asker.ask(lambda connector, context: connector.subscribe(context, door))
    except (ConnectorError, connecting.ConnectionRefused) as refused:
        if _may_pass(refused) and since is not None:
            _note(channel, subscribed=None, subscription_said=TRIED, mending_failed_since=since)
        else:
            _keep(channel, found, now)
        raise
    try:
        again = look(asker, now=asker.clock())
    except ConnectorError:
        if since is not None:
            _note(channel, subscribed=None, subscription_said=AGREED, mending_failed_since=since)
        else:
            _keep(channel, found, now)  # to agree has mended nothing: it was found switched off once more
        raise
    return again is not None and again.is_active


def _may_pass(refused: Exception) -> bool:
    return isinstance(refused, ConnectorError) and refused.remedy in (Remedy.RETRY, Remedy.UNKNOWN)


def _in_trouble_since(channel: Channel, now: datetime) -> datetime | None:
    """None: it has lasted for too long to pass, or was said of the channel already."""
    health = ChannelHealth.objects.filter(channel=channel).first()
    if health is None:
        return now
    since = health.mending_failed_since or now
    return None if health.subscribed is False or now - since >= TROUBLE_PASSES else since


@transaction.atomic
def _keep(channel: Channel, found: Subscription | None, now: datetime) -> None:
    if found is None:
        return
    _note(
        channel,
        subscribed=found.is_active,
        subscription_said=found.said[:300],
        subscription_checked_at=now,
        mending_failed_since=None,
        **_named(found),
    )
    if not found.is_active:
        _note_gap(channel, found, now)
    elif channel.state == ChannelState.CONNECTED:
        _covering.end_gaps(channel.pk, now=now)


def _named(found: Subscription) -> dict[str, str]:
    """A look that finds none must not forget that there was one."""
    return {"speaks_for": found.speaks_for[:200]} if found.speaks_for else {}


@transaction.atomic
def _note_gap(channel: Channel, found: Subscription, now: datetime) -> None:
    health, _ = ChannelHealth.objects.get_or_create(channel=channel)
    since = max((each for each in (health.last_receipt_at, health.complete_until) if each), default=None)
    _covering.begin_gap(channel.pk, GapCause.NOT_SUBSCRIBED, since=since or now, now=now)
    log.warning("not_subscribed", channel=channel.pk, said=found.said)


@transaction.atomic
def _note(channel: Channel, **columns: object) -> None:
    ChannelHealth.objects.update_or_create(channel=channel, defaults=columns)
