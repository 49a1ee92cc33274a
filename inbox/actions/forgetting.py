"""What was kept for something that never came."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox.models import EarlyRead


@transaction.atomic(durable=True)
def forget_early_reads(*, channel_id: int, before: datetime) -> int:
    """Looks at messages that no delivery and no history has shown since. Returns how many."""
    gone, _ = EarlyRead.objects.filter(channel=channel_id, at__lt=before).delete()
    return gone
