"""What a whole walk shows to be complete, and what it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from connectors import contexts
from connectors.actions import (
    _covering,
    addressing,
    alarming,
    backfilling,
    connecting,
    draining,
    examining,
    planning,
    scheduling,
    syncing,
)
from connectors.actions._asking import Asker
from connectors.contract import (
    ConnectorError,
    HistoryRules,
    Page,
    ReceiveRules,
    Remedy,
    Subscription,
)
from connectors.http import Http
from connectors.models import ChannelHealth, Credential, Gap, SyncRun, SyncSchedule, Task
from inbox import platforms
from inbox.models import Channel, Message
from tests.connectors.conftest import NOW, Moving
from tests.factories.people import ChannelFactory
from tests.fakes.platform import FakePlatform, manifest, millis
from tests.threads import at_once, wait_for_a_lock_to_be_waited_for

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


def test_an_account_is_connected_again_while_a_walk_ends_and_both_end_well(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    ChannelHealth.objects.create(channel=walk.channel)
    ends, note_whole = threading.Event(), _covering.note_whole

    def note_late(*told: Any, **more: Any) -> None:
        ends.set()
        wait_for_a_lock_to_be_waited_for()
        note_whole(*told, **more)

    def connect_again() -> None:
        assert ends.wait(timeout=30)
        grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
        app = Credential.objects.get(channel=walk.channel).app
        connecting.connect(app=app, brand=walk.channel.brand, grant=grant, now=clock())

    monkeypatch.setattr(_covering, "note_whole", note_late)

    at_once(lambda: run(walk, clock), connect_again)

    assert ChannelHealth.objects.get().complete_until == NOW
    assert Credential.objects.get(channel=walk.channel).version == 2


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


def test_what_lies_behind_the_horizon_is_lost_and_not_shown_as_healed_as_well(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving
) -> None:
    platforms.register(manifest(history=HistoryRules(age=timedelta(days=30))))
    since, horizon = NOW - timedelta(days=40), NOW - timedelta(days=30)
    Gap.objects.create(channel=walk.channel, cause="disconnected", since=since, found_at=since)

    run(walk, clock)

    gaps = Gap.objects.order_by("since").values_list("cause", "lost", "since", "until", "healed_at")
    assert list(gaps) == [("horizon", True, since, horizon, None), ("disconnected", False, horizon, NOW, NOW)]


@pytest.mark.parametrize("task", [Task.POLL, Task.RECONCILE])
def test_a_log_that_nobody_read_for_longer_than_it_reaches_has_lost_its_old_end(
    partly: Channel, platform: FakePlatform, clock: Moving, task: str
) -> None:
    log_then_comments(platform, [])
    age, until = timedelta(days=28), NOW - timedelta(days=28)
    rules = platforms.get(partly.platform)
    platforms.register(replace(rules, history=HistoryRules(age=age)))
    last = NOW - timedelta(days=31)
    ChannelHealth.objects.create(channel=partly, complete_until=last, polled_until=last)

    for _ in range(2):
        run(of(partly, task), clock)

    assert list(Gap.objects.values_list("cause", "lost", "since", "until")) == [
        ("horizon", True, last, until)
    ]


def test_what_may_be_the_newest_of_a_page_and_cannot_be_read_ends_no_walk(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving
) -> None:
    run(walk, clock)
    clock.passes(3600)
    late = platform.hears("Nobody delivered it", at=clock() - timedelta(minutes=30))
    platform.said.remove(late)
    platform.said.insert(28, late)  # in a thread that stands on the second page of ten, newest first
    history = platform.history

    def with_something_unread(ctx: Any, cursor: str, thread_id: str = "") -> Page:
        page = history(ctx, cursor, thread_id)
        return replace(page, failures=(({"id": "?"}, "It has no author."),)) if not cursor else page

    platform.history = with_something_unread  # type: ignore[method-assign]
    run(walk, clock)

    assert Message.objects.filter(text="Nobody delivered it").count() == 1


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


@pytest.fixture
def partly(channel: Channel, platform: FakePlatform) -> Channel:
    """Messages are polled, from a log that is read from its beginning; comments are delivered, and told after the log."""
    rules = manifest(receive=ReceiveRules(mode="poll", comments=True))
    platforms.register(rules)
    platform.manifest = rules
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=30))
    channel.refresh_from_db()
    planning.give_defaults(channel, NOW)
    return channel


def of(channel: Channel, task: str) -> SyncSchedule:
    return SyncSchedule.objects.get(channel=channel, task=task)


def log_then_comments(platform: FakePlatform, asked: list[str], *comments: dict[str, Any]) -> None:
    """Ten entries of the log a page, oldest first, and then the comments."""

    def history(ctx: Any, cursor: str, thread_id: str = "") -> Page:
        asked.append(cursor)
        if cursor == "comments":
            return Page(tuple(platform._message(each) for each in comments))
        start = int(cursor or 0)
        said = platform.said[start : start + 10]
        following = str(start + 10) if start + 10 < len(platform.said) else "comments"
        events = tuple(platform._inbound(each) for each in said)
        return Page(events, following, True, beyond="comments", unordered=True)

    platform.history = history  # type: ignore[method-assign]


def comment(seconds: float) -> dict[str, Any]:
    at = millis(NOW + timedelta(seconds=seconds))
    return {"id": "c1", "thread": "comment:1", "text": "Still waiting", "at": at}


def test_a_poll_that_does_not_bring_the_comments_shows_no_channel_to_be_complete(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    ChannelHealth.objects.create(channel=partly, complete_until=NOW - timedelta(hours=2))
    for cause in ("failing", "not_subscribed"):
        Gap.objects.create(channel=partly, cause=cause, since=NOW - timedelta(hours=1), found_at=NOW)
    poll = of(partly, Task.POLL)

    run(poll, clock)

    health = ChannelHealth.objects.get()
    assert (health.complete_until, health.polled_until) == (NOW - timedelta(hours=2), NOW)
    assert dict(Gap.objects.values_list("cause", "healed_at")) == {"failing": NOW, "not_subscribed": None}

    run(of(partly, Task.RECONCILE), clock)

    assert ChannelHealth.objects.get().complete_until == NOW
    assert not Gap.objects.filter(healed_at=None).exists()


@pytest.mark.parametrize("cause", ["failing", "disconnected"])
def test_what_a_poll_brings_that_could_not_ask_for_a_while_is_what_the_gap_kept_back(
    partly: Channel, platform: FakePlatform, clock: Moving, cause: str
) -> None:
    Gap.objects.create(channel=partly, cause=cause, since=NOW - timedelta(hours=1), found_at=NOW)
    for number, minutes in enumerate((90, 50, 40)):
        platform.hears(f"Message {number}", at=NOW - timedelta(minutes=minutes))

    run(of(partly, Task.POLL), clock)
    run(of(partly, Task.RECONCILE), clock)

    gap = Gap.objects.get(cause=cause)
    assert (gap.healed_at, gap.brought) == (NOW, 2)
    assert gap.healed_by is not None
    assert (gap.healed_by.task, gap.healed_by.new_messages) == (
        ("poll", 3) if cause == "failing" else ("reconcile", 0)
    )


def test_a_poll_that_heals_a_gap_and_brings_nothing_leaves_no_run_to_look_at(
    partly: Channel, clock: Moving
) -> None:
    Gap.objects.create(channel=partly, cause="failing", since=NOW - timedelta(hours=1), found_at=NOW)

    run(of(partly, Task.POLL), clock)

    gap = Gap.objects.get(cause="failing")
    assert (gap.healed_at, gap.healed_task, gap.healed_by) == (NOW, "poll", None)
    assert not SyncRun.objects.filter(task=Task.POLL).exists()


def test_what_is_polled_once_the_log_was_read_to_its_end_again_is_not_late(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    """The gap of a lost grant is closed by a comparison, which may be some time off."""
    Gap.objects.create(
        channel=partly,
        cause="disconnected",
        since=NOW - timedelta(hours=1),
        found_at=NOW - timedelta(minutes=50),
    )
    platform.hears("While it was gone", at=NOW - timedelta(minutes=30))
    poll = of(partly, Task.POLL)
    for _ in range(2):  # told again, as a log may
        run(poll, clock)
        clock.now += timedelta(seconds=40)
        platform.hears("Since", at=clock() - timedelta(seconds=5))

    assert Gap.objects.get(cause="disconnected").brought == 1


def test_what_a_poll_brings_that_could_ask_all_the_time_is_no_gaps(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    known = {"found_at": NOW - timedelta(hours=2), "since": NOW - timedelta(hours=3), "until": NOW}
    Gap.objects.create(channel=partly, cause="not_subscribed", **known)
    Gap.objects.create(channel=partly, cause="failing", healed_at=NOW - timedelta(minutes=1), **known)
    platform.hears("Hello", at=NOW - timedelta(seconds=20))

    run(of(partly, Task.POLL), clock)

    assert set(Gap.objects.values_list("brought", flat=True)) == {0}


def test_a_comment_that_nobody_delivered_is_no_history_because_messages_were_polled(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    ChannelHealth.objects.create(channel=partly, complete_until=NOW - timedelta(hours=5))
    log_then_comments(platform, [], comment(-3600))
    run(of(partly, Task.POLL), clock)
    backfilling.ask(channel=partly, since=NOW - timedelta(days=7), until=None, by=None, now=NOW)

    run(of(partly, Task.BACKFILL), clock)
    assert not Message.objects.filter(external_id="c1").exists()
    run(of(partly, Task.RECONCILE), clock)

    assert Message.objects.get(external_id="c1").historical is False


def test_comments_are_compared_as_often_as_where_all_is_delivered_and_the_whole_log_once_a_day(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    walk, poll, asked = of(partly, Task.RECONCILE), of(partly, Task.POLL), list[str]()
    assert (walk.every_seconds, walk.next_run_at) == (900, NOW)
    for number in range(40):
        platform.hears(f"Message {number}", at=NOW - timedelta(hours=1) + timedelta(seconds=number))
    log_then_comments(platform, asked, comment(-3600))
    run(poll, clock)

    pages = []
    for seconds in (0, 900, 86400):
        clock.passes(seconds)
        run(poll, clock)
        asked.clear()
        run(walk, clock)
        pages.append(list(asked))

    assert pages == [["", "10", "20", "30", "comments"], ["", "comments"], ["", "10", "20", "30", "comments"]]


def test_the_whole_log_is_compared_where_somebody_begins_anew(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    walk, asked = of(partly, Task.RECONCILE), list[str]()
    for number in range(40):
        platform.hears(f"Message {number}", at=NOW - timedelta(hours=1) + timedelta(seconds=number))
    log_then_comments(platform, asked)
    run(of(partly, Task.POLL), clock)
    run(walk, clock)
    asked.clear()

    scheduling.start_over(schedule_id=walk.pk)
    run(walk, clock)

    assert len(asked) == 5


def test_the_whole_log_is_compared_where_the_poll_is_behind(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    walk, asked = of(partly, Task.RECONCILE), list[str]()
    for number in range(40):
        platform.hears(f"Message {number}", at=NOW - timedelta(hours=1) + timedelta(seconds=number))
    log_then_comments(platform, asked)
    run(of(partly, Task.POLL), clock)
    run(walk, clock)
    clock.passes(900)
    asked.clear()

    run(walk, clock)

    assert len(asked) == 5


def test_the_log_is_left_to_a_poll_that_keeps_to_its_own_plan_and_is_complete_as_far_as_that_has_read(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    walk, poll, asked = of(partly, Task.RECONCILE), of(partly, Task.POLL), list[str]()
    SyncSchedule.objects.filter(pk=poll.pk).update(every_seconds=600)
    for number in range(40):
        platform.hears(f"Message {number}", at=NOW - timedelta(hours=1) + timedelta(seconds=number))
    log_then_comments(platform, asked)
    run(poll, clock)
    run(walk, clock)
    clock.passes(600)
    run(poll, clock)
    clock.passes(300)
    asked.clear()

    run(walk, clock)

    assert asked == ["", "comments"]
    assert ChannelHealth.objects.get().complete_until == NOW + timedelta(seconds=600)


def test_while_the_poll_is_paused_the_log_is_read_once_a_day(
    partly: Channel, platform: FakePlatform, clock: Moving
) -> None:
    walk, poll, asked = of(partly, Task.RECONCILE), of(partly, Task.POLL), list[str]()
    for number in range(40):
        platform.hears(f"Message {number}", at=NOW - timedelta(hours=1) + timedelta(seconds=number))
    log_then_comments(platform, asked)
    planning.pause(schedule=poll)

    read = []
    for seconds in (0, 900, 900, 86400):
        clock.passes(seconds)
        asked.clear()
        run(walk, clock)
        read.append((len(asked), ChannelHealth.objects.get().complete_until))

    later = NOW + timedelta(seconds=88200)
    assert read == [(5, NOW), (2, NOW), (2, NOW), (5, later)]


def test_a_page_that_was_named_once_is_kept_until_the_account_is_connected_again(
    channel: Channel, platform: FakePlatform, clock: Moving
) -> None:
    told: list[str] = []
    pages = ["the page", "", ""]

    def subscription(ctx: Any, callback_url: str) -> Subscription:
        told.append(ctx.account.speaks_for)
        return Subscription(True, speaks_for=pages[len(told) - 1])

    platform.subscription = subscription  # type: ignore[attr-defined]
    asker = Asker(channel, clock, time.monotonic() + 60, lambda seconds: None, lambda text, level: None)

    examining.look(asker, now=NOW)
    examining.look(asker, now=NOW)
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
    app = Credential.objects.get(channel=channel).app
    connecting.connect(app=app, brand=channel.brand, grant=grant, now=NOW)
    examining.look(asker, now=NOW)

    assert told == ["", "the page", ""]


@pytest.mark.parametrize(
    ("refused", "then", "known", "rings"),
    [
        (None, Subscription(True), True, 0),
        (None, ConnectorError("Too much was asked.", remedy=Remedy.TELL), None, 0),
        (None, Subscription(False, "It is switched off."), False, 1),
        (ConnectorError("The address is refused.", remedy=Remedy.TELL), Subscription(False), False, 1),
    ],
    ids=["it delivers again", "nobody can tell yet", "to ask did not help", "to ask was refused"],
)
def test_that_nothing_is_delivered_rings_where_to_ask_for_it_again_did_not_help(
    channel: Channel, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch,
    refused: ConnectorError | None, then: Subscription | ConnectorError, known: bool | None, rings: int,
) -> None:  # fmt: skip
    """The platform has given our webhook up, and takes its time when it is asked; people are watched over meanwhile."""
    ChannelHealth.objects.create(channel=channel, subscribed=True)
    looks: list[Subscription | ConnectorError] = [Subscription(False, "It is switched off."), then]
    rung_meanwhile = []

    def subscription(ctx: Any, callback_url: str) -> Subscription:
        found = looks.pop(0)
        if isinstance(found, ConnectorError):
            raise found
        return found

    def subscribe(ctx: Any, callback_url: str) -> None:
        rung_meanwhile.append(alarming.look(now=clock()))
        if refused is not None:
            raise refused

    monkeypatch.setattr(platform, "subscription", subscription, raising=False)
    monkeypatch.setattr(platform, "subscribe", subscribe)
    asker = Asker(channel, clock, time.monotonic() + 60, lambda seconds: None, lambda text, level: None)

    examining.look_and_mend(asker, now=clock())

    assert (rung_meanwhile, ChannelHealth.objects.get().subscribed) == ([0], known)
    assert alarming.look(now=clock()) == rings
    assert (Gap.objects.get(cause="not_subscribed").until is None) is (known is not True)


def test_a_platform_that_is_in_trouble_when_it_is_asked_to_deliver_again_is_asked_once_more_before_that_rings(
    channel: Channel, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    ChannelHealth.objects.create(channel=channel, subscribed=True)
    faults = 3

    def subscribe(ctx: Any, callback_url: str) -> None:
        nonlocal faults
        faults -= 1
        if faults >= 0:
            raise ConnectorError("It is in trouble.", remedy=Remedy.RETRY)

    def subscription(ctx: Any, callback_url: str) -> Subscription:
        return Subscription(faults < 0, "It is switched off.")

    monkeypatch.setattr(platform, "subscription", subscription, raising=False)
    monkeypatch.setattr(platform, "subscribe", subscribe)
    asker = Asker(channel, clock, time.monotonic() + 60, lambda seconds: None, lambda text, level: None)

    assert examining.look_and_mend(asker, now=clock())  # within a few seconds it has passed

    faults, told = 20, []
    for minutes in (0, 1, 14, 1, 14):  # "Look now" is pressed again and again between two comparisons
        clock.passes(60 * minutes)
        examining.look_and_mend(asker, now=clock())
        ChannelHealth.objects.update(subscription_said="In whatever words.")
        told.append((alarming.look(now=clock()), ChannelHealth.objects.get().subscribed))
    assert told == [(0, None), (0, None), (1, False), (0, False), (0, True)]


@pytest.mark.parametrize("agrees", [(True, True), (False, True), (True, False)])
def test_a_platform_that_agrees_to_deliver_again_and_does_not_rings_once_that_lasts(
    channel: Channel, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch,
    agrees: tuple[bool, bool],
) -> None:  # fmt: skip
    ChannelHealth.objects.create(channel=channel, subscribed=True)
    was_asked, rung = False, []

    def subscription(ctx: Any, callback_url: str) -> Subscription:
        if was_asked:
            raise ConnectorError("Too much was asked.", remedy=Remedy.TELL)
        return Subscription(False, "It is switched off.")

    def subscribe(ctx: Any, callback_url: str) -> None:
        nonlocal was_asked
        was_asked = agrees[len(rung) > 0]
        if not was_asked:
            raise ConnectorError("It is in trouble.", remedy=Remedy.RETRY)

    monkeypatch.setattr(platform, "subscription", subscription, raising=False)
    monkeypatch.setattr(platform, "subscribe", subscribe)
    asker = Asker(channel, clock, time.monotonic() + 60, lambda seconds: None, lambda text, level: None)

    for minutes in (0, 9, 6, 15):
        clock.passes(60 * minutes)
        was_asked = False
        examining.look_and_mend(asker, now=clock())
        rung.append(alarming.look(now=clock()))

    assert rung == [0, 0, 1, 0]
    assert ChannelHealth.objects.get().subscribed is False


@pytest.mark.parametrize(("behind", "asked"), [("nobody", 1), ("another channel", 0), ("a relay", 0)])
def test_an_address_of_ours_delivers_nothing_once_its_channel_is_gone_whatever_the_platform_says_of_it(
    channel: Channel, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch,
    behind: str, asked: int,
) -> None:  # fmt: skip
    """All accounts of an app are delivered to one address; that of a channel whose row went with an older database hears 404."""
    door = addressing.callback_url(channel).partition(str(channel.public_id))[0]
    other = ChannelFactory(brand=channel.brand, platform="fake")
    if behind == "another channel":
        grant = Credential.objects.get(channel=channel)
        Credential.objects.create(channel=other, app=grant.app, sealed=grant.sealed, issued_at=NOW)
    at = "https://relay.example/of/ours" if behind == "a relay" else f"{door}{other.public_id}/"
    if behind == "nobody":
        other.delete()
    looks, subscribed = [at, addressing.callback_url(channel)], list[str]()
    monkeypatch.setattr(
        platform, "subscription", lambda ctx, url: Subscription(True, at=looks.pop(0)), raising=False
    )
    monkeypatch.setattr(platform, "subscribe", lambda ctx, url: subscribed.append(url))
    asker = Asker(channel, clock, time.monotonic() + 60, lambda seconds: None, lambda text, level: None)

    assert examining.look_and_mend(asker, now=clock())

    assert (ChannelHealth.objects.get().subscribed, len(subscribed)) == (True, asked)
    assert Gap.objects.filter(cause="not_subscribed").count() == asked


def test_deliveries_to_another_installation_are_left_to_it_though_its_door_is_shut_for_a_while(
    channel: Channel, platform: FakePlatform, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of this one with the same app, or this one at an address that it had: a person connects again where it has moved."""
    knocked, asked = list[str](), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        knocked.append(str(request.url))
        raise httpx.ConnectError("nobody listens")

    network = Http(transport=httpx.MockTransport(answer))
    elsewhere = Subscription(
        False,
        "To another address than ours.",
        is_for_a_person=True,
        at=f"https://old.example/webhooks/fake/{channel.public_id}/",
    )
    monkeypatch.setattr(contexts, "_http", lambda origins, pid: network)
    monkeypatch.setattr(platform, "subscription", lambda ctx, url: elsewhere, raising=False)
    monkeypatch.setattr(platform, "subscribe", lambda ctx, url: asked.append(url))
    asker = Asker(channel, clock, time.monotonic() + 60, lambda seconds: None, lambda text, level: None)

    assert not examining.look_and_mend(asker, now=clock())

    assert (asked, knocked) == ([], [])
    health = ChannelHealth.objects.get()
    assert (health.subscribed, health.subscription_said) == (False, elsewhere.said)


