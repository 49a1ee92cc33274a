"""A platform that can is asked to deliver again what it had not delivered: once for each gap, within its bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.actions import draining, syncing
from connectors.contract import (
    ConnectorError,
    DeliveriesLost,
    RateNotice,
    Redelivery,
    RedeliveryBounds,
    RedeliveryEnded,
    Remedy,
    Subscription,
)
from connectors.models import ChannelHealth, Gap, Receipt, RunLine, SyncSchedule, Task
from inbox.models import Brand, Channel, ChannelState, Message
from tests.connectors.conftest import NOW, Moving, message_item
from tests.fakes.platform import FakePlatform

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
QUARTER = 900


@dataclass
class Redelivering:
    """What the fake platform can do besides."""

    platform: FakePlatform
    active: bool = True
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    answers: list[Redelivery | ConnectorError] = field(default_factory=list)
    meanwhile: Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        bounds = RedeliveryBounds(reach=24 * HOUR, begun=31 * MINUTE, ended=10 * MINUTE)
        self.platform.redelivery = bounds  # type: ignore[attr-defined]
        self.platform.deliver_again = self.deliver_again  # type: ignore[attr-defined]
        self.platform.subscription = self.subscription  # type: ignore[attr-defined]

    def subscription(self, ctx: Any, callback_url: str) -> Subscription:
        return Subscription(self.active, "" if self.active else "It is switched off.")

    def deliver_again(self, ctx: Any, callback_url: str, since: datetime, until: datetime) -> Redelivery:
        self.asked.append((since, until))
        if self.meanwhile:
            self.meanwhile()
        answer = self.answers.pop(0) if self.answers else Redelivery(f"job-{len(self.asked)}")
        if isinstance(answer, ConnectorError):
            raise answer
        return answer


@pytest.fixture
def able(platform: FakePlatform) -> Redelivering:
    return Redelivering(platform)


@pytest.fixture
def walk(channel: Channel, able: Redelivering) -> SyncSchedule:
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=30))
    ChannelHealth.objects.create(channel=channel, complete_until=NOW - 2 * HOUR)
    return SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=QUARTER, next_run_at=NOW
    )


@pytest.fixture
def reconcile(walk: SyncSchedule, clock: Moving) -> Callable[[float], None]:
    def after(seconds: float) -> None:
        clock.passes(seconds)
        syncing.run(schedule_id=walk.pk, clock=clock, pause=lambda seconds: None)

    return after


def gap(channel: Channel, since: timedelta, until: timedelta, cause: str = "disconnected") -> Gap:
    """One that a comparison has closed."""
    return Gap.objects.create(
        channel=channel, cause=cause, since=NOW - since, until=NOW - until, found_at=NOW - until,
        healed_at=NOW - until,
    )  # fmt: skip


def lines() -> list[str]:
    return list(RunLine.objects.order_by("pk").values_list("text", flat=True))


@pytest.fixture
def ends(platform: FakePlatform, receipt: Callable[..., Any], clock: Moving) -> Callable[..., None]:
    """The platform says that a task is over."""
    parse = platform.parse

    def told(item: Any, account: Any) -> Any:
        if item.payload["kind"] == "ended":
            return [RedeliveryEnded(item.payload["job"], item.payload["said"])]
        return parse(item, account)

    platform.parse = told  # type: ignore[method-assign]

    def end(job: str, said: str = "All of it.", *more: dict[str, Any]) -> None:
        receipt({"kind": "ended", "job": job, "said": said}, *more)
        draining.drain(now=clock())

    return end


def test_a_gap_is_asked_for_once_and_says_when_the_platform_had_done_it(
    channel: Channel, able: Redelivering, reconcile: Any, ends: Any, clock: Moving
) -> None:
    gap(channel, 3 * HOUR, HOUR)

    reconcile(0)
    reconcile(QUARTER)

    assert able.asked == [(NOW - 3 * HOUR, NOW - HOUR)]
    assert any(
        "asked to deliver again what happened from 6 August, 09:00 to 6 August, 11:00 UTC" in line
        for line in lines()
    )
    ends("somebody-elses")
    asked = Gap.objects.get()
    assert (asked.redelivery_asked_at, asked.redelivery_job, asked.redelivery_ended_at) == (
        NOW, "job-1", None,
    )  # fmt: skip
    ends("job-1")
    ended = Gap.objects.get()
    assert (ended.redelivery_ended_at, ended.redelivery_said) == (clock(), "All of it.")


def test_a_webhook_that_was_mended_is_asked_for_what_it_missed_as_soon_as_that_is_over_for_long_enough(
    channel: Channel, able: Redelivering, platform: FakePlatform, reconcile: Any
) -> None:
    platform.history_fails = ConnectorError("It tells no history.", remedy=Remedy.TELL)
    able.active = False
    platform.subscribe = lambda ctx, url: None  # type: ignore[method-assign]
    reconcile(0)
    assert Gap.objects.values_list("since", "until").get() == (NOW - 2 * HOUR, None)

    platform.subscribe = lambda ctx, url: setattr(able, "active", True)  # type: ignore[method-assign]
    reconcile(5 * 60)
    missed = (NOW - 2 * HOUR, NOW + 5 * MINUTE)
    assert Gap.objects.values_list("since", "until").get() == missed
    reconcile(5 * 60)
    assert able.asked == []
    reconcile(5 * 60)

    assert able.asked == [missed]
    assert Gap.objects.get().healed_at is None  # that only a whole comparison shows


def test_what_stops_again_before_a_comparison_was_made_is_another_gap(
    channel: Channel, able: Redelivering, platform: FakePlatform, reconcile: Any
) -> None:
    platform.history_fails = ConnectorError("It tells no history.", remedy=Remedy.TELL)
    platform.subscribe = lambda ctx, url: None  # type: ignore[method-assign]
    for active in (False, True, False):
        able.active = active
        reconcile(60)

    assert list(Gap.objects.order_by("pk").values_list("until", flat=True)) == [NOW + 2 * MINUTE, None]


def test_only_what_lies_within_the_bounds_and_after_the_connection_is_asked_for(
    channel: Channel, able: Redelivering, reconcile: Any
) -> None:
    gap(channel, 40 * HOUR, 20 * HOUR)
    gap(channel, 60 * HOUR, 30 * HOUR, "not_subscribed")  # the platform has nothing of it any more
    gap(channel, 20 * MINUTE, 15 * MINUTE, "not_subscribed")  # too young

    reconcile(0)
    assert able.asked == [(NOW - 24 * HOUR, NOW - 20 * HOUR)]

    reconcile(QUARTER)
    assert able.asked[1:] == [(NOW - 20 * MINUTE, NOW - 15 * MINUTE)]

    Gap.objects.all().delete()
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - 2 * HOUR)
    gap(channel, 3 * HOUR, HOUR)
    reconcile(QUARTER)
    assert able.asked[2:] == [(NOW - 2 * HOUR, NOW - HOUR)]


def test_gaps_that_overlap_are_asked_for_together_and_others_in_turn(
    channel: Channel, able: Redelivering, reconcile: Any
) -> None:
    gap(channel, 5 * HOUR, 4 * HOUR)
    gap(channel, 10 * HOUR, 8 * HOUR)
    gap(channel, 9 * HOUR, 7 * HOUR, "not_subscribed")

    reconcile(0)
    reconcile(QUARTER)
    reconcile(QUARTER)

    assert able.asked == [(NOW - 10 * HOUR, NOW - 7 * HOUR), (NOW - 5 * HOUR, NOW - 4 * HOUR)]
    jobs = Gap.objects.order_by("since").values_list("redelivery_job", flat=True)
    assert list(jobs) == ["job-1", "job-1", "job-2"]


def test_what_a_comparison_found_is_asked_for_from_the_last_delivery_before_it(
    channel: Channel, able: Redelivering, platform: FakePlatform, reconcile: Any, receipt: Any, clock: Moving
) -> None:
    reconcile(0)
    receipt(message_item("in-1"))
    draining.drain(now=clock())
    platform.hears("Nobody delivered this", at=NOW + HOUR)

    reconcile(2 * 3600)
    assert able.asked == []
    reconcile(QUARTER)

    assert Message.objects.filter(text="Nobody delivered this").exists()
    assert able.asked == [(NOW, NOW + 2 * HOUR)]


@pytest.mark.parametrize("more", [False, True], ids=["nothing since", "and something since"])
def test_so_it_is_where_the_address_is_that_of_another_account(
    channel: Channel, able: Redelivering, reconcile: Any, connect: Callable[..., Channel], more: bool
) -> None:
    """Its receipts lie there, whosever they are; each channel knows when it was delivered to last."""
    shared = connect("acc-2")
    for ago in (3 * HOUR, 2 * HOUR):
        Receipt.objects.create(channel=shared, received_at=NOW - ago, body=b"{}", state="done")
    heard = NOW - (MINUTE if more else 3 * HOUR)
    ChannelHealth.objects.filter(channel=channel).update(last_receipt_at=heard)
    gap(channel, HOUR, 40 * MINUTE, "not_delivered")

    reconcile(0)

    assert able.asked == [(NOW - (2 if more else 3) * HOUR, NOW - 40 * MINUTE)]


def test_while_another_task_is_under_way_it_waits_as_long_as_it_is_told_to(
    channel: Channel, able: Redelivering, reconcile: Any
) -> None:
    gap(channel, 3 * HOUR, HOUR)
    until = NOW + 20 * MINUTE
    able.answers.append(
        ConnectorError(
            "It is busy.", remedy=Remedy.RETRY, retry_at=until, rates=(RateNotice("redelivery", 0, until),)
        )
    )

    reconcile(0)
    reconcile(QUARTER)
    assert len(able.asked) == 1
    assert Gap.objects.get().redelivery_job == ""
    assert "It was not asked to deliver again what it had not delivered: It is busy." in lines()

    reconcile(QUARTER)
    assert (len(able.asked), Gap.objects.get().redelivery_job) == (2, "job-2")


def test_a_refusal_for_good_is_kept_with_the_gap_and_is_no_alarm(
    channel: Channel, able: Redelivering, reconcile: Any
) -> None:
    gap(channel, 3 * HOUR, HOUR)
    able.answers.append(ConnectorError("This app may not.", remedy=Remedy.RECONNECT))

    reconcile(0)
    reconcile(QUARTER)

    assert len(able.asked) == 1
    assert Gap.objects.get().redelivery_said == "The platform does not deliver it again: This app may not."
    channel.refresh_from_db()
    assert channel.state == "connected"


def test_an_answer_that_was_lost_is_asked_for_again(
    channel: Channel, able: Redelivering, reconcile: Any
) -> None:
    gap(channel, 3 * HOUR, HOUR)
    able.answers.append(ConnectorError("No answer came.", remedy=Remedy.UNKNOWN))

    reconcile(0)
    reconcile(300)
    assert len(able.asked) == 1
    reconcile(QUARTER)
    assert len(able.asked) == 2


def test_a_task_whose_answer_was_lost_is_not_asked_for_twice(
    channel: Channel, able: Redelivering, reconcile: Any, ends: Any
) -> None:
    """The platform says that it is at it, which is how we learn that it had agreed."""
    gap(channel, 3 * HOUR, HOUR)
    busy = ConnectorError("It is still at it.", remedy=Remedy.RETRY, code="ReplayConflictError")
    able.answers += [ConnectorError("No answer came.", remedy=Remedy.UNKNOWN), *[busy] * 20]
    reconcile(0)
    reconcile(QUARTER)
    assert len(able.asked) > 1
    able.answers.clear()
    asked = len(able.asked)

    ends("job-1", "All of it.")
    reconcile(QUARTER)

    assert len(able.asked) == asked
    assert Gap.objects.values_list("redelivery_job", "redelivery_said").get() == ("job-1", "All of it.")


def test_the_end_of_a_task_is_of_the_gap_that_names_it(channel: Channel, ends: Any) -> None:
    named, unanswered = gap(channel, 9 * HOUR, 8 * HOUR), gap(channel, 3 * HOUR, HOUR)
    Gap.objects.update(redelivery_asked_at=NOW)
    Gap.objects.filter(pk=named.pk).update(redelivery_job="job-1")

    ends("job-1", "All of it.")

    assert list(Gap.objects.exclude(redelivery_ended_at=None)) == [named]
    assert Gap.objects.get(pk=unanswered.pk).redelivery_said == ""


def test_an_end_that_is_told_before_the_answer_is_kept_belongs_to_it(
    channel: Channel, able: Redelivering, reconcile: Any, ends: Any
) -> None:
    gap(channel, 3 * HOUR, HOUR)
    able.meanwhile = lambda: ends("job-1", "At once.")

    reconcile(0)

    assert Gap.objects.values_list("redelivery_job", "redelivery_said").get() == ("job-1", "At once.")


def test_what_a_task_could_not_deliver_is_looked_for_and_not_asked_for_again(
    channel: Channel, able: Redelivering, reconcile: Any, ends: Any
) -> None:
    gap(channel, 3 * HOUR, HOUR)
    reconcile(0)
    ends("job-1", "Half of it.", {"kind": "lost"})

    for _ in range(4):
        reconcile(QUARTER)

    assert len(able.asked) == 1
    assert not Gap.objects.filter(healed_at=None).exists()
    assert dict(Gap.objects.values_list("cause", "redelivery_said")) == {
        "disconnected": "Half of it.", "not_delivered": "The job was incomplete.",
    }  # fmt: skip


def test_the_end_of_a_task_comes_to_the_address_that_the_apps_accounts_share(
    channel: Channel, connect: Callable[..., Channel], platform: FakePlatform, receipt: Any, clock: Moving
) -> None:
    """Even to that of one that was retired."""
    asked_by, stranger = connect("acc-2"), connect("acc-3")
    for each, job in ((asked_by, "job-1"), (stranger, "")):
        gap(each, 3 * HOUR, HOUR)
        Gap.objects.filter(channel=each).update(redelivery_job=job, redelivery_asked_at=NOW)
    Channel.objects.filter(pk=channel.pk).update(state=ChannelState.DISCONNECTED)
    said = [RedeliveryEnded("job-1", "Half of it."), DeliveriesLost("The job was incomplete.")]
    platform.parse = lambda item, account: said  # type: ignore[method-assign]

    receipt({"kind": "ended"}, at=channel)
    draining.drain(now=clock())

    assert list(Gap.objects.values_list("channel", "cause", "redelivery_said").order_by("channel", "pk")) == [
        (asked_by.pk, "disconnected", "Half of it."),
        (asked_by.pk, "not_delivered", "The job was incomplete."),
        (stranger.pk, "disconnected", ""),
    ]


def test_what_another_brand_asked_for_is_noted_behind_that_brands_lock(
    channel: Channel, connect: Callable[..., Channel], platform: FakePlatform, receipt: Any, clock: Moving
) -> None:
    """As every walk of that brand does it: first its lock, then its gaps. Else the two may wait for each other for ever."""
    other = connect("acc-2", brand=Brand.objects.create(name="Other", slug="other"))
    asked = gap(other, 3 * HOUR, HOUR)
    Gap.objects.update(redelivery_job="job-1", redelivery_asked_at=NOW)
    said = [RedeliveryEnded("job-1", "Half of it."), DeliveriesLost("The job was incomplete.")]
    platform.parse = lambda item, account: said  # type: ignore[method-assign]
    receipt({"kind": "ended"}, at=channel)

    with CaptureQueriesContext(connection) as said_to_it:
        draining.drain(now=clock())

    assert Gap.objects.get(pk=asked.pk).redelivery_said == "Half of it."
    statements = [each["sql"] for each in said_to_it]
    locks = [place for place, sql in enumerate(statements) if "brandsequence" in sql and "FOR UPDATE" in sql]
    writes = [
        place for place, sql in enumerate(statements) if sql.startswith(('UPDATE "connectors_gap"', "INSERT"))
    ]
    assert len(locks) == 2
    assert writes[0] > locks[1]
