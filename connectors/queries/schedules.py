"""A brand's schedules as operations read them: when, what is planned next, how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from connectors.models import Overlap, RunState, SyncRun, SyncSchedule, Task
from connectors.rules.remedies import Fix, fix_for
from inbox import platforms
from inbox.models import Brand, Channel, ChannelState

_ORDER = {task: place for place, task in enumerate(Task.values)}


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    schedule: SyncSchedule
    says: str
    state: str  # running, retired, paused, failing, resting, planned
    words: str
    next_runs: tuple[datetime, ...]
    fix: Fix | None = None
    is_right_after: bool = False  # the first of the next runs follows the one under way, whenever that ends

    @property
    def format(self) -> str:
        """How exactly its moments are told: two of one minute would look the same."""
        minutes = {run.replace(second=0, microsecond=0) for run in self.next_runs}
        return "exact" if len(minutes) < len(self.next_runs) else "full"


@dataclass(frozen=True, slots=True)
class ChannelSchedules:
    channel: Channel
    platform: str
    lines: tuple[ScheduleLine, ...]


def of_brand(brand: Brand, *, now: datetime) -> list[ChannelSchedules]:
    found = SyncSchedule.objects.filter(channel__brand=brand).select_related("channel")
    ordered = sorted(
        found, key=lambda each: (each.channel.platform, each.channel.name, each.channel_id, _ORDER[each.task])
    )
    return [
        ChannelSchedules(channel, label_of(channel), tuple(line(each, now=now) for each in schedules))
        for channel, schedules in groupby(ordered, key=lambda each: each.channel)
    ]


def label_of(channel: Channel) -> str:
    return platforms.label_of(channel.platform)


def line(schedule: SyncSchedule, *, now: datetime) -> ScheduleLine:
    asked_for_only = schedule.task == Task.BACKFILL and schedule.days is None
    says = "when somebody asks for a range" if asked_for_only else schedule.cadence.said()
    if schedule.cron and not asked_for_only:
        says = f"{says} ({schedule.time_zone})"
    state, words = _state(schedule, now)
    runs: tuple[datetime, ...] = ()
    rests = schedule.paused or state == "retired" or asked_for_only
    is_right_after = False
    if schedule.next_run_at is not None and not rests:
        # The time of the run under way stands until it ends: it is none of the next.
        is_under_way = state == "running" and schedule.next_run_at <= now
        is_right_after = is_under_way and _is_queued(schedule, schedule.next_run_at, now)
        planned = None if is_under_way else schedule.next_run_at
        runs = tuple(schedule.cadence.following(now if is_right_after else planned, now=now))
    fix = fix_for(schedule.last_remedy) if schedule.last_error else None
    return ScheduleLine(schedule, says, state, words, runs, fix, is_right_after)


def _is_queued(schedule: SyncSchedule, due: datetime, now: datetime) -> bool:
    """Whether a slot came since the run under way began, over all its turns; what leaves no run began when it was due."""
    if schedule.overlap != Overlap.QUEUE:
        return False
    under_way = SyncRun.objects.filter(schedule=schedule, state=RunState.RUNNING)
    began = under_way.values_list("started_at", flat=True).first() or due
    return schedule.cadence.after(began) <= now


def _state(schedule: SyncSchedule, now: datetime) -> tuple[str, str]:
    if schedule.lease_until is not None and schedule.lease_until > now:
        return "running", "Running"
    if schedule.channel.state == ChannelState.DISCONNECTED and schedule.task != Task.PURGE:
        return "retired", "Retired"
    if schedule.paused:
        return "paused", "Paused"
    if schedule.last_error:
        count = schedule.failures + schedule.waits
        tries = f"{count} tries" if count != 1 else "1 try"
        return "failing", f"Failing since {tries}"
    if schedule.next_run_at is None:
        return "resting", "At rest"
    if schedule.is_slow:
        return "planned", "Planned, in the lane of slow channels"
    return "planned", "Planned"
