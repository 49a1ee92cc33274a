"""Whether it is the customers who are silent: what waits on our own side, and what came while we were away, is no silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.utils import timezone

from connectors import jobs
from connectors.actions import alarming, draining
from connectors.models import Alarm, ChannelHealth, Gap, GapCause, HourOfArrivals, Receipt, ReceiptState
from inbox import platforms
from inbox.models import Brand, Channel, Person, Role
from inbox.platforms import ReceiveRules
from tests.connectors.conftest import NOW, message_item
from tests.factories.people import MembershipFactory
from tests.fakes.platform import FakePlatform, manifest

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def ops(brand: Brand) -> Person:
    return MembershipFactory(brand=brand, role=Role.OPERATIONS).person


@pytest.fixture(autouse=True)
def usual(channel: Channel) -> None:
    """Nine an hour for weeks, the last of them before ten o'clock: two hours ago."""
    hours = [NOW - HOUR * number for number in range(3, 3 * 7 * 24)]
    HourOfArrivals.objects.bulk_create(
        HourOfArrivals(channel=channel, hour=hour, messages=9) for hour in hours
    )


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The house's own look at this moment. The answer: what is rung now."""
    cache.delete(jobs.HEARD)

    def at(minutes: float, **told: bool) -> list[str]:
        monkeypatch.setattr(timezone, "now", lambda: NOW + minutes * MINUTE)
        jobs.watch_channels(**told)
        return list(Alarm.objects.filter(cleared_at=None).values_list("kind", flat=True))

    return at


def look(minutes: float = 0) -> list[str]:
    alarming.look(now=NOW + minutes * MINUTE)
    return list(Alarm.objects.filter(cleared_at=None).values_list("kind", flat=True))


def delivered(at: datetime, channel: Channel, *, body: bytes = b"{}") -> Receipt:
    return Receipt.objects.create(channel=channel, received_at=at, body=body)


def compared(channel: Channel, until: datetime) -> None:
    ChannelHealth.objects.update_or_create(channel=channel, defaults={"complete_until": until})


def nobody_answers(*_: Any) -> Any:
    raise OperationalError("the connection is lost")


@pytest.mark.parametrize("address", ["acc-1", "acc-2"], ids=["its own address", "another of the same app"])
def test_nobody_is_silent_while_deliveries_wait_to_be_read(
    channel: Channel, connect: Callable[..., Channel], address: str
) -> None:
    sister = connect("acc-2")
    waiting = delivered(NOW - HOUR, channel if address == "acc-1" else sister)

    assert look() == []

    Receipt.objects.filter(pk=waiting.pk).update(state=ReceiptState.DONE)
    assert look() == ["silent"], "what was read told of nobody who wrote"


def test_what_has_waited_and_is_read_is_counted_before_anybody_is_told(
    channel: Channel, receipt: Callable[..., Any]
) -> None:
    receipt(message_item("m1", seconds=-3600))
    Receipt.objects.update(received_at=NOW - HOUR)
    assert look() == []

    draining.drain(now=NOW)

    assert look() == []


def test_a_channel_that_was_silent_before_its_deliveries_wait_is_told(channel: Channel) -> None:
    delivered(NOW - 10 * MINUTE, channel)

    assert look() == ["silent"]


def test_a_silence_that_was_told_lasts_while_nobody_knows_whether_somebody_wrote(channel: Channel) -> None:
    assert look() == ["silent"]
    delivered(NOW - HOUR, channel)

    assert look(1) == ["silent"]
    assert Alarm.objects.count() == 1


def test_nobody_is_silent_for_the_time_in_which_we_were_away(watch: Callable[..., list[str]]) -> None:
    watch(-115)

    assert [watch(minutes) for minutes in range(67)] == [[]] * 67
    assert watch(67) == ["silent"], "ten were to be expected since"


def test_nobody_is_silent_for_the_time_in_which_the_database_was_away(
    watch: Callable[..., list[str]],
) -> None:
    """Our door stood open and took nothing."""
    watch(-115)

    for minutes in range(-114, 1):
        with connection.execute_wrapper(nobody_answers), pytest.raises(OperationalError):
            watch(minutes)

    assert [watch(1), watch(2)] == [[], []]


def test_after_our_absence_a_comparison_shows_whether_somebody_wrote(
    channel: Channel, watch: Callable[..., list[str]]
) -> None:
    compared(channel, NOW - 116 * MINUTE)
    watch(-115)
    assert watch(0) == []

    compared(channel, NOW + MINUTE)

    assert watch(1.5) == ["silent"]


def test_nobody_is_silent_while_our_door_is_shut(watch: Callable[..., list[str]]) -> None:
    watch(-115)

    assert [watch(minutes, is_open=False) for minutes in range(-114, 1)] == [[]] * 115
    assert watch(1) == []


def test_while_the_door_is_shut_a_channel_is_judged_by_its_comparisons(
    channel: Channel, watch: Callable[..., list[str]]
) -> None:
    watch(-115)
    compared(channel, NOW - MINUTE)

    assert watch(0, is_open=False) == ["silent"]


def test_a_restart_is_no_absence(watch: Callable[..., list[str]]) -> None:
    for minutes in range(-115, 0):
        watch(minutes)
    Alarm.objects.all().delete()

    assert watch(1) == ["silent"]


def test_who_has_just_begun_to_listen_has_heard_nothing_yet(watch: Callable[..., list[str]]) -> None:
    assert [watch(0), watch(1)] == [[], []]


def test_a_silence_that_was_told_lasts_over_our_absence(
    channel: Channel, watch: Callable[..., list[str]]
) -> None:
    compared(channel, NOW)
    watch(0)
    assert watch(1) == ["silent"]

    assert watch(90) == ["silent"]
    assert Alarm.objects.count() == 1


def test_a_door_that_did_not_take_everything_begins_the_silence_anew_until_a_comparison_has_looked(
    channel: Channel,
) -> None:
    gap = Gap.objects.create(
        channel=channel, cause=GapCause.NOT_DELIVERED, since=NOW - HOUR, until=NOW - MINUTE, found_at=NOW
    )
    assert look() == []

    gap.healed_at = NOW
    gap.save(update_fields=["healed_at"])
    assert look() == ["silent"]


def test_a_silence_that_was_told_lasts_over_what_the_door_did_not_take(channel: Channel) -> None:
    """A restart of the edge opens such a gap, and a comparison that finds nobody who wrote closes it."""
    assert look() == ["silent"]
    gap = Gap.objects.create(
        channel=channel, cause=GapCause.NOT_DELIVERED, since=NOW - MINUTE, until=NOW + MINUTE, found_at=NOW
    )

    assert look(1) == ["silent"]
    Gap.objects.filter(pk=gap.pk).update(healed_at=NOW + 2 * MINUTE)
    assert look(3) == ["silent"]
    assert Alarm.objects.count() == 1


@pytest.mark.parametrize(("comments", "found"), [(True, []), (False, ["silent"])])
def test_of_a_log_our_absence_hides_nothing_but_what_is_delivered_beside_it(
    channel: Channel,
    platform: FakePlatform,
    watch: Callable[..., list[str]],
    comments: bool,
    found: list[str],
) -> None:
    platforms.register(manifest(receive=ReceiveRules(mode="poll", comments=comments)))
    ChannelHealth.objects.create(channel=channel, polled_until=NOW, complete_until=NOW)
    ChannelHealth.objects.filter(channel=channel).update(complete_until=NOW if not comments else NOW - HOUR)

    assert watch(0) == found
