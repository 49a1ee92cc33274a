"""Each time a reply is tried is a row, written before anything leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from connectors import wire
from connectors.contract import Remedy
from connectors.models import DeliveryAttempt
from inbox.models import Message
from inbox.queries import outbox

THROTTLED = "throttled"  # an outcome besides the remedies: the account, and no fault, was in the way
_TIMED_OUT = frozenset(f"http {status}" for status in wire.TIMED_OUT)


def since_queued(message: Message) -> QuerySet[DeliveryAttempt]:
    """What was tried since a person last wanted it sent."""
    return DeliveryAttempt.objects.filter(message=message, started_at__gte=outbox.queued_at(message))


def met_by_trouble(message: Message) -> list[datetime]:
    """When those of them were made that may have left, where a server said of each that it is in trouble. None where an answer was lost: not told
    at all, or a gateway gave up to wait for it."""
    left = since_queued(message).filter(outcome__in=("", "lost", Remedy.UNKNOWN)).order_by("started_at")
    found = list(left.values_list("started_at", "code"))
    lost = any(not code.startswith("http 5") or code in _TIMED_OUT for _, code in found)
    return [] if lost else [at for at, _ in found]


def was_put_off_for_longer_than(limit: timedelta, message: Message, now: datetime) -> bool:
    """Since it first met a fault or a limit, counted from when a person last wanted it sent. As long as its channel was parked, before
    that or between two tries, nothing was tried."""
    put_off = since_queued(message).filter(outcome__in=(Remedy.RETRY, THROTTLED))
    first: datetime | None = put_off.aggregate(at=Min("started_at"))["at"]
    if first is None or now - first <= limit:
        return False
    return now - first - outbox.parked_since(message, first, now=now) > limit


def access_refused(message: Message) -> tuple[datetime, datetime] | None:
    """When our access was refused for it first and last, before its present claim. None: never since a person last wanted it sent."""
    earlier = since_queued(message).filter(outcome=Remedy.REFRESH, started_at__lt=message.attempted_at)
    times = earlier.aggregate(first=Min("started_at"), last=Max("ended_at"))
    return (times["first"], times["last"]) if times["last"] else None


def may_go_again_from(message: Message, now: datetime) -> datetime:
    """Not before a server in trouble wants to be asked again, where it has to be sent once more."""
    told = since_queued(message).filter(outcome=Remedy.UNKNOWN).aggregate(at=Max("retry_at"))["at"]
    return max(now, told or now)


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
    retry_at: datetime | None = None,
) -> None:
    DeliveryAttempt.objects.filter(pk=attempt.pk).update(
        ended_at=now, outcome=str(outcome), code=code[:80], reason=reason[:300], external_id=external_id,
        retry_at=retry_at,
    )  # fmt: skip
