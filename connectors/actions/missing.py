"""What was delivered while our door was shut, by platforms that do not come again by themselves: a gap, and a comparison soon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from connectors.actions import _covering, _missed
from connectors.models import Credential
from inbox import platforms
from inbox.models import Channel, ChannelState

log = structlog.get_logger(__name__)


@transaction.atomic(durable=True)
def note_refused(*, refused: Mapping[int, tuple[datetime, datetime]], now: datetime) -> None:
    """By the channel at whose address something was refused: the first time and the last. What was delivered there may have been of any
    account of the same app."""
    times: dict[int, list[datetime]] = defaultdict(list)
    apps = Credential.objects.filter(channel__in=refused).values_list("app_id", "channel_id")
    for app_id, channel_id in apps:
        times[app_id] += refused[channel_id]
    for app_id, known in times.items():
        for channel in _of_those_that_deliver_once(until=max(known)).filter(credential__app=app_id):
            _note(channel, min(known), max(known), now)


@transaction.atomic(durable=True)
def note_away(*, since: datetime | None, now: datetime) -> None:
    """There was no door from `since` on until now; None: nobody knows since when. What was never compared is about to be."""
    for channel in _of_those_that_deliver_once(until=now):
        if (complete_until := _covering.complete_until(channel.pk)) is not None:
            _note(channel, since or complete_until, now, now)


def _note(channel: Channel, since: datetime, until: datetime, now: datetime) -> None:
    since = min(until, max(since, channel.created_at))
    _missed.note_shut_door(channel.pk, since=since, until=until, now=now)
    log.info("door_was_shut", channel=channel.pk, since=since.isoformat(), until=until.isoformat())


def _of_those_that_deliver_once(*, until: datetime) -> QuerySet[Channel]:
    once = [each.key for each in platforms.installed() if _delivers_once(each)]
    channels = Channel.objects.filter(platform__in=once, created_at__lte=until)
    return channels.exclude(state=ChannelState.DISCONNECTED).order_by("pk")


def _delivers_once(platform: platforms.Manifest) -> bool:
    receive = platform.receive
    return not receive.retries and (receive.mode == "webhook" or receive.is_partly_polled)
