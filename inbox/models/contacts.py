"""The people who write to a brand. A Contact is a person; a Handle is that person as one channel knows them."""

from __future__ import annotations

from django.db import models

from .brands import Brand, Channel
from .fields import PublicIdModel


class Contact(PublicIdModel):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    vip = models.BooleanField(
        default=False, db_default=False, help_text="A colleague marked this person; it weighs in priorities."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or "Unknown person"


class Handle(models.Model):
    """Ids are scoped to the account on some platforms, so a handle belongs to a channel. Case-sensitive, never a number."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="handles")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="handles")
    external_id = models.CharField(max_length=255, db_collation="C")
    name = models.CharField(max_length=200, blank=True)
    username = models.CharField(max_length=120, blank=True)
    avatar_url = models.URLField(max_length=2000, blank=True)
    followers = models.BigIntegerField(null=True, blank=True)
    verified = models.BooleanField(null=True, blank=True)
    unavailable_reason = models.CharField(max_length=300, blank=True)
    looked_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="one_handle_per_channel_and_platform_id"
            ),
        ]
        indexes = [
            # fetch_due_profiles asks each second for people nobody has looked up yet, the newest first.
            models.Index(
                fields=["-id"], name="handles_to_look_up", condition=models.Q(looked_up_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username or self.external_id
