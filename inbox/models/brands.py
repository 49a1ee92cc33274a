"""Brands are tenants: everything belongs to one, and nobody sees another's."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from inbox import platforms

from .fields import PublicIdModel, usual_languages


class Brand(PublicIdModel):
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    languages = ArrayField(
        models.CharField(max_length=8),
        default=usual_languages,
        help_text="ISO codes of those its customers write in; a message is taken to be in one of them.",
    )
    reply_hold = models.SmallIntegerField(
        default=5,
        db_default=5,
        help_text="Seconds a reply waits, so that its writer can take it back: 0, or 5 to 30.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reply_hold=0) | Q(reply_hold__range=(5, 30)),
                name="a_hold_is_none_or_5_to_30_seconds",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BrandSequence(models.Model):
    """The number of a brand's newest event. Its row is the brand's write lock: whoever writes takes it first (events.open)."""

    brand = models.OneToOneField(Brand, on_delete=models.CASCADE, primary_key=True, related_name="sequence")
    last = models.BigIntegerField(default=0)


class Role(models.TextChoices):
    AGENT = "agent", "Agent"
    MANAGER = "manager", "Manager"
    OPERATIONS = "operations", "Operations"
    ADMINISTRATOR = "administrator", "Administrator"


class Membership(models.Model):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.AGENT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "person"], name="one_membership_per_brand_and_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.brand} as {self.role}"


class ChannelState(models.TextChoices):
    CONNECTED = "connected", "Connected"
    NEEDS_RECONNECT = "needs_reconnect", "Needs to be connected again"
    DISCONNECTED = "disconnected", "Disconnected"


class ChannelQuerySet(models.QuerySet["Channel"]):
    def of_brand(self, brand: Brand) -> Self:
        return self.filter(brand=brand)


class Channel(PublicIdModel):
    """A brand's account on a platform. Receiving never stops; sending is parked unless the state is CONNECTED."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="channels")
    platform = models.CharField(
        max_length=40, help_text="Key of an installed connector; checked in the register."
    )
    external_id = models.CharField(max_length=255, db_collation="C")
    name = models.CharField(max_length=120)
    handle = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=ChannelState, default=ChannelState.CONNECTED)
    state_reason = models.CharField(max_length=300, blank=True)
    sends_resume_at = models.DateTimeField(
        null=True, blank=True, help_text="The platform asked us to wait until then."
    )
    automatic_answers = ArrayField(
        models.TextField(), default=list, db_default=[], blank=True,
        help_text="What the platform or another app says by itself, word for word as it is set there.",
    )  # fmt: skip
    other_apps_are_bots = models.BooleanField(
        default=False, db_default=False, help_text="No person writes what another app sends for this account."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "external_id"], name="one_channel_per_platform_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {platforms.label_of(self.platform)}"

    @property
    def whereabouts(self) -> str:
        """Said behind its name, where others may bear the same one."""
        handle = f" (@{self.handle})" if self.handle else ""
        return f"on {platforms.label_of(self.platform)}{handle}"
