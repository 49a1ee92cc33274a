"""When a schedule runs again after a turn. Failing and waiting for a platform's limit are counted apart, and both make the pause longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.actions import _runs, scheduling
from connectors.actions._asking import PAUSES
from connectors.actions._refused import is_throttle
from connectors.actions._runs import Synced
from connectors.contract import ConnectorError, Remedy
from connectors.models import Overlap, SyncSchedule, Task


def may_rest(schedule: SyncSchedule, done: Synced) -> bool:
    """As often as a turn that keeps its place asks again. Then people are told why nothing is read."""
    return bool(done.pages) or schedule.waits < len(PAUSES)


def in_a_row(
    schedule: SyncSchedule, done: Synced, error: ConnectorError | None, *, now: datetime
) -> tuple[int, int]:
    """How many turns have failed since one succeeded, and how many have met a limit whose end the platform does not say, or rested. To wait for
    one is as planned, and who got on for a page has not failed; of what is refused for good a page proves nothing, for the walk begins anew.
    A server in trouble that says when to ask again has failed all the same."""
    failures, waits = schedule.failures, schedule.waits
    if done.rests_until and not done.pages:
        return failures, waits + 1
    if not done.error:
        return 0, 0
    if error is not None and error.remedy is Remedy.RETRY:
        if done.pages:
            return 0, 0
        if is_throttle(error):
            says_when = error.retry_at is not None and error.retry_at > now
            return failures, waits if says_when else waits + 1
    return failures + 1, waits


def next_run(
    schedule: SyncSchedule,
    done: Synced,
    error: ConnectorError | None,
    *,
    failures: int,
    waits: int,
    started: datetime,
    now: datetime,
) -> datetime | None:
    if not done.error and not done.complete:
        return done.rests_until or now
    if done.error:
        pause = scheduling.back_off(failures + waits)
        if not schedule.cron and schedule.task not in scheduling.LONG:
            # Of what is asked every few seconds its own pace is soon enough; a walk's says nothing of when to go on with it.
            pause = min(scheduling.MAX_BACK_OFF, max(pause, timedelta(seconds=schedule.every_seconds)))
        again = now + pause
        if (
            error is not None
            and error.remedy is Remedy.TELL
            and failures >= 3
            and schedule.task == Task.RECONCILE
        ):
            # Refused for good, however often it is asked: at its own pace, or the walk from its beginning uses up the platform's day.
            again = max(again, schedule.cadence.after(now))
        if _runs.has_given_up(schedule, done, failures):
            again = max(again, schedule.cadence.after(now))  # another run would begin anew, and be refused
        return max(again, error.retry_at) if error is not None and error.retry_at else again
    if schedule.next_run_at is None:
        return None  # only when somebody asks
    if schedule.overlap == Overlap.QUEUE:
        return max(now, schedule.cadence.after(started))
    return schedule.cadence.after(now)
