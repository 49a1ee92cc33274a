"""How much of what was before a channel the brand wants: what somebody asked for, with the connection or later, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from connectors.models import Cause, RunState, SyncRun, Task
from inbox.models import Channel

# Between a platform's clock and ours, and for the consent to come back: nothing that was written after it is taken for older.
SKEW = timedelta(minutes=10)
ASKED = Q(task=Task.BACKFILL) & ~Q(state=RunState.STOPPED)


@dataclass(frozen=True, slots=True)
class Past:
    begins: datetime  # what is younger is the channel's own
    ranges: tuple[tuple[datetime | None, datetime], ...]  # None: from as far back as the platform tells

    def is_wanted(self, at: datetime) -> bool:
        return at >= self.begins or any(
            (since is None or since <= at) and at < until for since, until in self.ranges
        )


def begins(channel: Channel) -> datetime:
    return channel.created_at - SKEW


def asked_for(channel: Channel) -> Past:
    """With the ranges of all backfills but those that somebody stopped: what these had brought stays, and the rest is wanted no more."""
    runs = SyncRun.objects.filter(ASKED, channel=channel)
    ranges = runs.values_list("since", "until", "started_at")
    return Past(begins(channel), tuple((since, until or started) for since, until, started in ranges))


def says_what_is_wanted(channel: Channel) -> Q:
    """Runs that are kept for that, however old. What a plan goes back for, its newest run says."""
    early = Q(since=None) | Q(since__lt=begins(channel))
    return ASKED & early & ~Q(cause=Cause.CLOCK)
