"""Connecting again, retiring, news of the account and a sync's end meet at one channel: each waits for the other, and the database refuses none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from connectors.actions import _covering, connecting, parking, retiring, scheduling, syncing
from connectors.contract import AccountChanged, AccountState
from connectors.models import ChannelHealth, Credential, Gap, SyncSchedule, Task
from inbox.actions import channels, sending
from inbox.models import Channel, ChannelState, Person
from tests.connectors.conftest import NOW, Moving
from tests.fakes.platform import FakePlatform
from tests.threads import at_once, wait_for_a_lock_to_be_waited_for

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def walk(channel: Channel) -> SyncSchedule:
    """A comparison that failed the last time, so that whoever lets the channel go on changes it."""
    ChannelHealth.objects.create(channel=channel)
    return SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW, failures=1
    )


@pytest.fixture
def halfway(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, str], threading.Event]:
    """Whoever first calls this says so, and goes on once somebody waits for a lock."""

    def stop(module: ModuleType, name: str) -> threading.Event:
        here, go_on = threading.Event(), getattr(module, name)

        def late(*told: Any, **more: Any) -> Any:
            if not here.is_set():
                here.set()
                wait_for_a_lock_to_be_waited_for()
            return go_on(*told, **more)

        monkeypatch.setattr(module, name, late)
        return here

    return stop


def run(schedule: SyncSchedule, clock: Moving) -> None:
    syncing.run(schedule_id=schedule.pk, clock=clock, pause=lambda seconds: None)


def connect_again(channel: Channel, platform: FakePlatform) -> None:
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
    app = Credential.objects.get(channel=channel).app
    connecting.connect(app=app, brand=channel.brand, grant=grant, now=NOW)


def when(here: threading.Event, work: Callable[[], None]) -> Callable[[], None]:
    def wait_and_work() -> None:
        assert here.wait(timeout=30)
        work()

    return wait_and_work


def lift(channel: Channel) -> None:
    change = AccountChanged(AccountState.CONNECTED, "", LATER)
    parking.apply(brand_id=channel.brand_id, changes=[(channel.pk, change)], now=NOW)


def restrict(channel: Channel) -> None:
    change = AccountChanged(AccountState.RESTRICTED, "", NOW)
    parking.apply(brand_id=channel.brand_id, changes=[(channel.pk, change)], now=NOW)


def is_connected_again(channel: Channel) -> bool:
    channel.refresh_from_db()
    return channel.state == ChannelState.CONNECTED and Credential.objects.get(channel=channel).version == 2


def test_a_consent_that_comes_while_the_channel_is_retired_connects_it_again(
    walk: SyncSchedule,
    agent: Person,
    platform: FakePlatform,
    halfway: Callable[[ModuleType, str], threading.Event],
) -> None:
    channel = walk.channel
    at_its_replies = halfway(sending, "give_up_waiting")

    at_once(
        lambda: retiring.retire(channel=channel, by=agent, now=NOW),
        when(at_its_replies, lambda: connect_again(channel, platform)),
    )

    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED
    assert Credential.objects.get(channel=channel).version == 3
    assert Gap.objects.get(cause="disconnected").until == NOW


def test_an_account_is_connected_again_while_a_restriction_is_lifted(
    walk: SyncSchedule, platform: FakePlatform, halfway: Callable[[ModuleType, str], threading.Event]
) -> None:
    channel = walk.channel
    restrict(channel)
    at_its_state = halfway(channels, "resume_sending")

    at_once(lambda: lift(channel), when(at_its_state, lambda: connect_again(channel, platform)))

    assert is_connected_again(channel)


def test_an_account_is_connected_again_while_an_answer_lets_parked_replies_go(
    walk: SyncSchedule, platform: FakePlatform, halfway: Callable[[ModuleType, str], threading.Event]
) -> None:
    channel = walk.channel
    parking.heed_refusal(channel_id=channel.pk, reason="No.", seen_version=1, now=NOW, of_access=True)
    before_its_schedules = halfway(scheduling, "go_on")

    at_once(
        lambda: parking.heed_answer(channel_id=channel.pk, used_version=2, now=NOW),
        when(before_its_schedules, lambda: connect_again(channel, platform)),
    )

    assert is_connected_again(channel)


def test_a_restriction_is_lifted_while_a_walk_ends(
    walk: SyncSchedule, clock: Moving, halfway: Callable[[ModuleType, str], threading.Event]
) -> None:
    channel = walk.channel
    restrict(channel)
    ends = halfway(_covering, "note_whole")

    at_once(lambda: run(walk, clock), when(ends, lambda: lift(channel)))

    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED
    assert ChannelHealth.objects.get().complete_until == NOW


@pytest.mark.parametrize("meets", ["a consent", "its retirement"])
def test_a_poll_that_ends_makes_the_walk_due_whoever_has_the_schedules_meanwhile(
    walk: SyncSchedule,
    agent: Person,
    platform: FakePlatform,
    clock: Moving,
    halfway: Callable[[ModuleType, str], threading.Event],
    meets: str,
) -> None:
    channel = walk.channel
    SyncSchedule.objects.filter(pk=walk.pk).update(next_run_at=NOW + timedelta(days=1))
    Gap.objects.create(channel=channel, cause="failing", since=NOW, found_at=LATER)
    poll = SyncSchedule.objects.create(channel=channel, task=Task.POLL, every_seconds=30, next_run_at=NOW)
    ends = halfway(_covering, "note_whole")

    def other() -> None:
        if meets == "a consent":
            connect_again(channel, platform)
        else:
            retiring.retire(channel=channel, by=agent, now=NOW)

    at_once(lambda: run(poll, clock), when(ends, other))

    walk.refresh_from_db()
    assert walk.next_run_at == NOW
