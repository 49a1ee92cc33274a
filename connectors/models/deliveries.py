"""What came in and what went out, as it was: raw deliveries, what of them could not be read, and each try to send."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inbox.models import Channel, Message


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
    tries = models.SmallIntegerField(db_default=0, help_text="How often it was begun and not ended.")
    delivery = models.CharField(
        max_length=32, db_default="", help_text="Its name in the logs, from the door to the push."
    )

    class Meta:
        indexes = [
            # drain_receipts claims the oldest that wait.
            models.Index(fields=["id"], name="receipts_to_drain", condition=Q(state=ReceiptState.NEW)),
            models.Index(fields=["channel", "-id"], name="receipts_of_channel"),
        ]


class DeadItem(models.Model):
    """One update that could not be read or stored, kept with the reason, so that it can be replayed; or a delivery that could not be
    read as a whole, whose body is all that is known of it."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="dead_items")
    receipt = models.ForeignKey(
        Receipt, on_delete=models.SET_NULL, null=True, blank=True, related_name="dead_items"
    )
    payload = models.JSONField()
    reason = models.CharField(max_length=300)
    is_whole = models.BooleanField(
        db_default=False,
        default=False,
        help_text="It stands for its delivery; the payload is the body of that.",
    )
    historical_before = models.DateTimeField(
        null=True, blank=True, help_text="What it says of the time before rings no bell: a walk brought it."
    )
    fingerprint = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        help_text="Of what no delivery brought: a page may tell it again and again.",
    )
    created_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "fingerprint"],
                condition=Q(replayed_at=None),
                name="what_a_page_could_not_read_waits_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "-id"], name="dead_items_waiting", condition=Q(replayed_at__isnull=True)
            ),
        ]


class DeliveryAttempt(models.Model):
    """One try to send a reply: what was tried, when, and how it ended."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempt_rows")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=12, blank=True
    )  # sent, throttled, restricted, or the Remedy that was taken
    code = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(max_length=400, blank=True, db_collation="C")
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="From when the platform wants to be asked again, where it said so."
    )
