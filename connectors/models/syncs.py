"""What operations schedule: schedules as rows, each run with what it did, and its log."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from connectors.rules.cadence import Cadence
from inbox.models import Channel, ChannelState


class Task(models.TextChoices):
    POLL = "poll", "Poll for new messages"
    RECONCILE = "reconcile", "Compare with the platform's history"
    BACKFILL = "backfill", "Backfill the past"
    PROFILES = "profiles", "Refresh profiles"
    TOKENS = "tokens", "Refresh tokens"
    PURGE = "purge", "Purge by retention"


class Overlap(models.TextChoices):
    SKIP = "skip", "Skip what fell due meanwhile"
    QUEUE = "queue", "Run once more right after"


class SyncScheduleQuerySet(models.QuerySet["SyncSchedule"]):
    def that_run(self) -> Self:
        """Those that run when they fall due. Of a channel that was retired nothing is asked; what is kept of it goes in time all the same."""
        retired = Channel.objects.filter(state=ChannelState.DISCONNECTED)
        asks = Q(task=Task.PURGE) | ~Q(channel_id__in=retired.values("pk"))
        return self.filter(Q(paused=False) | Q(once=True), asks)


class SyncSchedule(models.Model):
    """Work that operations schedule for a channel. A row, a due time, a lease: no timer lives in a broker."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="schedules")
    task = models.CharField(max_length=12, choices=Task)
    every_seconds = models.IntegerField()
    cron = models.CharField(max_length=100, blank=True, help_text="Instead of the interval.")
    time_zone = models.CharField(max_length=64, default="UTC")
    jitter_seconds = models.IntegerField(default=0)
    overlap = models.CharField(max_length=5, choices=Overlap, default=Overlap.SKIP)
    max_seconds = models.IntegerField(default=20, help_text="Of one turn; a longer run takes several.")
    days = models.IntegerField(
        null=True, blank=True, help_text="What is kept (purge), how far back (backfill), how old (profiles)."
    )
    cursor = models.TextField(blank=True)
    paused = models.BooleanField(default=False)
    once = models.BooleanField(
        default=False, db_default=False, help_text="Somebody wants one run of it although it is paused."
    )
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="Empty: when somebody asks for it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=32, blank=True, help_text="Who may move the cursor.")
    is_slow = models.BooleanField(
        default=False, help_text="Its last run took long: it keeps to its own lane."
    )
    failures = models.IntegerField(default=0)
    waits = models.IntegerField(
        default=0,
        db_default=0,
        help_text="Turns in a row that met a limit of which nobody says when it ends.",
    )
    last_error = models.CharField(max_length=300, blank=True)
    last_remedy = models.CharField(max_length=12, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)

    objects = SyncScheduleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "task"], name="one_schedule_per_channel_and_task"),
            models.CheckConstraint(condition=Q(every_seconds__gte=1), name="a_schedule_has_a_pace"),
            models.CheckConstraint(condition=Q(jitter_seconds__gte=0), name="jitter_only_delays"),
        ]
        indexes = [
            # run_due_schedules asks every second.
            models.Index(
                fields=["next_run_at"], name="schedules_due", condition=Q(paused=False) | Q(once=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} of {self.channel_id}"

    @property
    def cadence(self) -> Cadence:
        return Cadence(
            every_seconds=self.every_seconds,
            cron=self.cron,
            time_zone=self.time_zone,
            jitter_seconds=self.jitter_seconds,
            key=self.pk or 0,
        )


class RunState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"


class Cause(models.TextChoices):
    CLOCK = "clock", "by the schedule"
    PERSON = "person", "asked for"
    CONNECT = "connect", "with the connection"


class SyncRun(models.Model):
    """One walk from its beginning to its end, over as many turns as that takes. `since` and `until` bound a backfill."""

    schedule = models.ForeignKey(SyncSchedule, on_delete=models.CASCADE, null=True, related_name="runs")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="sync_runs", db_index=False)
    task = models.CharField(max_length=12, choices=Task)
    cause = models.CharField(max_length=8, choices=Cause, default=Cause.CLOCK)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=RunState, default=RunState.RUNNING)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    pages = models.IntegerField(default=0)
    events = models.IntegerField(default=0)
    new_messages = models.IntegerField(default=0)
    dead = models.IntegerField(default=0)
    requests = models.IntegerField(default=0, help_text="Spent against the platform's budget.")
    share = models.FloatField(
        null=True, blank=True, help_text="How much of the way is done, where that can be told."
    )
    lag_seconds = models.IntegerField(
        null=True, blank=True, help_text="How old the oldest news was that it found."
    )
    error = models.CharField(max_length=300, blank=True)
    remedy = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule"], condition=Q(state="running"), name="one_run_under_way_per_schedule"
            ),
        ]
        indexes = [
            # The history of a channel's runs, newest first.
            models.Index(fields=["channel", "-id"], name="runs_of_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.state}"


class Level(models.TextChoices):
    INFO = "info", "Note"
    WARNING = "warning", "Warning"
    ERROR = "error", "Error"


class RunLine(models.Model):
    """A line of a run's log, in words."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="lines", db_index=False)
    at = models.DateTimeField()
    level = models.CharField(max_length=7, choices=Level, default=Level.INFO)
    text = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="lines_of_run")]
