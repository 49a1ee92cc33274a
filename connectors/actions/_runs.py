"""The rows of a run: opened at its first turn, taken up by the next one, closed when it is over; and its log. Inside the caller's
transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest

from connectors.contract import Remedy
from connectors.models import Cause, Level, RunLine, RunState, SyncRun, SyncSchedule, Task
from connectors.rules.remedies import OF_DATABASE, OVERTIME, THROTTLED

# Every few seconds; only what it found or could not do is worth a row.
QUIET = frozenset({Task.POLL, Task.TOKENS})
# What a person waits for goes on after an error for as long as there is hope.
PATIENT = frozenset({Task.BACKFILL, Task.PROFILES, Task.PURGE})
GOES_ON = frozenset({Remedy.RETRY.value, THROTTLED, OVERTIME}) | OF_DATABASE
GIVES_UP_AFTER = 8
LINES_KEPT = 300


@dataclass(slots=True)
class Synced:
    """What a turn has done so far."""

    pages: int = 0
    events: int = 0
    new_messages: int = 0
    dead: int = 0
    newly_dead: int = 0  # of those: a walk that comes by again meets what waits for people already
    requests: int = 0
    share: float | None = None
    lag: timedelta | None = None
    error: str = ""
    remedy: str = ""
    complete: bool = True  # False: time ran out, the next turn goes on
    rests_until: datetime | None = None  # it gave its place back until it may ask
    idle: bool = False  # there was nothing that it could do: no success, and no failure
    public: bool = False  # it was shown public talk (`Page.public`)
    withheld: str = ""  # why the walk ended without the public talk, or the rest of it (`Page.withheld`)
    typing: list[tuple[int, str]] = field(default_factory=list)
    lines: tuple[str, ...] = ()  # of the log, behind the error
    told: int = 0  # requests that are written down already


def under_way(schedule: SyncSchedule) -> SyncRun | None:
    return SyncRun.objects.filter(schedule=schedule, state=RunState.RUNNING).first()


def open_run(schedule: SyncSchedule, now: datetime) -> SyncRun | None:
    """The run that is under way, or a new one. None for what is too frequent to be worth a row before anything has come of it."""
    run = under_way(schedule)
    if run is not None or schedule.task in QUIET:
        return run
    if schedule.task != Task.BACKFILL:
        return begin(schedule, now)
    if schedule.days is None:
        return None  # what somebody asked for is done
    schedule.cursor = ""  # a range begins at its newest end, wherever the last one stood
    # Nor is what the last one failed by held against it: what passes must not cost the whole of it.
    mine = SyncSchedule.objects.filter(pk=schedule.pk, lease_owner=schedule.lease_owner)
    mine.update(cursor="", failures=0, waits=0)
    return begin(schedule, now, since=now - timedelta(days=schedule.days), until=now)


def begin(
    schedule: SyncSchedule,
    now: datetime,
    *,
    cause: str = Cause.CLOCK,
    asked_by_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> SyncRun:
    run = SyncRun.objects.create(
        schedule=schedule, channel_id=schedule.channel_id, task=schedule.task, started_at=now, touched_at=now,
        cause=cause, asked_by_id=asked_by_id, since=since, until=until,
    )  # fmt: skip
    add_line(run.pk, "It begins.", Level.INFO, now)
    return run


def progress(
    run: SyncRun, done: Synced, *, pages: int, events: int, new: int, dead: int, now: datetime
) -> None:
    """What one page added."""
    requests, done.told = done.requests - done.told, done.requests
    # The way that is done never shrinks, whatever the newest page makes one think of its length.
    share = (
        Greatest(Coalesce(F("share"), Value(0.0)), Value(done.share))
        if done.share is not None
        else F("share")
    )
    SyncRun.objects.filter(pk=run.pk).update(
        pages=F("pages") + pages, events=F("events") + events, new_messages=F("new_messages") + new, dead=F("dead") + dead,
        requests=F("requests") + requests, share=share, touched_at=now,
        lag_seconds=int(done.lag.total_seconds()) if done.lag is not None else F("lag_seconds"),
        error="", remedy="",
    )  # fmt: skip


def close_run(
    schedule: SyncSchedule, run: SyncRun | None, done: Synced, failures: int, now: datetime
) -> SyncRun | None:
    """The end of a turn, and of the run where nothing is left to do or to hope for. The answer: its row, which what is frequent has from now
    on, if anything came of it."""
    if run is None:
        if not (done.new_messages or done.error or done.dead):
            return None
        if done.error and _goes_on_failing(schedule, done, now):
            return None
        run = begin(schedule, now)
        progress(
            run, done, pages=done.pages, events=done.events, new=done.new_messages, dead=done.dead, now=now
        )
    else:
        # People who were asked about, rows that are gone: no page has told of them.
        apart = 0 if done.pages else done.events
        progress(run, done, pages=0, events=apart, new=0, dead=0, now=now)
    over = done.complete if not done.error else _is_over(schedule, done, failures)
    state = (RunState.FAILED if done.error else RunState.DONE) if over else RunState.RUNNING
    whole = over and not done.error
    SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=state, ended_at=now if over else None, error=done.error[:300], remedy=done.remedy,
        share=Value(1.0) if whole else F("share"),
    )  # fmt: skip
    if done.error:
        for line in (done.error, *done.lines):
            add_line(run.pk, line, Level.ERROR, now)
    else:
        run.refresh_from_db()
        came = f"{run.events} read, {run.new_messages} new, {run.requests} requests"
        add_line(
            run.pk, f"It is done: {came}." if over else f"A turn is over: {came} so far.", Level.INFO, now
        )
    return run


def _is_over(schedule: SyncSchedule, done: Synced, failures: int) -> bool:
    if schedule.task not in PATIENT:
        return done.remedy not in GOES_ON or schedule.task in QUIET
    return has_given_up(schedule, done, failures)


def has_given_up(schedule: SyncSchedule, done: Synced, failures: int) -> bool:
    """A run that a person may wait for, and that is refused for good however often it is tried."""
    refused = done.remedy in (Remedy.BUG, Remedy.TELL)
    return schedule.task in PATIENT and refused and failures >= GIVES_UP_AFTER


def _goes_on_failing(schedule: SyncSchedule, done: Synced, now: datetime) -> bool:
    """The same failure again is the same row: a poll that fails all night is one line in the history."""
    last = SyncRun.objects.filter(schedule=schedule).order_by("-pk").first()
    if last is None or last.state != RunState.FAILED or last.error != done.error[:300]:
        return False
    SyncRun.objects.filter(pk=last.pk).update(
        ended_at=now, touched_at=now, requests=F("requests") + done.requests
    )
    return True


def note(*, schedule_id: int, text: str, level: str = Level.INFO, now: datetime) -> None:
    """A line in the log of the run that is under way, if there is one."""
    run_id = (
        SyncRun.objects.filter(schedule=schedule_id, state=RunState.RUNNING)
        .values_list("pk", flat=True)
        .first()
    )
    if run_id is not None:
        add_line(run_id, text, level, now)


def add_line(run_id: int, text: str, level: str, now: datetime) -> None:
    """The newest lines are kept: a run of days does not fill the disk with its pauses."""
    RunLine.objects.create(run_id=run_id, at=now, level=level, text=text[:300])
    surplus = RunLine.objects.filter(run=run_id).order_by("-pk").values_list("pk", flat=True)[LINES_KEPT:]
    if (oldest := surplus.first()) is not None:
        RunLine.objects.filter(run=run_id, pk__lte=oldest).delete()
