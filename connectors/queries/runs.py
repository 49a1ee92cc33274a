"""Runs as operations read them: what is under way with how much of the way done, and the history, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from connectors.models import RateBudget, RunLine, RunState, SyncRun, SyncSchedule, Task
from connectors.queries.schedules import label_of
from connectors.rules.remedies import Fix, fix_for
from inbox import platforms
from inbox.models import Brand, Channel

PAGE = 50
LINES = 300


@dataclass(frozen=True, slots=True)
class RunView:
    run: SyncRun
    label: str
    channel: str
    platform: str
    percent: int | None
    waits: bool  # under way, and nobody works on it at this moment
    fix: Fix | None

    @property
    def seconds(self) -> int:
        end = self.run.ended_at or self.run.touched_at or self.run.started_at
        return max(0, int((end - self.run.started_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Late:
    """A schedule that should have run by now."""

    schedule: SyncSchedule
    label: str
    by: timedelta


def under_way(brand: Brand, *, now: datetime) -> list[RunView]:
    found = SyncRun.objects.filter(channel__brand=brand, state=RunState.RUNNING)
    return [view(run, now=now) for run in _with(found).order_by("-pk")[:PAGE]]


def history(
    brand: Brand, *, before: int | None, channel_id: int | None, task: str, now: datetime
) -> list[RunView]:
    found = SyncRun.objects.filter(channel__brand=brand).exclude(state=RunState.RUNNING)
    if before:
        found = found.filter(pk__lt=before)
    if channel_id:
        found = found.filter(channel=channel_id)
    if task:
        found = found.filter(task=task)
    return [view(run, now=now) for run in _with(found).order_by("-pk")[:PAGE]]


def _with(found: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
    return found.select_related("channel", "schedule", "asked_by")


def view(run: SyncRun, *, now: datetime) -> RunView:
    lease = run.schedule.lease_until if run.schedule else None
    percent = None if run.share is None else int(run.share * 100)
    return RunView(
        run=run,
        label=Task(run.task).label,
        channel=str(run.channel),
        platform=label_of(run.channel),
        percent=percent,
        waits=run.state == RunState.RUNNING and (lease is None or lease < now),
        fix=fix_for(run.remedy) if run.error else None,
    )


def of_brand(brand: Brand, run_id: int) -> SyncRun | None:
    return _with(SyncRun.objects.filter(channel__brand=brand, pk=run_id)).first()


def lines(run: SyncRun) -> list[RunLine]:
    return list(RunLine.objects.filter(run=run).order_by("-pk")[:LINES])


def late(brand: Brand, *, now: datetime) -> list[Late]:
    """What is due and has not begun: by more than a few seconds it means that the sync process has too little room."""
    due = SyncSchedule.objects.that_run().filter(
        channel__brand=brand, lease_until=None, next_run_at__lt=now - timedelta(seconds=10)
    )
    return [
        Late(each, Task(each.task).label, now - each.next_run_at)
        for each in due.select_related("channel").order_by("next_run_at", "pk")[:20]
        if each.next_run_at
    ]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a platform allows by its pages: so many calls in `minutes`, or a second where there are none."""

    platform: str
    bucket: str
    calls: int
    minutes: int
    checked_on: date


def expected(brand: Brand) -> list[Expected]:
    """What holds where no answer tells, by channel's platform."""
    keys = (
        Channel.objects.filter(brand=brand).order_by("platform").values_list("platform", flat=True).distinct()
    )
    found = list[Expected]()
    for manifest in filter(None, map(platforms.find, keys)):
        for bucket, pace in manifest.paces.items():
            found.append(Expected(manifest.label, bucket, pace.per_second, 0, pace.checked_on))
        for bucket, quota in manifest.quotas.items():
            minutes = round(quota.window.total_seconds() / 60)
            found.append(Expected(manifest.label, bucket, quota.calls, minutes, quota.checked_on))
    return found


def budgets(brand: Brand, *, now: datetime) -> list[tuple[str, RateBudget]]:
    """What the platforms last said of their limits, as far as it still holds, each with its channel as people call it. Of one that has been
    renewed since nobody has said what is left."""
    known = RateBudget.objects.filter(channel__brand=brand, seen_at__gte=now - timedelta(hours=24))
    known = known.exclude(resets_at__lte=now)
    # Of these no platform told how much is left.
    known = known.exclude(bucket=RateBudget.UNNAMED).exclude(bucket__endswith=RateBudget.TURN)
    ordered = known.select_related("channel").order_by("channel__platform", "channel__name", "bucket", "pk")
    return [(str(each.channel), each) for each in ordered]
