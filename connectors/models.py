"""What connects a channel to its platform: the grant, what was delivered, what is scheduled, how each send went."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inbox.models import Channel, Message


class PlatformApp(models.Model):
    """Our registration at a platform. Secrets are sealed; origins may point somewhere else than the real hosts."""

    platform = models.CharField(max_length=40)
    name = models.CharField(max_length=80, default="default")
    client_id = models.CharField(max_length=200, blank=True)
    sealed = models.BinaryField(
        help_text="client_secret, webhook_secrets, verify_token, bearer: sealed JSON."
    )
    origins = models.JSONField(
        default=dict, blank=True, help_text="consent, token, api, media; empty means the real hosts."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "name"], name="one_app_per_platform_and_name")
        ]

    def __str__(self) -> str:
        return f"{self.platform} app {self.name}"


class Credential(models.Model):
    """The grant of one channel. `version` rises with each refresh; `refresh_lease_until` keeps two refreshes apart."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="credential")
    app = models.ForeignKey(PlatformApp, on_delete=models.PROTECT, related_name="credentials")
    sealed = models.BinaryField(help_text="access and refresh token: sealed JSON.")
    scopes = models.JSONField(default=list, blank=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    version = models.IntegerField(default=1)
    refresh_lease_until = models.DateTimeField(null=True, blank=True)
    refresh_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            # refresh_due_tokens asks for grants that end soon.
            models.Index(fields=["expires_at"], name="tokens_by_end", condition=Q(expires_at__isnull=False)),
        ]


class PendingConsent(models.Model):
    """A consent under way in somebody's browser: the state we sent and the PKCE verifier we keep."""

    state = models.CharField(max_length=100, unique=True)
    app = models.ForeignKey(PlatformApp, on_delete=models.CASCADE, related_name="+")
    brand = models.ForeignKey("inbox.Brand", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("inbox.Person", on_delete=models.CASCADE, related_name="+")
    sealed_verifier = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(auto_now_add=True)


class ReceiptState(models.TextChoices):
    NEW = "new", "Waiting"
    DONE = "done", "Read"
    DEAD = "dead", "Could not be read"


class Receipt(models.Model):
    """One delivery, as it came. Stored and committed before the platform gets its answer."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="receipts", db_index=False)
    received_at = models.DateTimeField()
    body = models.BinaryField()
    state = models.CharField(max_length=4, choices=ReceiptState, default=ReceiptState.NEW)
    drained_at = models.DateTimeField(null=True, blank=True)
    items = models.IntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            # drain_receipts claims the oldest that wait.
            models.Index(fields=["id"], name="receipts_to_drain", condition=Q(state=ReceiptState.NEW)),
            models.Index(fields=["channel", "-id"], name="receipts_of_channel"),
        ]


class DeadItem(models.Model):
    """One update that could not be read or stored, kept with the reason, so that it can be replayed."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="dead_items")
    receipt = models.ForeignKey(
        Receipt, on_delete=models.SET_NULL, null=True, blank=True, related_name="dead_items"
    )
    payload = models.JSONField()
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["channel", "-id"], name="dead_items_waiting", condition=Q(replayed_at__isnull=True)
            ),
        ]


class ChannelHealth(models.Model):
    """What operations look at first. One row a channel, written apart from the hot path."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="health")
    bad_signatures = models.BigIntegerField(default=0)
    last_bad_signature_at = models.DateTimeField(null=True, blank=True)
    last_receipt_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    last_handshake_at = models.DateTimeField(null=True, blank=True)
    account_news_at = models.DateTimeField(
        null=True, blank=True, help_text="When the newest news of the account itself happened."
    )
    unrecognised = models.BigIntegerField(
        default=0, help_text="Updates of a kind nobody knows yet; their receipts are kept."
    )


class Task(models.TextChoices):
    POLL = "poll", "Poll for new messages"
    RECONCILE = "reconcile", "Compare with the platform's history"


class SyncSchedule(models.Model):
    """Work that operations schedule for a channel. A row, a due time, a lease: no timer lives in a broker."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="schedules")
    task = models.CharField(max_length=12, choices=Task)
    every_seconds = models.IntegerField()
    cursor = models.TextField(blank=True)
    paused = models.BooleanField(default=False)
    next_run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    failures = models.IntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "task"], name="one_schedule_per_channel_and_task"),
            models.CheckConstraint(condition=Q(every_seconds__gte=1), name="a_schedule_has_a_pace"),
        ]
        indexes = [
            # run_due_schedules asks every second.
            models.Index(fields=["next_run_at"], name="schedules_due", condition=Q(paused=False)),
        ]


class SyncRun(models.Model):
    schedule = models.ForeignKey(SyncSchedule, on_delete=models.CASCADE, null=True, related_name="runs")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="sync_runs")
    task = models.CharField(max_length=12, choices=Task)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    events = models.IntegerField(default=0)
    new_messages = models.IntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)


class DeliveryAttempt(models.Model):
    """One try to send a reply: what was tried, when, and how it ended."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempt_rows")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)  # sent, or the Remedy that was taken
    code = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(max_length=400, blank=True, db_collation="C")


class RateBudget(models.Model):
    """What a platform last said of its limits for a channel."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="budgets")
    bucket = models.CharField(max_length=40)
    remaining = models.IntegerField(null=True, blank=True)
    used_percent = models.IntegerField(null=True, blank=True)
    resets_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "bucket"], name="one_budget_per_bucket")]