def test_a_backfill_says_what_it_leaves_to_the_comparison_and_is_refused_where_none_is_made(
    walk: SyncSchedule, clock: Moving
) -> None:
    walk.channel.refresh_from_db()
    ChannelHealth.objects.create(channel=walk.channel, complete_until=NOW - timedelta(days=6))
    week = {"channel": walk.channel, "since": NOW - timedelta(days=7), "by": None, "now": NOW}

    asked = backfilling.ask(until=None, **week)

    assert "What is younger than 31 July, 11:50 UTC is left" in asked.lines.get(level="warning").text
    SyncRun.objects.update(state="done")
    planning.pause(schedule=walk)
    with pytest.raises(backfilling.Refused, match="Resume it first"):
        backfilling.ask(until=None, **week)
    backfilling.ask(until=NOW - timedelta(days=6, minutes=10), **week)


def test_messages_are_complete_without_the_comments_and_what_was_not_delivered_of_those_stays_open(
    walk: SyncSchedule, platform: FakePlatform, clock: Moving
) -> None:
    """Where messages are polled, comments are all that is delivered: a comparison that is shown none closes no gap of theirs."""
    platform.manifest = manifest(receive=ReceiveRules(mode="poll", comments=True))
    platforms.register(platform.manifest)
    for cause in ("not_subscribed", "failing"):
        Gap.objects.create(channel=walk.channel, cause=cause, since=NOW - timedelta(hours=2), found_at=NOW)
    platform.withholds = "No comments are shown."

    run(walk, clock)

    assert ChannelHealth.objects.get().complete_until == NOW
    still_open = Gap.objects.filter(healed_at=None)
    assert set(still_open.values_list("cause", flat=True)) == {"not_subscribed", "withheld"}

    clock.passes(3600)
    platform.withholds = ""
    platform.posts("Nice", at=NOW + timedelta(minutes=5))
    run(walk, clock)

    assert not still_open.exists()
