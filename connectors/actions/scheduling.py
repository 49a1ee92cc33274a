"""Which syncs are due, and who runs them. A schedule is a row with a due time and a lease; no timer lives in a broker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from connectors.models import SyncSchedule, Task

# Renewed with each page. After a crash the channel is not asked for so long.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Walk:
    """A reconcile's place: when the walk began, when the last whole one before it did, and the platform's cursor."""

    began: datetime | None = None
    horizon: datetime | None = None
    at: str = ""

    @classmethod
    def read(cls, cursor: str) -> Walk:
        if cursor.count(" ") < 2:
            return cls()
        began, horizon, at = cursor.split(" ", 2)
        if not at:  # the last walk came to its end: it is the horizon of this one
            return cls(None, datetime.fromisoformat(began))
        return cls(
            datetime.fromisoformat(began), datetime.fromisoformat(horizon) if horizon != "-" else None, at
        )

    def written(self) -> str:
        if self.began is None:
            return ""
        return f"{self.began.isoformat()} {self.horizon.isoformat() if self.horizon else '-'} {self.at}"


def claim_due(*, now: datetime, limit: int = 50) -> list[int]:
    """Take the schedules that are due. The lease keeps a slow run from being started twice."""
    with transaction.atomic():
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        due = list(
            SyncSchedule.objects.select_for_update(skip_locked=True)
            .filter(free, paused=False, next_run_at__lte=now)
            .order_by("next_run_at", "pk")
            .values_list("pk", flat=True)[:limit]
        )
        SyncSchedule.objects.filter(pk__in=due).update(lease_until=now + LEASE)
    return due


@transaction.atomic
def claim(*, schedule_id: int, now: datetime) -> bool:
    """Take one schedule whether it is due or not: a person wants it now. False while a run is under way."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return bool(SyncSchedule.objects.filter(free, pk=schedule_id).update(lease_until=now + LEASE))


@transaction.atomic
def release(*, schedule_ids: list[int]) -> None:
    """Nobody will run these after all (the broker is away); they are due again at once."""
    SyncSchedule.objects.filter(pk__in=schedule_ids).update(lease_until=None)


@transaction.atomic
def run_soon(*, channel_id: int, now: datetime) -> int:
    """Make a channel's schedules due now. One that is running is not run twice."""
    return SyncSchedule.objects.filter(channel_id=channel_id, next_run_at__gt=now).update(
        next_run_at=now, paused=False
    )


@transaction.atomic
def start_over(*, schedule_id: int) -> None:
    """The next run reads everything the platform still tells."""
    SyncSchedule.objects.filter(pk=schedule_id).update(cursor="")


@transaction.atomic
def forget_cursor(schedule_id: int) -> None:
    schedule = SyncSchedule.objects.get(pk=schedule_id)
    walk = Walk.read(schedule.cursor) if schedule.task == Task.RECONCILE else Walk()
    SyncSchedule.objects.filter(pk=schedule_id).update(cursor=Walk(walk.horizon).written())
