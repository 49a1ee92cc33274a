"""How a channel is: what operations look at, what platforms say of their limits, what is known to be complete and what is not."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from inbox.models import Channel, ChannelState

from .syncs import SyncRun


class ChannelHealth(models.Model):
    """What operations look at first. One row a channel, written apart from the hot path."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="health")
    bad_signatures = models.BigIntegerField(default=0)
    last_bad_signature_at = models.DateTimeField(null=True, blank=True)
    last_receipt_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    last_handshake_at = models.DateTimeField(null=True, blank=True)
    public_unread = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Why this grant is shown no public talk."
    )
    public_unanswered = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Why this grant may not answer in public."
    )
    restricted = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether sending is parked by the platform's restriction alone, which it lifts itself.",
    )
    refused_version = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Whether sending is parked because the access of this version of the grant was refused alone: a call with a later one lifts it.",
    )
    refused_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when access was refused, each time that it was tried again."
    )
    access_tried_from = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From when on a call that is answered with the refused access has sending tried again.",
    )
    account_news_at = models.DateTimeField(
        null=True, blank=True, help_text="When the newest news of the account itself happened."
    )
    complete_until = models.DateTimeField(
        null=True, blank=True, help_text="What the platform told of before is in the inbox."
    )
    polled_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Where the poll is half the story: what it reads is in the inbox up to here.",
    )
    subscribed = models.BooleanField(
        null=True, help_text="Whether the platform delivers to our door; empty: it was not asked yet."
    )
    subscription_said = models.CharField(max_length=300, blank=True, db_default="")
    subscription_checked_at = models.DateTimeField(null=True, blank=True)
    mending_failed_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when the platform was in trouble each time that it was asked to deliver again, and nobody is told yet.",
    )
    speaks_for = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        help_text="Whose deliveries the platform named last, since the account was connected.",
    )

    @property
    def is_restriction(self) -> bool:
        """Whether replies wait for the platform alone, which lifts the restriction itself: to connect again helps nothing."""
        return self.restricted and self.channel.state == ChannelState.NEEDS_RECONNECT

    @property
    def is_of_app(self) -> bool:
        """Whether replies wait for our app to be put right: its platform renews no access for it, and said nothing of the grant."""
        parked = self.refused_version > 0 and self.channel.state == ChannelState.NEEDS_RECONNECT
        return parked and bool(getattr(getattr(self.channel, "credential", None), "refresh_error", ""))


class RateBudget(models.Model):
    """What a platform last said of its limits for a channel."""

    UNNAMED = "replies"  # a pause that the platform asked for without naming a limit: messages and public answers may meet it
    TURN = " turn"  # behind the name of calls that are made at a pace of ours: when the next one has its turn

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="budgets")
    bucket = models.CharField(max_length=40)
    remaining = models.IntegerField(null=True, blank=True)
    used_percent = models.IntegerField(null=True, blank=True)
    resets_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "bucket"], name="one_budget_per_bucket")]


class GapCause(models.TextChoices):
    NOT_DELIVERED = "not_delivered", "The platform did not deliver it"
    DISCONNECTED = "disconnected", "The channel was disconnected"
    NOT_SUBSCRIBED = "not_subscribed", "The platform had stopped delivering to us"
    FAILING = "failing", "Asking the platform failed"
    UNREAD = "unread", "A delivery to one of the app's channels could not be read"
    HORIZON = "horizon", "It is older than what the platform still tells"
    UNPROVEN = "unproven", "More was written than the platform still tells"
    WITHHELD = "withheld", "The platform does not show us public talk"


class Gap(models.Model):
    """A time of which the inbox may lack something, or lacked it until something healed it."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="gaps", db_index=False)
    cause = models.CharField(max_length=16)  # a GapCause
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: it still grows.")
    found_at = models.DateTimeField()
    healed_at = models.DateTimeField(null=True, blank=True)
    healed_by = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, related_name="healed")
    healed_task = models.CharField(
        max_length=12,
        blank=True,
        default="",
        db_default="",
        help_text="Of what healed it: runs go after a month, gaps stay.",
    )  # a Task
    unseen = models.CharField(
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="What whoever healed it could not see.",
    )
    brought = models.IntegerField(default=0, help_text="Messages that it had kept from us.")
    lost = models.BooleanField(default=False, help_text="The platform tells no more of it.")
    redelivery_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the platform was asked to deliver it again."
    )
    redelivery_job = models.CharField(
        max_length=64, blank=True, db_default="", help_text="What the platform calls that, once it agreed."
    )
    redelivery_ended_at = models.DateTimeField(null=True, blank=True)
    redelivery_said = models.CharField(
        max_length=300, blank=True, db_default="", help_text="How that ended, or why it is not asked for."
    )
    thread_key = models.CharField(max_length=400, blank=True, db_collation="C")
    contact_name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            # What goes on is one gap, however often it is looked at.
            models.UniqueConstraint(
                fields=["channel", "cause", "thread_key"], condition=Q(until=None), name="one_growing_gap_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="a_gap_ends_after_it_begins"
            ),
        ]  # fmt: skip
        indexes = [
            # The coverage page lists the newest.
            models.Index(fields=["channel", "-since", "-id"], name="gaps_of_channel"),
            # A whole walk heals what is open.
            models.Index(fields=["channel"], name="gaps_open", condition=Q(healed_at=None, lost=False)),
        ]  # fmt: skip


class HourOfArrivals(models.Model):
    """How many messages customers sent in one hour; what silence is measured by (rules.silence)."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    messages = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "hour"], name="one_count_per_hour")]


class ArrivalsCounted(models.Model):
    """Up to which message arrivals have been counted. One row."""

    up_to = models.BigIntegerField(default=0)


class AlarmKind(models.TextChoices):
    DISCONNECTED = "disconnected", "Disconnected"
    RESTRICTED = "restricted", "Restricted by the platform"
    NOT_SUBSCRIBED = "not_subscribed", "Not delivered to"
    SILENT = "silent", "Silent"
    FAILING = "failing", "Syncs fail"
    ENDING = "ending", "Permission ends"


class Alarm(models.Model):
    """Something about a channel that people are told once, and not again until it has changed."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=16)  # an AlarmKind
    task = models.CharField(
        max_length=12, blank=True, db_default="", help_text="Of a sync that fails: which one."
    )
    said = models.CharField(max_length=300)
    remedy = models.CharField(
        max_length=12, blank=True, default="", db_default="", help_text="What people were told to do, where a kind knows several."
    )  # fmt: skip
    turned_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when something else is to be done, at each look."
    )  # fmt: skip
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When everybody's mail had left.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind", "task"], condition=Q(cleared_at=None), name="one_alarm_per_channel_kind_and_task"
            ),
        ]  # fmt: skip
        indexes = [
            # Those whose mails are to leave.
            models.Index(fields=["id"], name="alarms_to_mail", condition=Q(mailed_at=None)),
        ]


class AlarmMail(models.Model):
    """One mail of an alarm to one person. The row is the claim: who makes it, or finds it long enough ago without its having left, may
    send."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="mails", db_index=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    tried_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True, help_text="When a mail server had taken it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alarm", "person"], name="one_mail_per_alarm_and_person")
        ]
