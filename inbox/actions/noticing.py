"""A person has looked at what they were told. It is their own business: no event, and nobody else's page changes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox.models import Brand, Notification, Person


@transaction.atomic(durable=True)
def mark_seen(*, person: Person, brand: Brand, up_to_seq: int, now: datetime) -> int:
    """What came after `up_to_seq` stays unseen: the page had not shown it."""
    waiting = Notification.objects.filter(person=person, brand=brand, seen_at=None, seq__lte=up_to_seq)
    return waiting.update(seen_at=now)
