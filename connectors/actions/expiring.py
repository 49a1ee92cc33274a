"""What a network's own rule forbids to keep any longer. It goes whatever the plan of *Purge* says, and also where a channel is disconnected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection

from connectors.contract import UNKNOWN_KIND
from connectors.models import DeadItem, Receipt, ReceiptState
from inbox import platforms
from inbox.actions import contacts, expiring, forgetting
from inbox.models import Channel, Handle

log = structlog.get_logger(__name__)
SWEPT_EVERY = timedelta(minutes=10)
AT_ONCE = 1000
EARLY = timedelta(minutes=20)  # the sweep comes every ten: rather a little too soon than too late


def expire_words(*, now: datetime) -> int:
    """Words and files of public comments, edits of comments that are not here, and the deliveries that hold them. Returns of how many comments."""
    kept = {each.key: each.comments_kept for each in platforms.installed() if each.comments_kept is not None}
    return _of_each(kept, lambda channel, limit: _words_of(channel, before=now - limit + EARLY, now=now))


def expire_profiles(*, now: datetime) -> int:
    """Names and pictures that nobody could ask for again in time. Returns of how many people."""
    kept = {each.key: each.profile_cache for each in platforms.installed() if each.profile_cache is not None}
    return _of_each(
        kept, lambda channel, limit: _profiles_of(channel, before=now - limit + SWEPT_EVERY, now=now)
    )


def _of_each(kept: Mapping[str, timedelta], expire: Callable[[Channel, timedelta], int]) -> int:
    """A channel whose brand somebody holds, or that cannot be worked, lets nothing of the others stay for longer than it may."""
    expired = 0
    for channel in Channel.objects.filter(platform__in=kept).order_by("pk"):
        try:
            expired += expire(channel, kept[channel.platform])
        except DatabaseError:
            if not connection.is_usable():
                raise
            log.exception("not_expired", channel=channel.pk)
    return expired


def _words_of(channel: Channel, *, before: datetime, now: datetime) -> int:
    expired = 0
    while gone := expiring.expire(channel=channel, before=before, now=now):
        expired += gone
        if gone < expiring.AT_ONCE:
            break
    forgetting.forget_amendments(channel=channel, before=before)
    _forget_deliveries(channel, before)
    return expired


def _profiles_of(channel: Channel, *, before: datetime, now: datetime) -> int:
    old = Handle.objects.filter(channel=channel, looked_up_at__lt=before)
    return sum(
        contacts.forget_profile(channel_id=channel.pk, external_id=external_id, before=before, now=now)
        for external_id in list(old.order_by("pk").values_list("external_id", flat=True)[:AT_ONCE])
    )


def _forget_deliveries(channel: Channel, before: datetime) -> None:
    """What came of them is in the inbox. One with an item that waits to be read again stays until it was read."""
    DeadItem.objects.filter(channel=channel, created_at__lt=before, replayed_at__isnull=False).delete()
    unread = DeadItem.objects.filter(channel=channel, replayed_at=None).exclude(reason=UNKNOWN_KIND)
    old = Receipt.objects.filter(channel=channel, state=ReceiptState.DONE, received_at__lt=before)
    old.exclude(pk__in=unread.exclude(receipt=None).values("receipt_id")).delete()
