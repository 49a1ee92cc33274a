"""Schedules as people set them: what is under way goes on as it was, and *run now* knows the days of a planned backfill."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.actions import planning
from connectors.models import Cause, SyncRun, SyncSchedule, Task
from inbox.models import Channel, Person, Role
from tests.connectors.conftest import NOW
from tests.factories.people import MembershipFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def planned(channel: Channel) -> Channel:
    planning.give_defaults(channel, NOW)
    return channel


@pytest.fixture
def ops(channel: Channel) -> Person:
    return MembershipFactory(brand=channel.brand, role=Role.OPERATIONS).person


def of(channel: Channel, task: Task, **told: object) -> SyncSchedule:
    SyncSchedule.objects.filter(channel=channel, task=task).update(**told)
    return SyncSchedule.objects.get(channel=channel, task=task)


def made_daily(schedule: SyncSchedule, *, days: int | None = None) -> SyncSchedule:
    planning.edit(
        schedule=schedule, every_seconds=86400, cron="30 3 * * *", time_zone="UTC", jitter_seconds=0, overlap="skip", max_seconds=20,
        days=days, now=NOW,
    )  # fmt: skip
    schedule.refresh_from_db()
    return schedule


def test_a_new_plan_holds_from_the_next_run_and_not_for_the_rest_of_the_one_under_way(
    planned: Channel,
) -> None:
    soon = NOW + timedelta(seconds=4)  # it has failed once and is tried again
    for task, days in ((Task.RECONCILE, None), (Task.BACKFILL, 7)):
        schedule = of(planned, task, next_run_at=soon, days=days)
        run = SyncRun.objects.create(schedule=schedule, channel=planned, task=task, started_at=NOW)

        assert made_daily(schedule, days=days).next_run_at == soon

        SyncRun.objects.filter(pk=run.pk).update(state="done")
        again = made_daily(schedule, days=days).next_run_at
        assert again is not None and NOW + HOUR < again < NOW + DAY


def test_a_backfill_that_is_planned_by_days_is_run_now_over_those_days(planned: Channel, ops: Person) -> None:
    tomorrow = NOW + DAY
    schedule = of(planned, Task.BACKFILL, days=7, cursor="of the last one", next_run_at=tomorrow)

    planning.run_now(schedule=schedule, by=ops, now=NOW)

    run = SyncRun.objects.get(schedule=schedule)
    assert (run.since, run.until, run.cause, run.asked_by) == (NOW - 7 * DAY, NOW, Cause.PERSON, ops)
    schedule.refresh_from_db()
    assert (schedule.next_run_at, schedule.cursor) == (NOW, "")


def test_one_that_nobody_planned_asks_for_a_range(planned: Channel, ops: Person) -> None:
    with pytest.raises(planning.Refused, match="Say which range"):
        planning.run_now(schedule=of(planned, Task.BACKFILL), by=ops, now=NOW)

    Channel.objects.update(created_at=NOW - 30 * DAY)
    of(planned, Task.RECONCILE, paused=True)
    with pytest.raises(planning.Refused, match="that is paused"):
        planning.run_now(schedule=of(planned, Task.BACKFILL, days=7), by=ops, now=NOW)
    assert not SyncRun.objects.exists()
