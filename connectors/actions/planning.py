"""Schedules as people set them: which a channel has, when each runs, paused or not, and now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from connectors.actions import _runs, backfilling
from connectors.models import Cause, SyncSchedule, Task
from connectors.rules.cadence import LONGEST_JITTER, Cadence, NotUnderstood, checked
from inbox import platforms
from inbox.actions import recording
from inbox.models import Channel, ChannelState, Person
from inbox.platforms import Manifest

RECONCILE_EVERY = timedelta(minutes=15)
RECONCILE_POLLED_EVERY = timedelta(hours=24)  # its poll is the platform's whole log already
TOKENS_EVERY = timedelta(minutes=1)
PROFILES_EVERY = timedelta(hours=1)  # where the platform lets them be kept for a day or so
NIGHTLY = {Task.PROFILES: "20 2 * * *", Task.PURGE: "40 3 * * *"}
SPREAD = 900  # seconds: nightly work of all channels does not begin in the same minute


class Refused(Exception):
    """It cannot be planned so; the words say why and what to do."""


def give_defaults(channel: Channel, now: datetime) -> None:
    """What every channel needs, once; what people have changed stays as it is. Inside the caller's transaction."""
    manifest = platforms.get(channel.platform)
    is_polled = manifest.receive.mode == "poll" and not manifest.receive.is_partly_polled
    every: dict[str, timedelta] = {
        Task.RECONCILE: RECONCILE_POLLED_EVERY if is_polled else RECONCILE_EVERY,
        Task.TOKENS: TOKENS_EVERY,
    }
    if manifest.poll_every is not None:
        every[Task.POLL] = manifest.poll_every
    if _is_short_lived(manifest):
        every[Task.PROFILES] = PROFILES_EVERY
    for task, pace in every.items():
        first = now + pace if is_polled and task == Task.RECONCILE else now
        _make(channel, task, every_seconds=max(1, int(pace.total_seconds())), next_run_at=first)
    for task, cron in NIGHTLY.items():
        if task in every:
            continue
        plan = {"every_seconds": 86400, "cron": cron, "jitter_seconds": SPREAD}
        made = _make(channel, task, next_run_at=now + timedelta(days=1), **plan)
        if made is not None:  # by its own jitter
            SyncSchedule.objects.filter(pk=made.pk).update(next_run_at=made.cadence.after(now))
    _make(channel, Task.BACKFILL, every_seconds=86400, next_run_at=None)


def _is_short_lived(manifest: Manifest) -> bool:
    """Whether a nightly refresh of profiles could come too late."""
    return manifest.profile_cache is not None and manifest.profile_cache <= timedelta(days=2)


def _make(channel: Channel, task: str, **plan: object) -> SyncSchedule | None:
    made, is_new = SyncSchedule.objects.get_or_create(channel=channel, task=task, defaults=plan)
    return made if is_new else None


@transaction.atomic(durable=True)
def edit(
    *,
    schedule: SyncSchedule,
    every_seconds: int,
    cron: str,
    time_zone: str,
    jitter_seconds: int,
    overlap: str,
    max_seconds: int,
    days: int | None,
    now: datetime,
) -> None:
    """The next run follows from the new plan. A backfill without days runs when it is asked for."""
    if cron:
        try:
            cron = checked(cron)
            Cadence(every_seconds, cron, time_zone, jitter_seconds, schedule.pk).after(now)
        except NotUnderstood as refused:
            raise Refused(str(refused)) from refused
    if not 0 <= jitter_seconds <= LONGEST_JITTER:
        raise Refused(f"The jitter is between 0 and {LONGEST_JITTER} seconds.")
    row = SyncSchedule.objects.select_for_update().get(pk=schedule.pk)
    row.every_seconds, row.cron, row.time_zone, row.jitter_seconds = (
        every_seconds,
        cron,
        time_zone,
        jitter_seconds,
    )
    row.overlap, row.max_seconds, row.days = overlap, max_seconds, days
    # What is under way goes on when its next turn is due; the plan holds from its end.
    if _runs.under_way(row) is None:
        asked_for_only = row.task == Task.BACKFILL and days is None
        row.next_run_at = None if asked_for_only else row.cadence.after(now)
    row.save(
        update_fields=[
            "every_seconds", "cron", "time_zone", "jitter_seconds", "overlap", "max_seconds", "days", "next_run_at",
        ]
    )  # fmt: skip


@transaction.atomic(durable=True)
def pause(*, schedule: SyncSchedule) -> None:
    """What is under way ends its turn and then rests where it stands."""
    SyncSchedule.objects.filter(pk=schedule.pk).update(paused=True, once=False)


@transaction.atomic(durable=True)
def resume(*, schedule: SyncSchedule, now: datetime) -> None:
    """Due at once if it would have run meanwhile: the cursor knows where it stood."""
    mine = SyncSchedule.objects.filter(pk=schedule.pk)
    mine.filter(Q(failures__gt=0) | Q(waits__gt=0), next_run_at__gt=now).update(next_run_at=now)
    mine.update(paused=False, once=False)


@transaction.atomic(durable=True)
def run_now(*, schedule: SyncSchedule, by: Person, now: datetime) -> None:
    """In the next second, whatever the plan says: of what is paused one run, and then it rests again. What runs already is left to
    it. Of a backfill the days of its plan."""
    rows = SyncSchedule.objects.select_for_update(of=("self",)).select_related("channel__brand")
    row = rows.get(pk=schedule.pk)
    if row.lease_until is not None and row.lease_until > now:
        raise Refused("It is running at this moment.")
    if row.channel.state == ChannelState.DISCONNECTED and row.task != Task.PURGE:
        raise Refused(backfilling.RETIRED)
    if row.task == Task.BACKFILL and _runs.under_way(row) is None:
        _ask_for_days(row, by, now)
    elif row.task != Task.POLL and _runs.under_way(row) is None:
        _runs.begin(row, now, cause=Cause.PERSON, asked_by_id=by.pk)
    SyncSchedule.objects.filter(pk=row.pk).update(next_run_at=now, once=row.paused)
    recording.record(
        brand=row.channel.brand, by=by, act="ran now", subject="schedule", subject_id=row.pk,
        subject_name=f"{row.task} of {row.channel.name}", now=now,
    )  # fmt: skip


def _ask_for_days(schedule: SyncSchedule, by: Person, now: datetime) -> None:
    if schedule.days is None:
        raise Refused("Say which range: a backfill is asked for on the channel's page.")
    since = now - timedelta(days=schedule.days)
    try:
        backfilling.ask(channel=schedule.channel, since=since, until=None, by=by, now=now)
    except backfilling.Refused as refused:
        raise Refused(str(refused)) from refused
