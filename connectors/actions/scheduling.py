"""Which syncs are due, and who runs them. A schedule is a row with a due time and a lease; no timer lives in a broker."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least

from connectors.actions import _runs
from connectors.actions._faults import Fault
from connectors.contract import Remedy
from connectors.models import Level, PlatformApp, SyncSchedule, Task
from connectors.rules import lanes, remedies
from inbox.actions import recording
from inbox.models import Channel, Person

# Renewed ahead of each request, and longer than one may take (a minute in all, connectors.http) with what follows from its answer. After a
# crash the channel is not asked for so long, unless the worker tells of it.
LEASE = timedelta(seconds=90)
MAX_BACK_OFF = timedelta(minutes=15)
# These walk for long by their nature; the others are done within seconds.
LONG = frozenset({Task.RECONCILE, Task.BACKFILL, Task.PROFILES, Task.PURGE})
# Neither a person nor renewed access changes anything there.
PLATFORMS_OWN = (remedies.THROTTLED, Remedy.RETRY.value)
PATIENCE = timedelta(seconds=3)
LOOKED_AT = 200  # of each lane with each tick
LONG_WORK = Q(task__in=LONG) | Q(is_slow=True)
DIED = "The job that ran it died; it goes on where it stood."
UNHEARD = "The turn took longer than it may, or its machine is gone: for a minute and a half nothing was heard of it."
NOT_BEGUN = "-"  # ahead of the owner of a claim whose job has not begun
READS_ALL = "*"  # behind the horizon of a walk that was begun anew


@dataclass(frozen=True, slots=True)
class Claim:
    """A schedule taken for one turn. Only who names this owner may begin it and move its cursor."""

    schedule_id: int
    owner: str
    seconds: int
    is_slow_walk: bool | None = None  # None: it is not in the place of the slow


@dataclass(frozen=True, slots=True)
class Walk:
    """A reconcile's place: when the walk began, when the last whole one before it did, and the platform's cursor."""

    began: datetime | None = None
    horizon: datetime | None = None
    at: str = ""
    reads_all: bool = False  # it judges by its horizon as any other, and goes on behind it

    @classmethod
    def read(cls, cursor: str) -> Walk:
        if cursor.count(" ") < 2:
            return cls()
        began, known, at = cursor.split(" ", 2)
        horizon, reads_all = known.removesuffix(READS_ALL), known.endswith(READS_ALL)
        if not at:  # the last walk came to its end: it is the horizon of this one
            return cls(None, datetime.fromisoformat(began), "", reads_all)
        since = datetime.fromisoformat(horizon) if horizon != "-" else None
        return cls(datetime.fromisoformat(began), since, at, reads_all)

    def written(self) -> str:
        if self.began is None:
            return ""
        horizon = self.horizon.isoformat() if self.horizon else "-"
        return f"{self.began.isoformat()} {horizon}{READS_ALL if self.reads_all else ''} {self.at}"

    def anew(self, *, reads_all: bool) -> Walk:
        """From its beginning: what was known to be complete before it is so still."""
        return Walk(self.horizon, None, "", reads_all)


def claim_due(
    *, now: datetime, workers: int = 100, told: Collection[int] = (), after_walk: bool = True
) -> list[Claim]:
    """Take the schedules that are due and find a place (rules.lanes). The lease keeps a slow run from being started twice. `told`: of whose
    turn somebody knows how it ended, and notes that."""
    with transaction.atomic():
        _note_deaths(now, told)
        due = _due(now)
        if not due:
            return []
        running = SyncSchedule.objects.filter(lease_until__gte=now).select_related("channel")
        platforms = SyncSchedule.objects.that_run().values_list("channel__platform", flat=True).distinct()
        chosen = lanes.choose(
            list(map(_turn, due)), list(map(_turn, running)), workers=workers, one_platform=len(platforms) < 2,
            after_walk=after_walk,
        )  # fmt: skip
        claims = [_claim(schedule) for schedule in due if schedule.pk in chosen]
        for claim in claims:
            _lease(claim.schedule_id, claim.owner, now)
    return claims


def _claim(schedule: SyncSchedule) -> Claim:
    is_slow_walk = schedule.task in LONG if schedule.is_slow else None
    return Claim(schedule.pk, f"{NOT_BEGUN}{uuid.uuid4().hex[1:]}", schedule.max_seconds, is_slow_walk)


def _due(now: datetime) -> list[SyncSchedule]:
    """Of each lane what is overdue longest: hundreds of walks that find no place must not hide a poll that would, slow or not."""
    waiting = SyncSchedule.objects.that_run().filter(lease_until=None, next_run_at__lte=now)
    waiting = waiting.select_related("channel").select_for_update(skip_locked=True, of=("self",))
    found = [
        schedule
        for lane in (~Q(task__in=LONG), Q(task__in=LONG))
        for is_slow in (False, True)
        for schedule in waiting.filter(lane, is_slow=is_slow).order_by("next_run_at", "pk")[:LOOKED_AT]
    ]
    return sorted(found, key=lambda schedule: schedule.pk)


def _turn(schedule: SyncSchedule) -> lanes.Turn:
    return lanes.Turn(
        schedule.pk, schedule.channel_id, schedule.channel.platform,
        is_long=schedule.task in LONG, is_suspect=schedule.is_slow, has_failed=schedule.failures > 0, due=schedule.next_run_at or lanes.EVER,
    )  # fmt: skip


def _lease(schedule_id: int, owner: str, now: datetime) -> None:
    SyncSchedule.objects.filter(pk=schedule_id).update(lease_until=now + LEASE, lease_owner=owner)


def _note_deaths(now: datetime, told: Collection[int]) -> None:
    """A lease that ran out belonged to a job that died with its worker, or hangs: later each time, and out of the others' way. One that
    never began was lost by the broker, and is due as before."""
    over = SyncSchedule.objects.select_for_update(skip_locked=True).filter(lease_until__lt=now)
    for schedule in over.exclude(pk__in=told):
        if schedule.lease_owner.startswith(NOT_BEGUN):
            SyncSchedule.objects.filter(pk=schedule.pk).update(lease_until=None, lease_owner="")
        else:
            _note_end(schedule, now, said=UNHEARD, remedy=remedies.OVERTIME, is_slow=True)


def _note_end(schedule: SyncSchedule, now: datetime, *, said: str, remedy: str, is_slow: bool) -> None:
    again = now + back_off(schedule.failures + schedule.waits + 1)
    SyncSchedule.objects.filter(pk=schedule.pk).update(
        lease_until=None, lease_owner="", failures=F("failures") + 1, next_run_at=again, last_error=said,
        last_remedy=remedy, is_slow=is_slow,
    )  # fmt: skip
    _runs.note(schedule_id=schedule.pk, text=said, level=Level.WARNING, now=now)


def _of(schedule_id: int, owner: str) -> QuerySet[SyncSchedule]:
    """Empty where somebody else has taken over meanwhile."""
    mine = SyncSchedule.objects.filter(pk=schedule_id, lease_owner__in=(owner, _begun(owner)))
    return mine.exclude(lease_until=None)


@transaction.atomic
def note_death(*, schedule_id: int, owner: str, now: datetime) -> bool:
    """The worker saw its job die. Once, anybody may have killed it; what dies again is out of the others' way. Nothing to do where it is
    another's by now."""
    schedule = _of(schedule_id, owner).select_for_update().first()
    if schedule is not None:
        is_slow = schedule.is_slow or schedule.last_remedy == remedies.DIED
        _note_end(schedule, now, said=DIED, remedy=remedies.DIED, is_slow=is_slow)
    return schedule is not None


