"""What was measured: facts, their sums by hour and day, what is still to be summed, and what people ask for by mail or as a file."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from inbox.models import Brand, Conversation
from inbox.models.fields import PublicIdModel


class Fact(models.Model):
    """One thing that counts for one metric: an answer, a resolution, an assignment … Written from the inbox's rows and corrected by them.

    The other columns say by what it may be split. Team, priority, tags and mood are those the conversation has now.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=24, db_collation="C", help_text="A key of analytics.metrics.")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.BigIntegerField(help_text="What it was made from: a message, a clock, an instant.")
    at = models.DateTimeField(help_text="The moment that it counts for.")
    until = models.DateTimeField(null=True, help_text="Of what lasts: when it was over.")
    value = models.FloatField(null=True, help_text="Seconds, or a number.")
    business = models.FloatField(null=True, help_text="The same in business hours.")
    hit = models.BooleanField(null=True, help_text="Kept, or reopened: what a share is a share of.")
    channel_id = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True, help_text="Who wrote, or did it.")
    team_id = models.BigIntegerField(null=True)
    priority = models.SmallIntegerField()
    sentiment = models.CharField(max_length=8, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "kind", "source"], name="a_fact_is_written_once")
        ]
        indexes = [
            # A period is summed from here, and whoever opens a figure reads what is behind it.
            models.Index(fields=["brand", "kind", "at", "id"], name="facts_of_period"),
            # What one person did: of whoever did little, the newest fifty lie far apart in the period.
            models.Index(
                fields=["brand", "kind", "person_id", "at", "id"], name="facts_of_person", condition=Q(person_id__isnull=False)
            ),
            # The targets that were missed, which are few among those that were kept.
            models.Index(
                fields=["brand", "kind", "at", "id"], name="facts_missed", condition=Q(hit=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Level(models.TextChoices):
    HOUR = "hour", "Hour"
    DAY = "day", "Day"

    @property
    def delay(self) -> timedelta:
        """From the first change of a period until it is summed anew."""
        return timedelta(seconds=2 if self is Level.HOUR else 20)


class Rollup(models.Model):
    """The facts of one kind in one day of the brand's own time as histograms: one of all, or one for each value of one thing.

    Numbers are strings of them, least byte first.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(help_text="When the day begins.")
    kind = models.CharField(max_length=24, db_collation="C")
    basis = models.SmallIntegerField(help_text="0: by the calendar, 1: in business hours.")
    dim = models.CharField(
        max_length=12,
        blank=True,
        db_collation="C",
        help_text="By what it is split: one of analytics.packing.DIMS, or nothing.",
    )
    values = ArrayField(models.CharField(max_length=60, blank=True), help_text="As text. Empty: without any.")
    counts = models.BinaryField(help_text="Four bytes a value.")
    hits = models.BinaryField(help_text="Four bytes a value.")
    sizes = models.BinaryField(help_text="How many pairs the histogram of each value has, two bytes.")
    pairs = models.BinaryField(
        help_text="The histograms, one after the other: bucket and number (analytics.histogram.PAIR)."
    )

    class Meta:
        constraints = [
            # Every chart reads one kind, split one way, over a stretch of time.
            models.UniqueConstraint(
                fields=["brand", "kind", "dim", "basis", "at"], name="a_day_is_summed_once"
            )
        ]
        # A day that is summed anew takes the place of its former self.
        indexes = [models.Index(fields=["brand", "at"], name="rollups_of_period")]


class Labels(models.Model):
    """A mood and tags as conversations of a brand have them together: the facts of a day name them by this number."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    mark = models.CharField(max_length=32, help_text="MD5 of the mood and the tags, a line each.")
    sentiment = models.CharField(max_length=8, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "mark"], name="labels_are_known_once")]


class DayFacts(models.Model):
    """Facts of one kind on one day of the brand's own time, each column as one string of small numbers: those of a channel that has many
    are a row, and those of all others are one.

    Whatever two or more things a page asks for at once, it reads the columns that these need and counts. Facts stand in the order of what their
    conversation had: channel, team, labels and priority. Facts that are alike in these are a stretch, and `stretches` tells of each what it has and how
    many there are (packing.STRETCH), so that what is asked of these alone reads no fact. In each other column a row has as many numbers as it
    has facts, one or two bytes wide (least first); a column that is the same in all of them is empty. Channel, person, team and labels are places in
    the row's own lists.
    """

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(help_text="When the day begins.")
    kind = models.CharField(max_length=24, db_collation="C")
    count = models.IntegerField()
    channels = ArrayField(models.BigIntegerField())
    people = ArrayField(models.BigIntegerField(), help_text="0: nobody.")
    teams = ArrayField(models.BigIntegerField(), help_text="0: none.")
    labels = ArrayField(models.BigIntegerField(), help_text="Ids of Labels.")
    stretches = models.BinaryField(help_text="Entries of packing.STRETCH, in order.")
    person = models.BinaryField()
    hour = models.BinaryField(help_text="Of the brand's own day.")
    hit = models.BinaryField(help_text="1 or 0. Empty: 0.")
    bucket = models.BinaryField(
        help_text="Of the value, in the buckets of analytics.histogram; packing.NONE, or empty: it has none."
    )
    business = models.BinaryField(help_text="The same in business hours.")

    class Meta:
        indexes = [
            models.Index(fields=["brand", "kind", "at"], name="dayfacts_of_chart"),
            models.Index(fields=["brand", "at"], name="dayfacts_of_period"),
        ]  # fmt: skip


class Period(models.Model):
    """An hour (of agents) or a day (of facts) whose sums are no longer true. The rows are the queue."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    level = models.CharField(max_length=4, choices=Level, db_collation="C")
    at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="What changes all the time is not summed all the time.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "level", "at"], name="a_period_waits_once")]
        indexes = [models.Index(fields=["due_at", "id"], name="periods_due")]


class Follower(models.Model):
    """How far a brand's events have been read for its figures, and under which settings."""

    brand = models.OneToOneField(Brand, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    seq = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField(null=True, help_text="When its facts were last brought up to date.")
    settings = models.CharField(max_length=64, blank=True, help_text="A mark of time zone and hours.")
    zone = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The brand's time zone, by which days were summed."
    )  # fmt: skip
    definitions = models.CharField(
        max_length=64, blank=True, default="", db_default="",
        help_text="A mark of what each metric means, by its version.",
    )  # fmt: skip
    again_after = models.BigIntegerField(
        null=True, help_text="All is counted anew; conversations up to this id are done."
    )


class Stretch(models.Model):
    """From when to when somebody was there, looked at once a minute. The one thing that cannot be read again from the inbox."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "person", "started_at"], name="one_stretch_per_start")
        ]
        indexes = [models.Index(fields=["brand", "ended_at"], name="stretches_of_period")]


class AgentHour(models.Model):
    """How long somebody was there and how long at work in one hour of the brand's own time."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    person_id = models.BigIntegerField()
    online = models.IntegerField(help_text="Seconds.")
    occupied = models.IntegerField(help_text="Seconds.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "at", "person_id"], name="one_row_per_agent_and_hour")
        ]


class ExportState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Being written"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Export(PublicIdModel):
    """A file with one row a conversation. It is written a slice at a time, and a slice that dies is written again."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked = models.JSONField(default=dict, help_text="Period and filters, as the page's address says them.")
    state = models.CharField(max_length=8, choices=ExportState, default=ExportState.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    after = models.BigIntegerField(default=0, help_text="Conversations up to this id are written.")
    size = models.BigIntegerField(default=0, help_text="Bytes that are certain; what follows is cut off.")
    done = models.IntegerField(default=0)
    expected = models.IntegerField(default=0)
    path = models.CharField(max_length=300, blank=True, help_text="Below MEDIA_ROOT.")
    lease_until = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(
        default=0, db_default=0, help_text="How often a slice was begun since one was ended."
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["brand", "-id"], name="exports_of_brand"),
            models.Index(fields=["id"], name="exports_to_write", condition=Q(state__in=["waiting", "running"])),
        ]  # fmt: skip


class Cadence(models.TextChoices):
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"


class ReportMail(PublicIdModel):
    """A report that somebody gets by mail, by the brand's own clock. A row with its next time: cron only ticks."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    cadence = models.CharField(max_length=6, choices=Cadence)
    weekday = models.SmallIntegerField(default=0, help_text="0 is Monday; for weekly ones.")
    hour = models.SmallIntegerField(default=8)
    next_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True, help_text="Somebody sends it, or it is tried again then.")
    tries = models.SmallIntegerField(default=0, help_text="How often it was begun without having left.")
    sent_at = models.DateTimeField(null=True)
    failed = models.CharField(max_length=300, blank=True, help_text="Why the last one did not leave.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "person", "cadence"], name="one_mail_per_cadence"),
            models.CheckConstraint(
                condition=Q(weekday__range=(0, 6)) & Q(hour__range=(0, 23)), name="a_mail_has_a_real_hour"
            ),
        ]
        indexes = [models.Index(fields=["next_at", "id"], name="mails_due")]
