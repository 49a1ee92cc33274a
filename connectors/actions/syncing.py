"""Asking the platform instead of waiting for it: polls, and walks through its history. What a page said and the cursor that leads
on are committed together, so a sync that is killed goes on where it stood."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import transaction

from connectors import contexts, keeping
from connectors.actions import (
    _arriving,
    _burying,
    _covering,
    _faults,
    _kept_back,
    _pacing,
    _public,
    _runs,
    _showing,
    examining,
    fetching,
    parking,
    purging,
    redelivering,
    refreshing,
    scheduling,
)
from connectors.actions._arriving import Parsed
from connectors.actions._asking import LONGEST_PAUSE, Asker, Pause
from connectors.actions._runs import Synced
from connectors.actions._walking import Kept, Walker
from connectors.actions.scheduling import LEASE
from connectors.clock import Clock
from connectors.contract import ConnectorError, Item, Remedy
from connectors.models import GapCause, Level, SyncRun, SyncSchedule, Task
from connectors.rules.remedies import NOT_READY, OF_APP, OF_DATABASE, OVERTIME, RESTRICTED, THROTTLED

log = structlog.get_logger(__name__)
MAX_SECONDS = 120.0  # of one turn; the rest comes with the next
SLOW_AFTER = 5.0  # seconds for one answer: then it keeps to the slow ones' lane
Progress = Callable[[Synced], None]

__all__ = ["Synced", "keep_page", "run"]


class LeaseLost(Exception):
    """Somebody else runs this schedule now: what this turn knows is left to them."""


def run(
    *,
    schedule_id: int,
    clock: Clock,
    max_seconds: float = MAX_SECONDS,
    progress: Progress | None = None,
    pause: Pause = time.sleep,
    quick_pause: float = LONGEST_PAUSE,
    cut_off: _faults.CutOff = (),
) -> Synced:
    """One turn of a claimed schedule. Errors end the turn, never the schedule. `quick_pause`: the longest that one makes for a limit which is
    quick by its nature. `cut_off`: what is raised in it when its time is over."""
    schedule = SyncSchedule.objects.select_related("channel").get(pk=schedule_id)
    began, monotonic = clock(), time.monotonic()
    run_row = _open(schedule, began)
    done = Synced()

    def note(text: str, level: str) -> None:
        _note(schedule_id, text, level, clock())

    def keep(kept: Kept) -> None:
        keep_page(schedule, run_row, kept, done, now=clock())
        if progress:
            progress(done)

    def keep_lease() -> None:
        if not scheduling.renew(schedule_id=schedule_id, owner=schedule.lease_owner, now=clock()):
            raise LeaseLost

    def others_wait() -> bool:
        return scheduling.somebody_waits(schedule_id=schedule_id, now=clock())

    until = monotonic + max_seconds
    asker = Asker(schedule.channel, clock, until, pause, note, others_wait=others_wait, keep_lease=keep_lease)
    if schedule.task not in scheduling.LONG:
        asker.rests_after = quick_pause
    error: ConnectorError | None = None
    whole_since: datetime | None = None
    try:
        whole_since = _work(Walker(schedule, run_row, asker, done, keep), began)
    except LeaseLost:
        log.warning("lease_lost", schedule=schedule_id)
        return done
    except ConnectorError as refused:
        error = refused
        if asker.rests_until and _pacing.may_rest(schedule, done):
            done.rests_until, done.complete = asker.rests_until, False
        else:
            done.error, done.remedy = refused.reason, _remedy_of(refused)
        if refused.remedy in (Remedy.BUG, Remedy.TELL):
            # The likeliest cause is a cursor the platform no longer knows.
            scheduling.forget_cursor(schedule_id=schedule_id, owner=schedule.lease_owner)
    except contexts.NotConnected as failure:
        lacks = isinstance(failure, contexts.NotReady)
        done.error, done.remedy = str(failure), NOT_READY if lacks else Remedy.RECONNECT.value
    except Exception as failure:
        log.exception("sync_failed", schedule=schedule_id)
        done.error, done.remedy, done.lines = _faults.of(failure, cut_off=cut_off)
    done.requests = asker.requests
    # Many pages take long by their nature, and pauses were asked for; it is slow where the platform took long for each answer. What is quick
    # and asked nobody should have been quicker.
    answers = asker.requests if schedule.task in scheduling.LONG else max(1, asker.requests)
    is_slow = answers > 0 and time.monotonic() - monotonic - asker.rested > SLOW_AFTER * answers
    # Our database is no platform; what did not end by itself may not do so again.
    if done.remedy in OF_DATABASE or done.remedy == OVERTIME:
        is_slow = schedule.is_slow or done.remedy == OVERTIME
    if done.rests_until and not asker.requests:
        is_slow = schedule.is_slow
    # What fell due since the run began, over all its turns.
    started = run_row.started_at if run_row is not None else began
    is_mine = _close(schedule, run_row, done, error, whole_since, started, clock(), is_slow=is_slow)
    # Where the grant was renewed and nothing else asked, who renews has heeded the refusal, with the version it was about.
    if is_mine and asker.version and error is not None and error.remedy is Remedy.RECONNECT:
        parking.heed_refusal(
            channel_id=schedule.channel_id, reason=error.reason, seen_version=asker.version, now=clock(), restricted=error.restricted
        )  # fmt: skip
    return done


def _remedy_of(error: ConnectorError) -> str:
    if isinstance(error, refreshing.AppRefused):
        return OF_APP
    waits = error.throttled and error.remedy is Remedy.RETRY and error.retry_at is None
    return THROTTLED if waits else RESTRICTED if error.restricted else error.remedy.value


def _work(walker: Walker, began: datetime) -> datetime | None:
    """The answer: until when the channel is complete, if this turn shows it."""
    match walker.schedule.task:
        case Task.POLL:
            walker.poll()
            return began if walker.done.complete else None
        case Task.RECONCILE:
            if examining.look_and_mend(walker.asker, now=began):
                redelivering.ask(walker.asker, now=began)
            return walker.reconcile()
        case Task.BACKFILL if walker.run is not None:
            walker.backfill()
        case Task.PROFILES:
            started = walker.run.started_at if walker.run is not None else began
            fetching.refresh_profiles(
                walker.asker, walker.done, days=walker.schedule.days, began=started,
                ahead=walker.schedule.cadence.after(started) - started,
            )  # fmt: skip
        case Task.TOKENS:
            asked_for = walker.run is not None  # it leaves no run of its own
            kept = refreshing.refresh_if_due(
                channel_id=walker.channel.pk, clock=walker.asker.clock, at_once=asked_for, watch=walker.asker.count
            )  # fmt: skip
            walker.done.idle = bool(kept)
            if asked_for and kept == refreshing.NOT_CONNECTED:
                raise contexts.NotConnected(kept)
            if asked_for and kept:
                walker.asker.note(f"Nothing was renewed: {kept}", Level.WARNING)
        case Task.PURGE:
            purging.purge(walker.asker, walker.done, days=walker.schedule.days)
    return None


@transaction.atomic(durable=True)
def keep_page(
    schedule: SyncSchedule, run_row: SyncRun | None, kept: Kept, done: Synced, *, now: datetime
) -> None:
    """What a page said and where to go on, committed together."""
    page = kept.page
    recent, old = _arriving.apart(page.events, kept.historical_before)
    dead = _burying.unread(schedule.channel, page, now=now)
    new = 0
    for events, historical in ((old, True), (recent, False)):
        parsed = [Parsed(schedule.channel, Item(keeping.written(event)), (event,)) for event in events]
        taken = _arriving.take_in(parsed, now=now, historical=historical)
        dead += taken.dead
        new += taken.new_messages
        done.typing += taken.typing
    newly_dead = _burying.bury(dead, before=kept.historical_before)
    moved = SyncSchedule.objects.filter(pk=schedule.pk, lease_owner=schedule.lease_owner).update(
        cursor=kept.cursor, lease_until=now + LEASE
    )
    if not moved:
        raise LeaseLost
    _kept_back.note(schedule.channel_id, kept.kept_back, now=now)
    if run_row is not None:
        _runs.progress(run_row, done, pages=1, events=len(page.events), new=new, dead=len(dead), now=now)
        _showing.note(schedule.channel, run_row, kept, now)
    done.public, done.withheld = page.public or done.public, page.withheld or done.withheld
    done.pages += 1
    done.events += len(page.events)
    done.new_messages += new
    done.dead += len(dead)
    done.newly_dead += newly_dead


@transaction.atomic
def _open(schedule: SyncSchedule, now: datetime) -> SyncRun | None:
    return _runs.open_run(schedule, now)


@transaction.atomic
def _note(schedule_id: int, text: str, level: str, now: datetime) -> None:
    _runs.note(schedule_id=schedule_id, text=text, level=level, now=now)


def _close(
    schedule: SyncSchedule,
    run_row: SyncRun | None,
    done: Synced,
    error: ConnectorError | None,
    whole_since: datetime | None,
    started: datetime,
    now: datetime,
    *,
    is_slow: bool,
) -> bool:
    """False: it was no more this turn's to close."""
    with transaction.atomic():
        if whole_since is not None:
            scheduling.hold(channel_ids=[schedule.channel_id])  # the end of a poll may make a comparison due
        # As it is planned by now: it may have been edited, paused or asked for since the turn began.
        row = SyncSchedule.objects.select_for_update().get(pk=schedule.pk)
        if row.lease_owner != schedule.lease_owner:  # the rest is the new owner's affair, or nobody's
            log.warning("lease_lost", schedule=schedule.pk)
            for line in done.lines:  # what hung says where once its time is over, and by then its lease was
                _runs.note(schedule_id=schedule.pk, text=line, level=Level.ERROR, now=now)
            return False
        failures, waits = _pacing.in_a_row(row, done, error, now=now)
        next_run = _pacing.next_run(
            row, done, error, failures=failures, waits=waits, started=started, now=now
        )
        if next_run is not None and row.next_run_at is not None and row.next_run_at != schedule.next_run_at:
            next_run = min(next_run, row.next_run_at)
        keeps = done.rests_until is not None and not done.pages  # it shows nothing of what the last one met
        said = (row.last_error, row.last_remedy) if keeps else (done.error[:300], done.remedy)
        succeeded = {"last_success_at": now} if not (done.error or done.idle) and done.complete else {}
        SyncSchedule.objects.filter(pk=schedule.pk, lease_owner=schedule.lease_owner).update(
            lease_until=None, lease_owner="", failures=failures, waits=waits, last_error=said[0],
            last_remedy=said[1], is_slow=is_slow, next_run_at=next_run, **succeeded,
        )  # fmt: skip
        kept = _runs.close_run(schedule, run_row, done, failures, now)
        _rest_where_nothing_is_left(row, done)
        if whole_since is not None:
            unread = run_row.dead if run_row is not None else done.dead
            if schedule.task == Task.RECONCILE:
                _public.note_walked(schedule, run_row, done, walked_from=whole_since, unread=unread, now=now)
            _covering.note_whole(schedule, kept, walked_from=whole_since, unread=unread, now=now)
        elif done.error and done.remedy != THROTTLED and schedule.task == Task.POLL and failures >= 3:
            since = _covering.polled_until(schedule.channel_id) or now
            _covering.begin_gap(schedule.channel_id, GapCause.FAILING, since=since, now=now)
    return True


def _rest_where_nothing_is_left(schedule: SyncSchedule, done: Synced) -> None:
    """A backfill that nobody schedules waits for the next range that somebody asks for; what is paused has had its one run."""
    if (not done.complete and not done.error) or _runs.under_way(schedule) is not None:
        return
    SyncSchedule.objects.filter(pk=schedule.pk, once=True).update(once=False)
    if schedule.task == Task.BACKFILL and schedule.days is None:
        SyncSchedule.objects.filter(pk=schedule.pk).update(next_run_at=None, cursor="", failures=0, waits=0)
