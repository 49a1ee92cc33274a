"""What ended a turn and was no platform's answer is told in words, with its own fix; and the log says where, and nothing that anybody wrote."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from rq.timeouts import JobTimeoutException

from connectors import jobs
from connectors.actions import _troubles, scheduling, syncing
from connectors.actions._runs import Synced
from connectors.models import RunLine, RunState, SyncRun, SyncSchedule, Task
from connectors.queries import runs
from connectors.rules.remedies import fix_for
from inbox.models import Channel, Message
from tests.connectors.conftest import NOW, Moving
from tests.factories.people import ChannelFactory
from tests.fakes.platform import FakePlatform
from tests.inbox.actions.holding import held, locked

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "access-1 and the words: zebra"


@pytest.fixture
def walk(channel: Channel, platform: FakePlatform) -> SyncSchedule:
    Channel.objects.update(created_at=NOW - timedelta(days=30))
    platform.hears("Is anybody there?", at=NOW - timedelta(minutes=5))
    return SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW - timedelta(seconds=1)
    )


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """So many seconds later. The answer: the owners of the turns that it gave to workers."""
    given: list[str] = []
    queue = SimpleNamespace(enqueue=lambda job, *, owner, **told: given.append(owner))
    monkeypatch.setattr(jobs.django_rq, "get_queue", lambda name: queue)

    def at(seconds: int) -> list[str]:
        given.clear()
        monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(seconds=seconds))
        jobs.run_due_schedules()
        return list(given)

    return at


def nobody_answers(*_: object, **__: object) -> Any:
    raise lost()


def turn(schedule: SyncSchedule, clock: Moving, **told: Any) -> Synced:
    done = syncing.run(schedule_id=schedule.pk, clock=clock, pause=lambda seconds: None, **told)
    schedule.refresh_from_db()
    return done


def log(level: str = "error") -> list[str]:
    return list(RunLine.objects.filter(level=level).order_by("pk").values_list("text", flat=True))


def fails_with(
    platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Exception]
) -> None:
    def history(*asked: object) -> None:
        raise failure()

    monkeypatch.setattr(platform, "history", history)
    monkeypatch.setattr(platform, "poll", history)


def lost(reason: type[psycopg.Error] | None = None) -> OperationalError:
    error = OperationalError(SECRET)
    error.__cause__ = reason(SECRET) if reason is not None else None
    return error


def test_a_lock_that_was_not_given_is_weather_and_the_turn_goes_on_where_it_stood(
    walk: SyncSchedule, clock: Moving, channel: Channel, impatient: None
) -> None:
    with held(channel.brand_id):
        done = turn(walk, clock)

    assert done.error == "Somebody else held for too long what it was to write in the database."
    assert (walk.last_error, walk.last_remedy, walk.failures) == (done.error, "weather", 1)
    assert "Report" not in fix_for("weather").text and "Nothing to do once" in fix_for("weather").text
    run = SyncRun.objects.get()
    assert (run.state, run.error, run.remedy) == (RunState.RUNNING, done.error, "weather")
    assert runs.view(run, now=NOW).fix == fix_for("weather")
    assert log()[0] == done.error and "Caused by LockNotAvailable (SQLSTATE 55P03)" in log()[2]

    turn(walk, clock)
    assert Message.objects.get().text == "Is anybody there?"
    assert (SyncRun.objects.get().state, walk.last_error) == (RunState.DONE, "")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (lambda: lost(), "The database was away, or took nobody in."),
        (lambda: lost(psycopg.errors.AdminShutdown), "The database was away, or took nobody in."),
        (lambda: InterfaceError(SECRET), "The database was away, or took nobody in."),
        (lambda: lost(psycopg.errors.QueryCanceled), "The database took too long for an answer."),
        (
            lambda: lost(psycopg.errors.DeadlockDetected),
            "Somebody else held for too long what it was to write in the database.",
        ),
    ],
)
def test_each_weather_of_the_database_has_its_words(
    walk: SyncSchedule, clock: Moving, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch,
    failure: Callable[[], Exception], said: str,
) -> None:  # fmt: skip
    fails_with(platform, monkeypatch, failure)

    done = turn(walk, clock)

    assert (done.error, done.remedy) == (said, "weather")
    assert not any("zebra" in line or "access-1" in line for line in log())


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (psycopg.errors.DiskFull, "The database has no room left on its disk."),
        (psycopg.errors.OutOfMemory, "The database has no memory left."),
        (psycopg.errors.IoError, "The database cannot read or write its files."),
    ],
)
def test_what_the_database_lacks_is_told_as_such_and_the_run_goes_on_once_it_has_it(
    walk: SyncSchedule, clock: Moving, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch,
    reason: type[psycopg.Error], said: str,
) -> None:  # fmt: skip
    with monkeypatch.context() as meanwhile:
        fails_with(platform, meanwhile, lambda: lost(reason))
        done = turn(walk, clock)

    assert (done.error, done.remedy, walk.is_slow) == (said, "no room", False)
    assert "disk" in fix_for("no room").text and "Nothing to do" not in fix_for("no room").text
    assert SyncRun.objects.get().state == RunState.RUNNING
    turn(walk, clock)
    assert (SyncRun.objects.get().state, walk.last_error) == (RunState.DONE, "")


@pytest.mark.parametrize("task", [Task.RECONCILE, Task.POLL])
def test_a_database_that_is_away_for_longer_is_told_once_it_is_back_and_puts_nobody_among_the_slow(
    walk: SyncSchedule,
    platform: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
    tick: Callable[[int], list[str]],
    task: Task,
) -> None:
    """The turn cannot write down how it ended."""
    SyncSchedule.objects.update(task=task)
    with ExitStack() as outage:

        def history(*asked: object) -> None:
            outage.enter_context(connection.execute_wrapper(nobody_answers))
            nobody_answers()

        monkeypatch.setattr(platform, "history", history)
        monkeypatch.setattr(platform, "poll", history)
        [owner] = tick(0)
        with pytest.raises(OperationalError):
            jobs.sync_channel(schedule_id=walk.pk, owner=owner)
    with connection.execute_wrapper(nobody_answers), pytest.raises(OperationalError):
        tick(1)

    assert tick(95) == []

    walk.refresh_from_db()
    told = ("The database was away, or took nobody in.", "weather")
    assert (walk.last_error, walk.last_remedy, walk.failures, walk.is_slow) == (*told, 1, False)
    assert walk.lease_until is None and walk.next_run_at == NOW + timedelta(seconds=97)
    if task == Task.RECONCILE:
        assert log("warning") == [told[0]] and "connectors/actions/syncing.py" in log()[0]
    [owner] = tick(98)
    assert tick(99) == [], "it is told once"


def test_the_last_word_of_who_was_followed_by_another_is_none(
    walk: SyncSchedule, monkeypatch: pytest.MonkeyPatch, tick: Callable[[int], list[str]]
) -> None:
    [owner] = tick(0)
    monkeypatch.setattr(syncing, "run", nobody_answers)
    with pytest.raises(OperationalError):
        jobs.sync_channel(schedule_id=walk.pk, owner=owner)
    SyncSchedule.objects.update(lease_owner="another")

    tick(1)

    walk.refresh_from_db()
    assert (walk.lease_owner, walk.last_error) == ("another", "")


def left_without_a_word(monkeypatch: pytest.MonkeyPatch, *schedules: SyncSchedule) -> None:
    """Their turns end while the database is away."""
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(syncing, "run", nobody_answers)
        for each in schedules:
            each.refresh_from_db()
            with pytest.raises(OperationalError):
                jobs.sync_channel(schedule_id=each.pk, owner=each.lease_owner)


def test_a_row_that_somebody_holds_stops_no_turn_and_no_other_last_word(
    walk: SyncSchedule,
    channel: Channel,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
    tick: Callable[[int], list[str]],
) -> None:
    """As the transaction of a connection that was dropped holds it for a minute."""
    soon = {"task": Task.POLL, "every_seconds": 30, "next_run_at": NOW - timedelta(seconds=1)}
    poll = SyncSchedule.objects.create(channel=channel, **soon)
    assert len(tick(0)) == 2
    left_without_a_word(monkeypatch, walk, poll)
    other = SyncSchedule.objects.create(channel=ChannelFactory(), **soon)

    with locked(lambda: nullcontext(SyncSchedule.objects.select_for_update().get(pk=walk.pk))):
        given = tick(1)
        for each in (walk, poll, other):
            each.refresh_from_db()
        assert given == [other.lease_owner]
        assert (walk.last_error, poll.last_remedy) == ("", "weather")
    tick(95)

    walk.refresh_from_db()
    assert (walk.last_remedy, walk.failures, walk.is_slow) == ("weather", 1, False)


def test_a_last_word_that_cannot_be_told_stops_no_turn_and_is_left_to_its_lease(
    walk: SyncSchedule, channel: Channel, tick: Callable[[int], list[str]]
) -> None:
    """As another version left it, before an upgrade or after one was taken back."""
    [owner] = tick(0)
    scheduling.begin(schedule_id=walk.pk, owner=owner, now=NOW)
    cache.set(jobs.LAST_WORD.format(walk.pk), (owner, "in another shape"))
    SyncSchedule.objects.create(
        channel=channel, task=Task.POLL, every_seconds=30, next_run_at=NOW - timedelta(seconds=1)
    )

    assert len(tick(1)) == 1

    assert cache.get(jobs.LAST_WORD.format(walk.pk)) is None
    tick(95)
    walk.refresh_from_db()
    assert (walk.last_remedy, walk.failures) == ("overtime", 1)


def test_a_walk_and_a_poll_that_are_slow_take_turns(
    walk: SyncSchedule, monkeypatch: pytest.MonkeyPatch, tick: Callable[[int], list[str]]
) -> None:
    """The tick remembers whose turn the last one was."""
    monkeypatch.setattr(jobs, "AFTER_WALK", f"after-walk-of-{walk.pk}-{os.getpid()}")
    cache.delete(jobs.AFTER_WALK)
    poll = SyncSchedule.objects.create(
        channel=ChannelFactory(), task=Task.POLL, every_seconds=30, next_run_at=NOW, is_slow=True
    )
    SyncSchedule.objects.filter(pk=walk.pk).update(is_slow=True)
    turns: list[str] = []

    for second in range(4):
        [owner] = tick(second)
        turns.append(SyncSchedule.objects.get(lease_owner=owner).task)
        SyncSchedule.objects.update(lease_until=None, lease_owner="")

    assert turns == [poll.task, walk.task, poll.task, walk.task]


def test_whose_database_is_slow_is_no_slow_channel(
    walk: SyncSchedule, clock: Moving, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[float] = []
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + sum(passed))

    def held_up(ctx: Any, *asked: object) -> None:
        ctx.http.before()
        passed.append(10)
        raise lost(psycopg.errors.LockNotAvailable)

    monkeypatch.setattr(platform, "history", held_up)
    turn(walk, clock)

    assert (walk.last_remedy, walk.is_slow) == ("weather", False)


def test_a_turn_over_its_time_is_told_so_and_where_it_was(
    walk: SyncSchedule, clock: Moving, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(platform, monkeypatch, lambda: JobTimeoutException("Task exceeded maximum timeout value"))

    done = turn(walk, clock, cut_off=(JobTimeoutException,))

    assert done.error == "The turn took longer than it may, and was ended."
    assert (walk.last_remedy, walk.is_slow, SyncRun.objects.get().state) == ("overtime", True, "running")
    assert "report it" in fix_for("overtime").text and "again and again" in fix_for("overtime").text
    assert "connectors/actions/_walking.py" in log()[1]


def test_a_turn_that_hangs_is_told_as_such_when_nothing_was_heard_of_it_and_its_log_says_where(
    walk: SyncSchedule,
    platform: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
    tick: Callable[[int], list[str]],
) -> None:
    """Its lease is over before its time is."""
    [owner] = tick(0)

    def loops(*asked: object) -> None:
        assert tick(91) == []
        walk.refresh_from_db()
        raise JobTimeoutException("Task exceeded maximum timeout value")

    monkeypatch.setattr(platform, "history", loops)
    jobs.sync_channel(schedule_id=walk.pk, owner=owner)

    assert walk.last_error.startswith("The turn took longer than it may, or its machine is gone")
    assert (walk.last_remedy, walk.is_slow, walk.failures) == ("overtime", True, 1)
    told = walk.last_error, walk.next_run_at
    walk.refresh_from_db()
    assert (walk.last_error, walk.next_run_at, walk.failures) == (*told, 1), "it ends nothing that was ended"
    assert log("warning") == [told[0]] and "in loops" in log()[0]


def test_the_job_says_by_what_it_is_cut_off_and_how_long_a_quick_one_may_rest(
    walk: SyncSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(syncing, "run", lambda **given: told.update(given) or Synced())
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    [claim] = scheduling.claim_due(now=NOW)

    jobs.sync_channel(schedule_id=walk.pk, owner=claim.owner)

    assert (told["cut_off"], told["quick_pause"]) == ((JobTimeoutException,), jobs.QUICK_PAUSE)


@pytest.mark.parametrize("task", [Task.RECONCILE, Task.POLL])
def test_a_fault_of_our_own_is_a_sentence_and_its_log_says_where(
    walk: SyncSchedule, clock: Moving, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    SyncSchedule.objects.update(task=task)
    fails_with(platform, monkeypatch, lambda: KeyError(SECRET))

    done = turn(walk, clock)

    assert done.error.startswith("It broke off in tests/connectors/actions/test_faults.py, line ")
    assert done.error.endswith("(KeyError).")
    assert (walk.last_remedy, SyncRun.objects.get().state) == ("fault", RunState.FAILED)
    assert log()[0] == done.error
    assert "in history" in log()[1] and "connectors/actions/_walking.py" in log()[1]
    told = " ".join([done.error, *log()])
    assert "zebra" not in told and "access-1" not in told


def test_a_fault_says_by_which_other_it_was_caused(
    walk: SyncSchedule, clock: Moving, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failure() -> Exception:
        error = RuntimeError(SECRET)
        error.__cause__ = UnicodeDecodeError("utf-8", b"zebra", 0, 1, "access-1")
        return error

    fails_with(platform, monkeypatch, failure)
    turn(walk, clock)

    assert any(line.startswith("Caused by UnicodeDecodeError") for line in log())
    assert not any("zebra" in line or "access-1" in line for line in log())


def test_weather_is_told_to_nobody_before_it_lasts_and_then_with_its_own_fix(
    walk: SyncSchedule,
    clock: Moving,
    platform: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
    channel: Channel,
) -> None:
    fails_with(platform, monkeypatch, lost)
    for _ in range(3):
        turn(walk, clock)
        found = _troubles.of({channel.pk: Channel.objects.get()}, now=clock())

    [(key, trouble)] = found.items()
    assert key == (channel.pk, "failing", "reconcile")
    assert (
        trouble.said
        == f"Compare with the platform's history: The database was away, or took nobody in. {fix_for('weather').text}"
    )
    assert trouble.remedy == "weather"
