"""How much of what was before a connection comes in: what somebody chose, by whichever way the platform tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connectors.actions import backfilling, connecting, purging, syncing
from connectors.actions._asking import Asker
from connectors.actions._runs import Synced
from connectors.contract import Edited, Page
from connectors.models import DeadItem, Gap, PlatformApp, SyncRun, SyncSchedule, Task
from connectors.queries import past
from inbox.models import Brand, Channel, Message
from tests.connectors.conftest import NOW, Moving
from tests.fakes.platform import FakePlatform

pytestmark = pytest.mark.django_db(transaction=True)
Connected = Callable[[int | None], Channel]


@pytest.fixture
def connected(app: PlatformApp, brand: Brand, platform: FakePlatform) -> Connected:
    """An account with a past, connected now, with so many days of it."""
    platform.page_size = 2
    for number in range(10):
        platform.hears(f"Long ago {number}", at=NOW - timedelta(days=60 - number))
    platform.hears("Three days ago", at=NOW - timedelta(days=3))

    def with_days(days: int | None) -> Channel:
        grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")  # type: ignore[arg-type]
        channel = connecting.connect(app=app, brand=brand, grant=grant, now=NOW, backfill_days=days)
        Channel.objects.filter(pk=channel.pk).update(created_at=NOW)
        return channel

    return with_days


def run(channel: Channel, task: str, clock: Moving) -> Synced:
    schedule = SyncSchedule.objects.get(channel=channel, task=task)
    done = syncing.run(schedule_id=schedule.pk, clock=clock, pause=lambda seconds: None)
    assert not done.error and done.complete
    return done


def told() -> dict[str, bool]:
    """What is here, and whether it is history."""
    return dict(Message.objects.exclude(text__startswith="Long ago").values_list("text", "historical"))


@pytest.mark.parametrize("way", [Task.POLL, Task.RECONCILE])
@pytest.mark.parametrize(("days", "long_ago"), [(0, 0), (7, 0), (None, 10)])
def test_of_the_past_comes_in_what_was_chosen(
    connected: Connected, platform: FakePlatform, clock: Moving, days: int | None, long_ago: int, way: str
) -> None:
    channel = connected(days)
    platform.hears("After, by a clock that is behind", at=NOW - timedelta(minutes=9))

    if days != 0:
        run(channel, Task.BACKFILL, clock)
    for _ in range(2):
        clock.passes(900)
        run(channel, way, clock)
    platform.hears("Nobody delivered it", at=clock() - timedelta(minutes=5))
    clock.passes(900)
    run(channel, way, clock)

    chosen = {"Three days ago": True} if days != 0 else {}
    news = {"After, by a clock that is behind": True, "Nobody delivered it": False}
    assert told() == {**chosen, **news}
    assert Message.objects.filter(text__startswith="Long ago").count() == long_ago


@pytest.mark.parametrize("way", [Task.POLL, Task.RECONCILE])
@pytest.mark.parametrize(("days", "kept"), [(0, {"new", "of no time"}), (7, {"new", "of no time", "chosen"})])
def test_what_cannot_be_read_or_was_changed_before_comes_in_where_it_was_chosen(
    connected: Connected, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch,
    days: int, kept: set[str], way: str,
) -> None:  # fmt: skip
    ages = {"new": 0, "of no time": None, "chosen": 3, "old": 20}
    channel = connected(days)
    page = Page(
        tuple(Edited(name, "Changed.", NOW - timedelta(days=age)) for name, age in ages.items() if age is not None),
        failures=tuple(({"id": name}, "It has no author.") for name in ages),
        failed_at=tuple(None if age is None else NOW - timedelta(days=age) for age in ages.values()),
    )  # fmt: skip
    monkeypatch.setattr(platform, "poll", lambda ctx, cursor: page)
    monkeypatch.setattr(platform, "history", lambda ctx, cursor: page)

    done = run(channel, way, clock)

    assert {each.payload["payload"]["id"] for each in DeadItem.objects.all()} == kept
    assert (done.dead, done.events) == (len(kept), len(kept) - 1)


def test_a_past_that_nobody_wants_is_not_read(
    connected: Connected, platform: FakePlatform, clock: Moving
) -> None:
    channel = connected(0)

    first = run(channel, Task.RECONCILE, clock)
    clock.passes(900)
    second = run(channel, Task.RECONCILE, clock)

    assert (first.pages, second.pages) == (1, 1)


def test_what_is_asked_for_later_comes_in_and_what_was_stopped_does_not(
    connected: Connected, clock: Moving, agent: object
) -> None:
    channel = connected(None)
    backfilling.stop(run=SyncRun.objects.get(task=Task.BACKFILL), by=agent, now=NOW)  # type: ignore[arg-type]
    run(channel, Task.RECONCILE, clock)
    assert told() == {}
    since, until = NOW - timedelta(days=4), NOW - timedelta(days=2)

    backfilling.ask(channel=channel, since=since, until=until, by=None, now=NOW)
    run(channel, Task.BACKFILL, clock)

    assert told() == {"Three days ago": True}


def test_public_talk_of_the_chosen_range_comes_in_once_it_is_shown(
    connected: Connected, platform: FakePlatform, clock: Moving
) -> None:
    platform.posts("A month ago", at=NOW - timedelta(days=30))
    platform.posts("Nice", at=NOW - timedelta(days=2))
    platform.withholds = "No comments are shown."
    channel = connected(7)
    run(channel, Task.BACKFILL, clock)
    run(channel, Task.RECONCILE, clock)
    clock.passes(3600)
    platform.withholds = ""

    run(channel, Task.RECONCILE, clock)

    assert told() == {"Three days ago": True, "Nice": True}
    assert not Gap.objects.filter(healed_at=None).exists()


def test_what_was_chosen_outlives_the_history_of_runs(connected: Connected, clock: Moving) -> None:
    channel = connected(7)
    SyncRun.objects.update(state="done", ended_at=NOW)
    clock.passes(60 * 86400)
    asker = Asker(channel, clock, float("inf"), lambda seconds: None, lambda text, level: None)

    purging.purge(asker, Synced(), days=3)

    assert past.asked_for(channel).is_wanted(NOW - timedelta(days=6))
    assert not past.asked_for(channel).is_wanted(NOW - timedelta(days=8))
