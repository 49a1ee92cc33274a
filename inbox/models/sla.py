"""Promises of time: hours, policies, the clocks that run under them and the segments that a clock is made of."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from .brands import Brand
from .conversations import Conversation
from .fields import PublicIdModel


class BusinessHours(PublicIdModel):
    """When a brand works, in its own time zone. Intervals are pairs of minutes since midnight.

    `week` maps "0" (Monday) to "6" to lists of [opens, closes]; a `closes` past 1440 reaches into the next day.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="business_hours")
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64, default="UTC")
    week = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "business hours"
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_set_of_hours_per_name")]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A day that differs from its weekday: closed, or open at other times."""

    hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="holidays")
    day = models.DateField()
    name = models.CharField(max_length=80)
    intervals = models.JSONField(default=list, help_text="Empty: closed all day.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hours", "day"], name="one_holiday_per_day")]

    def __str__(self) -> str:
        return f"{self.name} ({self.day})"


class SlaPolicy(PublicIdModel):
    """What is promised to whom. The first policy, by position, whose conditions all hold is the conversation's; empty conditions hold."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="sla_policies")
    name = models.CharField(max_length=80)
    position = models.SmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    version = models.IntegerField(
        default=1, help_text="Rises with each change, so that a clock can say under which it ran."
    )
    priorities = ArrayField(models.SmallIntegerField(), default=list, blank=True)
    channels = ArrayField(models.BigIntegerField(), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    first_response = models.IntegerField(
        null=True, blank=True, default=600, help_text="Seconds; empty: not promised."
    )
    next_response = models.IntegerField(null=True, blank=True, help_text="Seconds; empty: not promised.")
    resolution = models.IntegerField(null=True, blank=True, help_text="Seconds; empty: not promised.")
    hours = models.ForeignKey(
        BusinessHours,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="policies",
        help_text="Empty: around the clock.",
    )
    pauses_for_customer = models.BooleanField(
        default=True, help_text="Resolution stands still while the customer has the word."
    )
    pauses_snoozed = models.BooleanField(default=True)
    pauses_pending = models.BooleanField(default=True)
    warnings = ArrayField(
        models.SmallIntegerField(),
        default=list,
        blank=True,
        help_text="Percent of the target that is used up.",
    )
    raises_priority = models.BooleanField(default=True, help_text="A breach makes the conversation urgent.")
    unassigns_late = models.BooleanField(
        default=False, help_text="A breach takes the conversation from its assignee."
    )
    reassigns_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False,
        help_text="A breach gives the conversation to this colleague.",
    )  # fmt: skip
    notifies_assignee = models.BooleanField(
        default=True, db_default=True, help_text="Of warnings and breaches."
    )
    notifies_managers = models.BooleanField(default=True, db_default=True, help_text="Of breaches.")
    notifies = ArrayField(
        models.BigIntegerField(), default=list, db_default=[], blank=True, help_text="People told of warnings and breaches, too."
    )  # fmt: skip

    class Meta:
        verbose_name_plural = "SLA policies"
        ordering = ("position", "id")
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_policy_per_name")]

    def __str__(self) -> str:
        return self.name


class ClockKind(models.TextChoices):
    FIRST_RESPONSE = "first", "First response"
    NEXT_RESPONSE = "next", "Next response"
    RESOLUTION = "resolution", "Resolution"


class ClockState(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    MET = "met", "Met"
    MISSED = "missed", "Ended late"
    CANCELLED = "cancelled", "No answer needed"


class Clock(models.Model):
    """One target of one conversation, from what started it to what ended it. Its segments add up to `counted`.

    Triage writes several of these with each message, so foreign keys that another index already serves have none of their own.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="clocks", db_index=False
    )
    kind = models.CharField(max_length=10, choices=ClockKind)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=ClockState, default=ClockState.RUNNING)
    policy = models.ForeignKey(
        SlaPolicy, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    policy_name = models.CharField(max_length=80)
    policy_version = models.IntegerField(default=1)
    target = models.IntegerField(help_text="Seconds.")
    counted = models.FloatField(default=0, help_text="Seconds; of a clock under way, as of its last writing.")
    due_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the target is used up if nothing pauses it; empty while paused.",
    )
    breached_at = models.DateTimeField(null=True, blank=True)
    breach_seq = models.BigIntegerField(
        null=True, blank=True, help_text="The event that told the breach; told once."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "kind", "started_at"], name="one_clock_per_start"),
            models.CheckConstraint(condition=Q(state__in=["running", "paused"]) | Q(ended_at__isnull=False), name="an_ended_clock_says_when"),
            models.CheckConstraint(condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="a_clock_ends_after_it_starts"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.state}"

    @property
    def extended(self) -> bool:
        """It goes on, was told as late, and is due later now, or stands still before that."""
        if self.ended_at is not None or self.breached_at is None:
            return False
        return self.due_at is None or self.due_at > self.breached_at


class ClockSegment(models.Model):
    """A stretch of a clock with one reason. The segments of a clock follow one another without a gap.

    They are written when the clock ends; until then they are worked out whenever somebody looks (queries.clocks).
    """

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="segments", db_index=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    counts = models.BooleanField()
    counted = models.FloatField(default=0, help_text="Seconds of working time in it; 0 while it is open.")
    reason = models.CharField(max_length=120)

    class Meta:
        ordering = ("started_at", "id")
        indexes = [models.Index(fields=["clock", "started_at"], name="segments_of_clock")]


class TimerKind(models.TextChoices):
    WARNING = "warning", "Warning"
    BREACH = "breach", "Breach"
    WAKE = "wake", "Snooze ends"
    TURN = "turn", "Time changes the score"


class Timer(models.Model):
    """Something to do at a time. Rows, so that neither a killed worker nor a flushed broker loses one."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="timers", db_index=False
    )
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, null=True, related_name="timers")
    kind = models.CharField(max_length=8, choices=TimerKind)
    percent = models.SmallIntegerField(default=0, help_text="Of a warning.")
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "clock", "kind", "percent"],
                name="one_timer_per_purpose",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            # The sweep of each second reads what is due from here and nothing else.
            models.Index(fields=["due_at", "id"], name="timers_to_fire", condition=Q(fired_at__isnull=True)),
        ]


class TriageCursor(models.Model):
    """Up to which event of its brand triage has looked. What is behind it need not be remembered by any broker."""

    brand = models.OneToOneField(
        Brand, on_delete=models.CASCADE, primary_key=True, related_name="triage_cursor"
    )
    seq = models.BigIntegerField(default=0)
