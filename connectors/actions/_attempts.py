"""Each time a reply is tried is a row, written before anything leaves."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet

from connectors.contract import Remedy
from connectors.models import DeliveryAttempt
from inbox.models import Message
from inbox.queries import outbox


def since_queued(message: Message) -> QuerySet[DeliveryAttempt]:
    """What was tried since a person last wanted it sent."""
    return DeliveryAttempt.objects.filter(message=message, started_at__gte=outbox.queued_at(message))


def in_trouble_since(message: Message) -> datetime | None:
    """When the first of them was made, where a server said of each that may have left that it is in trouble. None where an answer was lost."""
    lost = Q(outcome__in=("", "lost", Remedy.UNKNOWN)) & ~Q(code__startswith="http 5")
    found = since_queued(message).aggregate(since=Min("started_at"), lost=Count("pk", filter=lost))
    since: datetime | None = found["since"]
    return None if found["lost"] else since


@transaction.atomic
def open_(*, message_id: int, now: datetime) -> DeliveryAttempt:
    return DeliveryAttempt.objects.create(message_id=message_id, started_at=now)


@transaction.atomic
def close(
    attempt: DeliveryAttempt,
    *,
    outcome: str,
    now: datetime,
    code: str = "",
    reason: str = "",
    external_id: str = "",
) -> None:
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        ended_at=now, outcome=str(outcome), code=code[:80], reason=reason[:300], external_id=external_id
    )
