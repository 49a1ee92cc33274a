"""Whether a brand's figures are not what they will be: all is counted anew, or days wait to be summed as they never do from one message to the next."""

from __future__ import annotations

from datetime import datetime, timedelta

from analytics.models import Follower, Level, Period
from inbox.models import Brand

LONG = timedelta(minutes=5)


def of(brand: Brand, *, now: datetime) -> bool:
    if Follower.objects.filter(brand=brand, again_after__isnull=False).exists():
        return True
    return Period.objects.filter(brand=brand, level=Level.DAY, due_at__lt=now - LONG).exists()
