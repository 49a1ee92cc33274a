"""What somebody should know of, though they are not looking: one row a person and subject, until it is seen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from .brands import Brand, Channel
from .conversations import Conversation
from .fields import PublicIdModel
from .messages import Message


class NotificationKind(models.TextChoices):
    MENTION = "mention", "mentioned you"
    LATE = "late", "is late, or nearly"
    CHANNEL = "channel", "is in trouble"
    REPLY = "reply", "was not sent"


class Notification(PublicIdModel):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=20)  # a NotificationKind; not choices in the column, kinds grow
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, related_name="notifications"
    )
    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="Where it is about no conversation.",
    )
    matter = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="Of a channel: which of its troubles, so that none is written over another that nobody has seen.",
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False,
        help_text="Empty: Parley itself.",
    )  # fmt: skip
    text = models.CharField(max_length=200, blank=True, help_text="What is to be known, in one line.")
    at = models.DateTimeField()
    seq = models.BigIntegerField(default=0, help_text="The event that it tells of.")
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # The same subject again, before it was seen, is the same row with newer words.
            models.UniqueConstraint(
                fields=["person", "kind", "conversation", "message", "channel", "matter"], condition=Q(seen_at=None),
                nulls_distinct=False,
                name="one_unseen_notification_per_subject",
            ),
        ]  # fmt: skip
        indexes = [
            # The bell lists a person's newest, and says whether there is an unseen one.
            models.Index(fields=["person", "brand", "-seq", "-id"], name="notifications_newest"),
            models.Index(
                fields=["person", "brand"], name="notifications_unseen", condition=Q(seen_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.person_id}"
