"""What a grant that may be good for messages is not good for: public talk, which has permissions of its own. That parks nothing; the
connection page says it until it is so no more."""

from __future__ import annotations

from datetime import datetime

from connectors.actions import _covering
from connectors.actions._runs import Synced
from connectors.models import ChannelHealth, SyncRun, SyncSchedule
from inbox.actions import completing


def note_unread(*, channel_id: int, reason: str) -> None:
    """`reason` empty: it is shown."""
    _note(channel_id, public_unread=reason[:300])


def note_told(*, channel_id: int) -> None:
    """One piece of public talk was told when asked for. Where a walk is refused the rest, that goes on being said."""
    said = ChannelHealth.objects.filter(channel=channel_id).exclude(public_unread="")
    if said.exists() and _covering.withheld_since(channel_id) is None:
        said.update(public_unread="")


def note_unanswered(*, channel_id: int, reason: str) -> None:
    _note(channel_id, public_unanswered=reason[:300])


def note_walked(
    schedule: SyncSchedule,
    run: SyncRun | None,
    done: Synced,
    *,
    walked_from: datetime,
    unread: int,
    now: datetime,
) -> None:
    """A whole walk has been made. One that came to nothing public says nothing of it; one that was shown what was withheld before finds
    the mentions that rest since then readable as well."""
    if not (done.withheld or done.public):
        return
    note_unread(channel_id=schedule.channel_id, reason=done.withheld)
    if not done.withheld and _covering.note_shown(
        schedule, run, walked_from=walked_from, unread=unread, now=now
    ):
        completing.ask_again(channel_id=schedule.channel_id, now=now)


def _note(channel_id: int, **columns: str) -> None:
    ChannelHealth.objects.update_or_create(channel_id=channel_id, defaults=columns)
