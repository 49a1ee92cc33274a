"""Each time a reply is tried is a row, written before anything leaves."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from connectors.models import DeliveryAttempt


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
