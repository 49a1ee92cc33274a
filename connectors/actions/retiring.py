"""A channel that was connected by mistake, or is no longer wanted, is retired: its grant is thrown away, nothing is asked, sent or let in
any more, and whoever wrote a reply that waits is told. What has come stays, and connecting the account again makes it the channel that it was."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F

from connectors import sealing
from connectors.actions import _covering, scheduling
from connectors.models import Credential, GapCause, RunState, SyncRun, SyncSchedule, Task
from inbox import events
from inbox.actions import channels, recording, sending
from inbox.models import Channel, Person

log = structlog.get_logger(__name__)


@transaction.atomic(durable=True)
def retire(*, channel: Channel, by: Person, now: datetime) -> None:
    reason = f"{by.short_name} retired it. Nothing comes in or goes out until it is connected again."
    with events.ledger(channel.brand_id):  # the brand's lock comes before every other
        scheduling.hold(channel_ids=[channel.pk])
        channels.disconnect(channel_id=channel.pk, reason=reason, now=now)
        sending.give_up_waiting(channel=channel, now=now)
        _throw_away(channel)
        # Should it be connected again, this time is one in which nothing reached us.
        since = _covering.complete_until(channel.pk) or now
        _covering.begin_gap(channel.pk, GapCause.DISCONNECTED, since=since, now=now)
        mine = SyncSchedule.objects.filter(channel=channel)
        # Who runs one of them now loses the lease, and with it the right to go on.
        mine.update(
            lease_until=None, lease_owner="", once=False, failures=0, waits=0, last_error="", last_remedy=""
        )
        mine.filter(task=Task.BACKFILL).update(cursor="", next_run_at=None)
        SyncRun.objects.filter(channel=channel, state=RunState.RUNNING).update(
            state=RunState.STOPPED, ended_at=now, error="", remedy=""
        )
        recording.record(
            brand=channel.brand, by=by, act="retired", subject="channel", subject_id=channel.pk,
            subject_name=channel.name, now=now,
        )  # fmt: skip
    log.info("channel_retired", channel=channel.pk)


def _throw_away(channel: Channel) -> None:
    """The tokens. The row stays: it says which app signs at the channel's address, where the platform may deliver for other accounts of
    the app, too; and its version goes on, so that a late answer about the old grant never speaks of the next one."""
    Credential.objects.filter(channel=channel).update(
        sealed=sealing.seal({"access": "", "refresh": ""}), scopes=[], version=F("version") + 1, expires_at=None,
        refresh_expires_at=None, refresh_lease_until=None, refresh_error="",
    )  # fmt: skip