@transaction.atomic
def note_broken(*, schedule_id: int, owner: str, fault: Fault, now: datetime) -> bool:
    """A turn ended and could not write down how. False: somebody holds its row for now, and nobody waits for that."""
    mine = _of(schedule_id, owner)
    if (schedule := mine.select_for_update(skip_locked=True).first()) is None:
        return not mine.exists()
    is_slow = schedule.is_slow or fault.remedy == remedies.OVERTIME
    _note_end(schedule, now, said=fault.said, remedy=fault.remedy, is_slow=is_slow)
    for line in fault.lines:
        _runs.note(schedule_id=schedule_id, text=line, level=Level.ERROR, now=now)
    return True


def under_way() -> list[int]:
    return list(SyncSchedule.objects.exclude(lease_until=None).values_list("pk", flat=True))


def back_off(failures: int) -> timedelta:
    return min(MAX_BACK_OFF, timedelta(seconds=2.0 ** min(failures, 10)))


def somebody_waits(*, schedule_id: int, now: datetime) -> bool:
    """Whether other long work is due and finds no place: a turn that has had its share makes room then."""
    waiting = SyncSchedule.objects.that_run().filter(
        LONG_WORK, lease_until=None, next_run_at__lte=now - PATIENCE
    )
    return waiting.exclude(pk=schedule_id).exists()


