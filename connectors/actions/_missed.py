"""What is known not to have reached the inbox, before any walk has looked: the platform says so, our door was shut, a delivery cannot be
read. Each is a gap, and a comparison for it. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest, Least

from connectors.actions import _covering
from connectors.models import Credential, Gap, GapCause, Receipt, SyncSchedule, Task
from inbox.rules.cleaning import clean

# Between two comparisons because our door was shut: one that opens and shuts again and again does not use up a platform's limits.
SHUT_APART = timedelta(minutes=2)


def look_back(channel_id: int, reason: str, *, now: datetime) -> None:
    """Something did not reach us, and nobody knows what: a gap is open until a walk has been made, which is due now. A platform that
    says so is not asked to deliver it again: that may be just what it could not do."""
    # One that is open already is as new as this: a walk under way may have passed what is missing now.
    again = Gap.objects.filter(channel=channel_id, cause=GapCause.NOT_DELIVERED, healed_at=None, lost=False)
    if not again.exists():
        _covering.begin_gap(
            channel_id, GapCause.NOT_DELIVERED, since=_covering.complete_until(channel_id) or now, now=now
        )
    again.update(found_at=now, redelivery_said=clean(reason)[:300])
    _covering.walk_soon(channel_id, now)


def note_shut_door(channel_id: int, *, since: datetime, until: datetime, now: datetime) -> None:
    """What was delivered in this time found our door shut."""
    _note_missed(channel_id, GapCause.NOT_DELIVERED, since=since, until=until, now=now)


def note_unread(receipts: Collection[Receipt], *, now: datetime) -> None:
    """Deliveries that cannot be read as a whole may tell of any account of their app. One that is read again in vain tells nothing new."""
    for app_channels, at in _spoken_for(receipts):
        for channel_id in app_channels:
            told = Gap.objects.filter(channel=channel_id, cause=GapCause.UNREAD, since__lte=at, until__gte=at)
            if not told.exists():
                _note_missed(channel_id, GapCause.UNREAD, since=at, until=at, now=now)


def _spoken_for(receipts: Collection[Receipt]) -> Iterator[tuple[list[int], datetime]]:
    """By delivery the channels whose accounts it may tell of, and when it came."""
    if not receipts:
        return
    own = {each.channel_id for each in receipts}
    signers = Credential.objects.filter(channel__in=own).values("app")
    grants = Credential.objects.filter(app__in=signers).order_by("channel_id")
    known = list(grants.values_list("channel_id", "app_id", "channel__created_at"))
    app_of = {channel_id: app_id for channel_id, app_id, _ in known}
    for each in receipts:
        app, at = app_of.get(each.channel_id), each.received_at
        if app is None:
            yield [each.channel_id], at
        else:
            yield [pk for pk, app_id, created_at in known if app_id == app and created_at <= at], at


def _note_missed(
    channel_id: int, cause: GapCause, *, since: datetime, until: datetime, now: datetime
) -> None:
    """One gap however long it lasts, and a comparison for it."""
    known = Gap.objects.filter(
        channel=channel_id, cause=cause, until__gte=since - SHUT_APART, healed_at=None, lost=False
    )
    if known.update(since=Least(F("since"), since), until=Greatest(F("until"), until), found_at=now):
        return
    Gap.objects.create(channel_id=channel_id, cause=cause, since=since, until=until, found_at=now)
    walks = SyncSchedule.objects.filter(
        channel=channel_id, task=Task.RECONCILE, paused=False, failures=0, waits=0
    )
    last = walks.values_list("last_success_at", flat=True).first()
    due = max(now, last + SHUT_APART) if last is not None else now
    walks.filter(next_run_at__gt=due).update(next_run_at=due)
