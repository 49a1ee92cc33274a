"""Does the platform still deliver to our door? Asked with each reconcile, kept for the connection page, and mended at once."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from connectors.abilities import Watches
from connectors.actions import _covering, connecting
from connectors.actions._asking import Asker
from connectors.contract import Connector, ConnectorError, Context, Subscription
from connectors.models import ChannelHealth, GapCause, Level
from inbox.models import Channel, ChannelState

log = structlog.get_logger(__name__)
MENDED = "The platform had stopped delivering ({}); it was asked for deliveries again and agreed."


def look_and_mend(asker: Asker, *, now: datetime) -> bool:
    """Whether the platform delivers, as far as it says. What goes wrong here is told and keeps no walk from being made: the walk finds
    what was not delivered."""
    try:
        found = look(asker, now=now)
        if found is None or found.is_active:
            return True
        if asker.channel.state != ChannelState.CONNECTED or found.is_for_a_person:
            return False
        connecting.subscribe(channel=asker.channel, now=asker.clock(), watch=asker.count, heed=asker.heeding)
        again = look(asker, now=asker.clock())
    except (ConnectorError, connecting.ConnectionRefused) as refused:
        asker.note(f"Whether the platform delivers could not be settled: {refused}", Level.WARNING)
        return False
    if again is None or not again.is_active:
        return False
    asker.note(MENDED.format(found.said.rstrip(".")), Level.WARNING)
    return True


def look(asker: Asker, *, now: datetime) -> Subscription | None:
    """As the platform says it, and kept. None where the platform cannot be asked."""
    callback = connecting.callback_url(asker.channel)

    def question(connector: Connector, context: Context) -> Subscription | None:
        return connector.subscription(context, callback) if isinstance(connector, Watches) else None

    found = asker.ask(question)
    if found is not None:
        _keep(asker.channel, found, now)
    return found


@transaction.atomic
def _keep(channel: Channel, found: Subscription, now: datetime) -> None:
    health, _ = ChannelHealth.objects.get_or_create(channel=channel)
    ChannelHealth.objects.filter(pk=health.pk).update(
        subscribed=found.is_active, subscription_said=found.said[:300], subscription_checked_at=now
    )
    if found.speaks_for:  # a look that finds none must not forget that there was one
        ChannelHealth.objects.filter(pk=health.pk).update(speaks_for=found.speaks_for[:200])
    if not found.is_active:
        since = max((each for each in (health.last_receipt_at, health.complete_until) if each), default=None)
        _covering.begin_gap(channel.pk, GapCause.NOT_SUBSCRIBED, since=since or now, now=now)
        log.warning("not_subscribed", channel=channel.pk, said=found.said)
    elif channel.state == ChannelState.CONNECTED:
        _covering.end_gaps(channel.pk, now=now)