@transaction.atomic
def claim(*, schedule_id: int, now: datetime) -> Claim | None:
    """Take one schedule whether it is due or not: a person wants it now. None while a run is under way."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    owner = uuid.uuid4().hex
    taken = SyncSchedule.objects.filter(free, pk=schedule_id).update(
        lease_until=now + LEASE, lease_owner=owner
    )
    return Claim(schedule_id, owner, 0) if taken else None


@transaction.atomic
def begin(*, schedule_id: int, owner: str, now: datetime) -> bool:
    """The job starts, perhaps long after it was enqueued. False: somebody else has it now."""
    mine = SyncSchedule.objects.filter(pk=schedule_id, lease_owner=owner).exclude(lease_until=None)
    return bool(mine.update(lease_until=now + LEASE, lease_owner=_begun(owner)))


def _begun(owner: str) -> str:
    return owner.removeprefix(NOT_BEGUN)


@transaction.atomic
def renew(*, schedule_id: int, owner: str, now: datetime) -> bool:
    """The job is alive and at work. False: it is another's by now."""
    mine = SyncSchedule.objects.filter(pk=schedule_id, lease_owner=owner)
    return bool(mine.update(lease_until=now + LEASE))


@transaction.atomic
def release(*, claims: Iterable[Claim]) -> None:
    """Nobody will run these after all (the broker is away); they are due again at once."""
    for each in claims:
        SyncSchedule.objects.filter(pk=each.schedule_id, lease_owner=each.owner).update(
            lease_until=None, lease_owner=""
        )


@transaction.atomic
def run_soon(*, channel: Channel, by: Person, now: datetime) -> int:
    """Make what a channel asks its platform for due now, once where it is paused. One that is running is not run twice."""
    asks = SyncSchedule.objects.filter(channel=channel, task__in=[Task.POLL, Task.RECONCILE])
    recording.record(
        brand=channel.brand, by=by, act="compared", subject="channel", subject_id=channel.pk, subject_name=channel.name, now=now,
    )  # fmt: skip
    hold(channel_ids=[channel.pk])
    soon = {"next_run_at": Least(F("next_run_at"), now), "once": F("paused")}
    return asks.exclude(next_run_at=None).update(**soon)


@transaction.atomic
def try_again(*, app: PlatformApp, now: datetime) -> None:
    """The app is registered anew. Whose access could not be renewed may have it now: whatever asks first renews it, and lets go what waited
    for that."""
    stuck = Channel.objects.filter(credential__app=app).exclude(credential__refresh_error="")
    ids = list(stuck.values_list("pk", flat=True))
    go_on(channel_ids=ids, now=now, at_once=(Task.POLL, Task.RECONCILE, Task.TOKENS))


@transaction.atomic
def go_on(*, channel_ids: Collection[int], now: datetime, at_once: Collection[Task] = ()) -> None:
    """What was refused may be answered now: it is asked again without its pause, and nobody is told of failures from before;
    why it last failed stays until it succeeds. `at_once`: what is due however it fared. Limits and trouble of the platform's own are still
    waited for, what rests for longer than our own pauses waits for its plan, and a turn under way says itself how it ended."""
    hold(channel_ids=channel_ids)
    mine = SyncSchedule.objects.filter(channel__in=channel_ids).exclude(next_run_at=None)
    mine.filter(task__in=at_once).update(next_run_at=now, failures=0, waits=0)
    failing = mine.filter(failures__gt=0)
    refused = failing.exclude(last_remedy__in=PLATFORMS_OWN).filter(next_run_at__lte=now + MAX_BACK_OFF)
    refused.exclude(lease_until__gte=now).update(next_run_at=now)
    failing.update(failures=0)


def hold(*, channel_ids: Collection[int]) -> None:
    """Before anything else of these channels, for whoever changes several of their schedules, or one and something else of them: the
    brand's lock, the schedules, the channel, its grant, its health is the one order. Inside the caller's transaction."""
    list(SyncSchedule.objects.select_for_update().filter(channel__in=channel_ids).order_by("pk"))


@transaction.atomic
def start_over(*, schedule_id: int) -> None:
    """The next run reads everything the platform still tells. What a comparison finds is judged as ever: by where the last whole one
    began."""
    schedule = SyncSchedule.objects.get(pk=schedule_id)
    cursor = _walk_of(schedule).anew(reads_all=True).written()
    SyncSchedule.objects.filter(pk=schedule_id).update(cursor=cursor)


@transaction.atomic
def forget_cursor(*, schedule_id: int, owner: str) -> None:
    """Only who runs it forgets: another may have read on meanwhile."""
    schedule = SyncSchedule.objects.filter(pk=schedule_id, lease_owner=owner).first()
    if schedule is None:
        return
    walk = _walk_of(schedule)
    cursor = walk.anew(reads_all=walk.reads_all).written()
    SyncSchedule.objects.filter(pk=schedule_id, lease_owner=owner).update(cursor=cursor)


def _walk_of(schedule: SyncSchedule) -> Walk:
    return Walk.read(schedule.cursor) if schedule.task == Task.RECONCILE else Walk()
