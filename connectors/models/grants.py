"""The grant: our registration at a platform, what a channel may do there, and consents under way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from inbox.models import Channel


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
    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="Whose grant it is to renew; empty: of any account.",
    )
    sealed_verifier = models.BinaryField(default=bytes)
    backfill_days = models.IntegerField(
        null=True, blank=True, help_text="How much of the past comes in: 0 none; empty: all that is told."
    )
    created_at = models.DateTimeField(auto_now_add=True)
