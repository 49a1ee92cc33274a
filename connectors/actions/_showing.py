"""What a page shows of a channel's completeness, and says to those who read the run. Inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from connectors.actions import _burying, _covering, _runs
from connectors.actions._walking import Kept
from connectors.models import GapCause, Level, SyncRun
from inbox import platforms
from inbox.models import Channel


def note(channel: Channel, run: SyncRun, kept: Kept, now: datetime) -> None:
    page = kept.page
    if page.remarks:
        _runs.add_line(run.pk, _burying.words_of(page.remarks), Level.INFO, now)
    _covering.note_undelivered(run, kept.undelivered, public=page.public, waiting=kept.waiting, now=now)
    if kept.log_until is not None and platforms.get(channel.platform).receive.is_partly_polled:
        _covering.note_log(channel, kept.log_until, now=now)
    for thread in kept.cut_off:
        if kept.horizon and _covering.note_horizon(channel, thread, since=kept.horizon, now=now):
            said = f"Of one thread only the newest {thread.told} messages are told; older ones can no longer be known."
            _runs.add_line(run.pk, said, Level.WARNING, now)
    if page.withheld:
        _runs.add_line(run.pk, page.withheld, Level.WARNING, now)
        if kept.withheld_since is not None:
            _covering.begin_gap(channel.pk, GapCause.WITHHELD, since=kept.withheld_since, now=now)
