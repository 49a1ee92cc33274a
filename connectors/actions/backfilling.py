"""A chosen range of the past: asked for with a connection or on demand, resumable, and marked as history."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from connectors.actions import _covering, _runs
from connectors.models import Cause, Level, RunState, SyncRun, SyncSchedule, Task
from inbox import platforms
from inbox.models import Channel, ChannelState, Person

MOMENT = "%-d %B, %H:%M"
WORTH_A_LINE = timedelta(hours=1)  # comparisons are made more often, unless they fail
RETIRED = "This channel was retired: nothing is asked of its platform until it is connected again."
NOBODY_TO_ASK = "Nothing can be asked of its platform: its connector is not installed."


class Refused(Exception):
    """The range cannot be filled; the words say why and what to do."""


@transaction.atomic
def ask(
    *,
    channel: Channel,
    since: datetime | None,
    until: datetime | None,
    by: Person | None,
    cause: str = Cause.PERSON,
    now: datetime,
) -> SyncRun:
    """`since` None: as far back as the platform tells. One range at a time: its cursor is the platform's."""
    if channel.state == ChannelState.DISCONNECTED:
        raise Refused(RETIRED)
    if platforms.find(channel.platform) is None:
        raise Refused(NOBODY_TO_ASK)
    until = min(until or now, now)
    if since is not None and since >= until:
        raise Refused("The range ends before it begins. Choose an earlier beginning.")
    left_from = _covering.news_begin(channel, asked_at=now)
    if until > left_from and _is_never_compared(channel):
        raise Refused(
            f"What is younger than {left_from:{MOMENT}} UTC is brought by the comparison with the platform's history, and that is paused."
            " Resume it first, or choose an end before then."
        )
    schedule, _ = SyncSchedule.objects.get_or_create(
        channel=channel, task=Task.BACKFILL, defaults={"every_seconds": 86400}
    )
    schedule = SyncSchedule.objects.select_for_update().get(pk=schedule.pk)
    if _runs.under_way(schedule) is not None:
        raise Refused("A backfill of this channel is under way. Wait for its end, or stop it first.")
    run = _runs.begin(schedule, now, cause=cause, asked_by_id=by.pk if by else None, since=since, until=until)
    if until - left_from > WORTH_A_LINE:
        said = f"What is younger than {left_from:{MOMENT}} UTC is left to the next comparison with the platform's history."
        _runs.add_line(run.pk, said, Level.WARNING, now)
    withheld_from = _covering.news_begin(channel, asked_at=now, public=True)
    if withheld_from < min(until, left_from):
        said = f"What was said in public since {withheld_from:{MOMENT}} UTC is left to the first comparison that is shown it."
        _runs.add_line(run.pk, said, Level.WARNING, now)
    # Of a schedule that is paused this range alone is brought.
    SyncSchedule.objects.filter(pk=schedule.pk).update(
        cursor="", next_run_at=now, once=schedule.paused, failures=0, waits=0
    )
    return run


def ask_with_consent(*, channel: Channel, days: int | None, by: Person | None, now: datetime) -> str:
    """As much of the past as somebody chose when they connected the account, known or new; 0: none. The answer: why it is not asked for;
    empty: it is."""
    if days == 0:
        return ""
    since = now - timedelta(days=days) if days else None
    try:
        ask(channel=channel, since=since, until=now, by=by, cause=Cause.CONNECT, now=now)
    except Refused as refused:
        return str(refused)
    return ""


def _is_never_compared(channel: Channel) -> bool:
    receive = platforms.get(channel.platform).receive
    if receive.mode == "poll" and not receive.is_partly_polled:
        return False  # the poll brings all of it
    return SyncSchedule.objects.filter(channel=channel, task=Task.RECONCILE, paused=True).exists()


@transaction.atomic(durable=True)
def stop(*, run: SyncRun, by: Person, now: datetime) -> bool:
    """What it has brought stays. A turn that is under way ends with the page it is at."""
    mine = SyncSchedule.objects.filter(channel=run.channel_id, task=run.task)
    list(mine.select_for_update())  # before the run's row, as a page that is being kept does
    # What its last turn could not do holds it up no more; its log keeps it.
    stopped = SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=RunState.STOPPED, ended_at=now, error="", remedy=""
    )
    if not stopped:
        return False
    _runs.add_line(run.pk, f"{by.short_name} stopped it.", Level.WARNING, now)
    # Who runs it now loses the lease, and with it the right to go on.
    mine.update(lease_until=None, lease_owner="", once=False)
    for schedule in mine.filter(task=Task.BACKFILL):
        again = schedule.cadence.after(now) if schedule.days is not None else None
        # Nothing is left that could fail, and nothing that the next range could go on from.
        mine.update(cursor="", next_run_at=again, failures=0, waits=0, last_error="", last_remedy="")
    return True
