"""What platforms say of their limits, kept and obeyed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from connectors.contract import RateNotice
from connectors.models import RateBudget


@transaction.atomic
def keep(*, channel_id: int, notices: Sequence[RateNotice], now: datetime) -> None:
    for notice in notices:
        RateBudget.objects.update_or_create(
            channel_id=channel_id,
            bucket=notice.bucket[:40],
            defaults={
                "remaining": notice.remaining,
                "used_percent": notice.used_percent,
                "resets_at": notice.resets_at,
                "seen_at": now,
            },
        )


def used_up_until(
    notices: Sequence[RateNotice], *, buckets: frozenset[str], now: datetime
) -> datetime | None:
    """Until when nothing may be asked, going by these notices: the latest reset of a limit that is used up."""
    resets = [
        notice.resets_at
        for notice in notices
        if notice.bucket in buckets
        and (notice.remaining == 0 or (notice.used_percent or 0) >= 100)
        and notice.resets_at
        and notice.resets_at > now
    ]
    return max(resets, default=None)


def closed_until(*, channel_id: int, buckets: frozenset[str], now: datetime) -> datetime | None:
    """The same, going by what was kept."""
    kept = RateBudget.objects.filter(channel_id=channel_id, bucket__in=buckets, resets_at__gt=now)
    return used_up_until(
        [RateNotice(each.bucket, each.remaining, each.resets_at, each.used_percent) for each in kept],
        buckets=buckets,
        now=now,
    )
