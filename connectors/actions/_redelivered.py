"""A platform has ended what it was asked to deliver again. Inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from connectors.contract import RedeliveryEnded
from connectors.models import Credential, Gap
from inbox.rules.cleaning import clean


def note(told_at: int, ended: RedeliveryEnded, *, now: datetime) -> set[int]:
    """The channels that had asked for it. It comes to the address that the app's channels share, and names none of them; it may be told
    before its name is kept: a platform has one such task of an address at a time."""
    app = Credential.objects.filter(channel=told_at).values("app")
    shared = Q(channel=told_at) | Q(channel__in=Credential.objects.filter(app__in=app).values("channel"))
    named = Gap.objects.filter(shared, redelivery_job=ended.job[:64])
    asked = Gap.objects.filter(shared, redelivery_ended_at=None).exclude(redelivery_asked_at=None)
    mine = asked.filter(redelivery_job=ended.job[:64] if named.exists() else "")
    asked_by = {*named.values_list("channel", flat=True), *mine.values_list("channel", flat=True)}
    mine.update(
        redelivery_job=ended.job[:64], redelivery_ended_at=now, redelivery_said=clean(ended.said)[:300]
    )
    return asked_by
