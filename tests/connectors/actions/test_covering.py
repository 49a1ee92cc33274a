"""What a whole walk shows to be complete, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.actions import draining, syncing
from connectors.models import ChannelHealth, Gap, SyncSchedule, Task
from inbox.models import Channel, Message
from tests.connectors.conftest import NOW, Moving
from tests.fakes.platform import FakePlatform

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk(channel: Channel, platform: FakePlatform, clock: Moving) -> SyncSchedule:
    """A comparison that has been made once, of a history of four pages."""
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=30))
    platform.page_size = 10
    for number in range(40):
        platform.hears(f"Message {number}", at=NOW - timedelta(hours=1) + timedelta(seconds=number))
    return SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW
    )


def run(schedule: SyncSchedule, clock: Moving, **options: Any) -> None:
    syncing.run(schedule_id=schedule.pk, clock=clock, **{"pause": lambda seconds: None} | options)
    schedule.refresh_from_db()


def test_a_gap_that_opened_while_a_walk_ran_is_left_to_the_next_one_which_is_due_at_once(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving
) -> None:
    run(walk, clock, max_seconds=0)
    clock.passes(15)
    Gap.objects.create(
        channel=walk.channel, cause="disconnected", since=NOW - timedelta(minutes=15), found_at=clock()
    )
    clock.passes(3600)
    platform.hears("Written while it was disconnected", at=clock())
    clock.passes(3 * 3600)

    run(walk, clock)

    assert ChannelHealth.objects.get().complete_until == NOW
    assert (Gap.objects.get().healed_at, walk.next_run_at) == (None, clock())

    run(walk, clock)

    gap = Gap.objects.get()
    assert Message.objects.filter(text="Written while it was disconnected").exists()
    assert (gap.healed_at, gap.until, gap.brought) == (clock(), clock(), 1)
    assert walk.next_run_at > clock()


def test_a_gap_ends_where_the_walk_that_closes_it_began(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving
) -> None:
    Gap.objects.create(
        channel=walk.channel, cause="not_subscribed", since=NOW - timedelta(hours=2), found_at=NOW
    )
    run(walk, clock, max_seconds=0)
    clock.passes(600)

    run(walk, clock)

    gap = Gap.objects.get()
    assert (gap.until, gap.healed_at) == (NOW, clock())


def test_deliveries_lost_while_a_walk_runs_are_looked_for_by_another(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving, receipt: Callable[..., Any]
) -> None:
    receipt({"kind": "lost"})
    draining.drain(now=clock())
    clock.passes(1)
    began, history = clock(), platform.history

    def meanwhile(ctx: Any, cursor: str, thread_id: str = "") -> Any:
        if cursor and clock() == began:
            clock.passes(1)
            receipt({"kind": "lost"})
            draining.drain(now=clock())
        return history(ctx, cursor, thread_id)

    platform.history = meanwhile  # type: ignore[method-assign]

    run(walk, clock)

    assert (Gap.objects.get().healed_at, walk.next_run_at) == (None, clock())
