"""A platform has ended what it was asked to deliver again. Inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from connectors.contract import RedeliveryEnded
from connectors.models import Credential, Gap
from inbox.rules.cleaning import clean


def asked_by(told_at: int, ended: RedeliveryEnded) -> dict[int, set[int]]:
    """By brand the channels that had asked for it. It comes to the address that the app's channels share, and names none of them."""
    app = Credential.objects.filter(channel=told_at).values("app")
    shared = Q(channel=told_at) | Q(channel__in=Credential.objects.filter(app__in=app).values("channel"))
    named = Gap.objects.filter(shared, redelivery_job=ended.job[:64])
    asking = named if named.exists() else _unended(Gap.objects.filter(shared), "")
    found: defaultdict[int, set[int]] = defaultdict(set)
    for brand_id, channel_id in asking.values_list("channel__brand", "channel"):
        found[brand_id].add(channel_id)
    return found


def note(channel_ids: Collection[int], ended: RedeliveryEnded, *, now: datetime) -> None:
    """It may be told before its name is kept: a platform has one such task of an address at a time."""
    job = ended.job[:64]
    own = Gap.objects.filter(channel__in=channel_ids)
    named = _unended(own, job)
    mine = named if own.filter(redelivery_job=job).exists() else _unended(own, "")
    mine.update(redelivery_job=job, redelivery_ended_at=now, redelivery_said=clean(ended.said)[:300])


def _unended(gaps: QuerySet[Gap], job: str) -> QuerySet[Gap]:
    return gaps.filter(redelivery_ended_at=None, redelivery_job=job).exclude(redelivery_asked_at=None)
