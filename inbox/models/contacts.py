"""The people who write to a brand. A Contact is a person; a Handle is that person as one channel knows them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower

from .brands import Brand, Channel
from .fields import PublicIdModel


class Contact(PublicIdModel):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    vip = models.BooleanField(
        default=False, db_default=False, help_text="A colleague marked this person; it weighs in priorities."
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False,
        help_text="This person turned out to be that one; taken back by undoing the merge.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or "Unknown person"


class ContactMerge(PublicIdModel):
    """Two contacts that are one person, and what the kept one took over, so that it can be given back."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    kept = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    handles = ArrayField(models.BigIntegerField(), help_text="That were the absorbed one's.")
    vip_before = models.BooleanField(help_text="Whether the kept one was marked by itself.")
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=models.Q(undone_at=None),
                name="one_merge_of_a_person_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(kept=models.F("absorbed")), name="nobody_is_merged_into_themselves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed} into {self.kept}"


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
    told_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="As of when the platform told who this is, in what it sends by itself.",
    )
    unavailable_reason = models.CharField(max_length=300, blank=True)
    reach_told_at = models.DateTimeField(
        null=True, blank=True, help_text="What they wrote before then says nothing of whether they can be written to."
    )  # fmt: skip
    looked_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="one_handle_per_channel_and_platform_id"
            ),
        ]
        indexes = [
            # fetch_due_profiles asks each second for people nobody has looked up yet, the newest of each channel first.
            models.Index(
                fields=["channel", "-id"],
                name="handles_to_look_up",
                condition=models.Q(looked_up_at__isnull=True),
            ),
            # refresh_profiles asks first for those that were looked up longest ago.
            models.Index(fields=["channel", "looked_up_at"], name="profiles_by_age"),
            # Who looks for the same person elsewhere types the beginning of a name.
            models.Index(OpClass(Lower("name"), "text_pattern_ops"), name="handles_by_name"),
            models.Index(OpClass(Lower("username"), "text_pattern_ops"), name="handles_by_username"),
        ]

    def __str__(self) -> str:
        return self.name or self.username or self.external_id
