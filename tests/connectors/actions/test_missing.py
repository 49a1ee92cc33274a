"""What was delivered while our door was shut: where the platform does not come again by itself, a comparison brings it soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.actions import missing, scheduling, syncing
from connectors.actions._missed import SHUT_APART
from connectors.models import ChannelHealth, Gap, PlatformApp, SyncSchedule, Task
from inbox import platforms
from inbox.models import Channel, ChannelState, Message
from tests.connectors.conftest import NOW, Moving
from tests.fakes.platform import FakePlatform

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=9)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def for_long(channel: Channel) -> SyncSchedule:
    Channel.objects.update(created_at=NOW - timedelta(days=3))
    compared = scheduling.Walk(NOW - timedelta(minutes=6), None, "").written()
    return planned(channel, cursor=compared)


def planned(channel: Channel, **told: object) -> SyncSchedule:
    return SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=LATER, **told
    )


def refused(channel: Channel, at: datetime = NOW - SECOND, *, now: datetime = NOW) -> datetime | None:
    """When the next comparison of the channel is due."""
    missing.note_refused(refused={channel.pk: (at - SECOND, at)}, now=now)
    return SyncSchedule.objects.get(channel=channel).next_run_at


def test_what_the_door_refused_is_a_gap_and_is_brought_by_a_comparison_at_once(
    platform: FakePlatform, channel: Channel, for_long: SyncSchedule, clock: Moving
) -> None:
    platform.hears("Is anybody there?", at=NOW - 3 * SECOND)

    assert refused(channel) == NOW
    gap = Gap.objects.get()
    assert (gap.cause, gap.since, gap.until) == ("not_delivered", NOW - 2 * SECOND, NOW - SECOND)

    clock.passes(1)
    claim = scheduling.claim(schedule_id=for_long.pk, now=clock())
    assert claim is not None
    syncing.run(schedule_id=for_long.pk, clock=clock)
    gap.refresh_from_db()
    assert (gap.healed_at, gap.brought) == (clock(), 1)
    assert [message.text for message in Message.objects.all()] == ["Is anybody there?"]


def test_however_much_is_refused_it_is_one_gap_and_one_comparison(channel: Channel) -> None:
    refused(channel)
    for seconds in range(30, 300, 30):
        refused(channel, NOW + seconds * SECOND, now=NOW + seconds * SECOND)

    gap = Gap.objects.get()
    assert (gap.since, gap.until) == (NOW - 2 * SECOND, NOW + 270 * SECOND)
    assert SyncSchedule.objects.get().next_run_at == NOW


def test_a_door_that_opens_and_shuts_asks_for_no_more_than_one_comparison_in_two_minutes(
    channel: Channel, for_long: SyncSchedule
) -> None:
    SyncSchedule.objects.update(last_success_at=NOW - 10 * SECOND)

    assert refused(channel) == NOW - 10 * SECOND + SHUT_APART


@pytest.mark.parametrize("kept", [{"paused": True}, {"failures": 2}])
def test_a_comparison_that_is_paused_or_waits_after_a_failure_stays_as_it_is(
    channel: Channel, kept: dict[str, object]
) -> None:
    SyncSchedule.objects.update(**kept)

    assert (refused(channel), Gap.objects.count()) == (LATER, 1)


def test_nothing_is_asked_where_the_platform_comes_again(platform: FakePlatform, channel: Channel) -> None:
    platforms.register(replace(platform.manifest, receive=replace(platform.manifest.receive, retries=True)))

    assert (refused(channel), Gap.objects.count()) == (LATER, 0)


def test_of_what_was_retired_nothing_is_missing(channel: Channel) -> None:
    Channel.objects.update(state=ChannelState.DISCONNECTED)

    assert (refused(channel), Gap.objects.count()) == (LATER, 0)


def test_an_address_takes_what_comes_for_all_accounts_of_its_app(
    connect: Callable[..., Channel], channel: Channel, app: PlatformApp
) -> None:
    sister, stranger = connect("acc-2"), connect("acc-3")
    stranger.credential.app = PlatformApp.objects.create(
        platform="fake", name="other", client_id="d", sealed=app.sealed
    )
    stranger.credential.save(update_fields=["app"])
    Channel.objects.update(created_at=NOW - HOUR)
    for each in (sister, stranger):
        planned(each)

    refused(channel)

    assert set(Gap.objects.values_list("channel", flat=True)) == {channel.pk, sister.pk}


@pytest.mark.parametrize("since", [NOW - 3 * SECOND, None], ids=["known", "unknown"])
def test_while_there_was_no_door_everything_since_may_be_missing(
    connect: Callable[..., Channel], channel: Channel, since: datetime | None
) -> None:
    compared = NOW - timedelta(minutes=6)
    ChannelHealth.objects.create(channel=channel, complete_until=compared)
    new = connect("acc-2", created_at=NOW - HOUR)
    planned(new)

    missing.note_away(since=since, now=NOW)

    gap = Gap.objects.get()
    assert (gap.channel_id, gap.since, gap.until) == (channel.pk, since or compared, NOW)
    due = dict(SyncSchedule.objects.values_list("channel", "next_run_at"))
    assert due == {channel.pk: NOW, new.pk: LATER}, "what was never compared is about to be"
