"""The sync console: schedules, runs, backfills, dead items, coverage and the grant doctor, each for those who run channels alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config import soundness
from connectors import channel_states, registry
from connectors import clock as clocks
from connectors.actions import (
    _pacing,
    alarming,
    backfilling,
    draining,
    parking,
    planning,
    refreshing,
    replaying,
    retiring,
    scheduling,
    syncing,
)
from connectors.actions import _runs as runs
from connectors.contract import (
    AuthRules,
    ConnectorError,
    HistoryRules,
    Malformed,
    Pace,
    Quota,
    ReceiveRules,
    Remedy,
    Subscription,
    Tokens,
)
from connectors.models import (
    Alarm,
    ChannelHealth,
    Credential,
    DeadItem,
    Gap,
    PlatformApp,
    RateBudget,
    Receipt,
    RunState,
    SyncRun,
    SyncSchedule,
    Task,
)
from connectors.queries import coverage, doctor, schedules
from connectors.queries import dead_items as dead_queries
from connectors.queries.findings import Finding
from inbox import platforms
from inbox.actions import channels, receiving
from inbox.models import (
    AuditEntry,
    Brand,
    Channel,
    ChannelState,
    Clock,
    Conversation,
    Message,
    Notification,
    Person,
    Role,
)
from tests.connectors.conftest import NOW, Moving, message_item
from tests.factories.people import BrandFactory, ChannelFactory, MembershipFactory
from tests.fakes.platform import FakePlatform, delivery, manifest, millis

pytestmark = pytest.mark.django_db
PAGES = ("schedules", "runs", "coverage", "dead-items")


@pytest.fixture
def ops(brand: Brand) -> Person:
    return MembershipFactory(brand=brand, role=Role.OPERATIONS).person


@pytest.fixture
def page(client: Client, ops: Person) -> Client:
    client.force_login(ops)
    return client


@pytest.fixture
def planned(channel: Channel) -> Channel:
    planning.give_defaults(channel, timezone.now())
    return channel


def of(channel: Channel, task: Task) -> SyncSchedule:
    return SyncSchedule.objects.get(channel=channel, task=task)


def at(name: str, channel: Channel, *more: Any) -> str:
    return reverse(f"connectors:{name}", args=[channel.brand.slug, *more])


def addresses(channel: Channel, run: SyncRun, dead: DeadItem) -> list[tuple[str, str]]:
    poll = of(channel, Task.POLL)
    return [
        *[("get", at(name, channel)) for name in PAGES],
        ("get", at("schedule", channel, poll.pk)), ("get", at("run", channel, run.pk)),
        ("get", at("connection", channel, channel.public_id)),
        ("post", at("schedule", channel, poll.pk)), ("post", at("schedule-pause", channel, poll.pk)),
        ("post", at("schedule-run", channel, poll.pk)), ("post", at("run-stop", channel, run.pk)),
        ("post", at("backfills", channel, channel.public_id)), ("post", at("look", channel, channel.public_id)),
        ("post", at("automatic", channel, channel.public_id)),
        ("get", at("coverage-of", channel, channel.public_id)),
        ("post", at("dead-items-replay", channel)), ("post", at("dead-item-replay", channel, dead.pk)),
    ]  # fmt: skip


def test_only_those_who_run_channels_come_in(client: Client, planned: Channel, ops: Person) -> None:
    run = backfilling.ask(channel=planned, since=None, until=None, by=ops, now=timezone.now())
    dead = DeadItem.objects.create(
        channel=planned, payload={"payload": {}, "account_ids": []}, reason="?", created_at=NOW
    )
    stranger = MembershipFactory(brand=BrandFactory(), role=Role.ADMINISTRATOR).person
    agent = MembershipFactory(brand=planned.brand, role=Role.AGENT).person
    manager = MembershipFactory(brand=planned.brand, role=Role.MANAGER).person

    for person in (stranger, agent, manager):
        client.force_login(person)
        answers = {
            f"{verb} {path}": getattr(client, verb)(path).status_code
            for verb, path in addresses(planned, run, dead)
        }
        assert set(answers.values()) == {404}, answers
    assert not of(planned, Task.POLL).paused
    run.refresh_from_db()
    assert run.state == RunState.RUNNING

    client.force_login(ops)
    assert {
        client.get(path).status_code for verb, path in addresses(planned, run, dead) if verb == "get"
    } == {200}


def test_what_is_another_brands_is_not_reached_by_ones_own_address(
    page: Client, planned: Channel, connect: Callable[..., Channel]
) -> None:
    theirs = connect("acc-2", brand=BrandFactory())
    planning.give_defaults(theirs, timezone.now())

    schedule = of(theirs, Task.POLL)

    assert page.post(at("schedule-pause", planned, schedule.pk)).status_code == 404
    assert page.get(at("connection", planned, theirs.public_id)).status_code == 404


def test_a_channel_names_its_automatic_answers_and_the_log_says_who_did(
    page: Client, planned: Channel
) -> None:
    named = {
        "answers": [
            "We are back at nine.\r\nYour Lumen",
            "",
            " We are back at nine.\nYour Lumen ",
            "<b>Hi</b>",
        ],
        "other_apps_are_bots": "on",
    }
    assert not planned.other_apps_are_bots  # nobody has said so yet

    page.post(at("automatic", planned, planned.public_id), named)

    planned.refresh_from_db()
    assert planned.automatic_answers == ["We are back at nine.\nYour Lumen", "<b>Hi</b>"]
    assert planned.other_apps_are_bots
    entry = AuditEntry.objects.filter(subject="channel").latest("pk")
    assert (entry.act, entry.person_id) == (
        "changed",
        Person.objects.get(memberships__role=Role.OPERATIONS).pk,
    )
    assert entry.after == {"automatic_answers": planned.automatic_answers, "other_apps_are_bots": True}
    html = page.get(at("connection", planned, planned.public_id)).content.decode()
    assert html.count('name="answers"') == 3 and "&lt;b&gt;Hi&lt;/b&gt;</textarea>" in html


@pytest.mark.parametrize("answers", [["long " * 500], [str(number) for number in range(31)]])
def test_too_many_automatic_answers_or_words_are_refused_with_a_reason(
    page: Client, planned: Channel, answers: list[str]
) -> None:
    told = page.post(at("automatic", planned, planned.public_id), {"answers": answers}, follow=True)

    assert "at most" in told.content.decode()
    planned.refresh_from_db()
    assert planned.automatic_answers == []


def test_each_channel_has_six_schedules_with_their_next_five_runs(
    page: Client, planned: Channel, connect: Callable[..., Channel], django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        planning.give_defaults(connect(f"more-{number}"), timezone.now())

    with django_assert_max_num_queries(9):
        html = page.get(at("schedules", planned)).content.decode()

    assert html.count('class="plan"') == 24
    assert html.count("<ol>") == 20  # a backfill waits until somebody asks
    assert "at 02:20 every day" in html


def test_the_next_runs_of_what_is_running_are_still_to_come(planned: Channel) -> None:
    poll, now = of(planned, Task.POLL), timezone.now()
    running = SyncSchedule.objects.filter(pk=poll.pk)
    running.update(
        next_run_at=now - timedelta(seconds=9), lease_until=now + timedelta(seconds=50), lease_owner="x"
    )
    poll.refresh_from_db()

    line = schedules.line(poll, now=now)

    assert (line.state, line.next_runs) == ("running", tuple(poll.cadence.following(None, now=now)))
    assert min(line.next_runs) > now
    poll.paused = True  # it is run once, and then rests
    assert schedules.line(poll, now=now).next_runs == ()


@pytest.mark.parametrize(
    ("every", "cron", "first_before", "form"),
    [(3, "", 3, "exact"), (60, "", 60, "full"), (60, "", 1, "exact"), (3, "0 2 * * *", 60, "full")],
)
def test_next_runs_of_one_minute_are_told_to_the_second(
    page: Client, planned: Channel, every: int, cron: str, first_before: int, form: str
) -> None:
    """The first may be planned already, by another interval or by hand, and so fall into the minute of the second."""
    poll = of(planned, Task.POLL)
    poll.every_seconds, poll.cron, poll.jitter_seconds = every, cron, 0
    second = poll.cadence.after(timezone.now() + timedelta(hours=1))
    poll.next_run_at = second - timedelta(seconds=first_before)
    poll.save()

    html = page.get(at("schedule", planned, poll.pk)).content.decode()

    runs = re.findall(r'<ol class="plan__runs">(.*?)</ol>', html, re.DOTALL)[0]
    told = re.findall(r'format="(\w+)">(.*?) UTC</local-time>', runs)
    assert [each for each, _ in told] == [form] * 5
    assert len({words for _, words in told}) == 5


@pytest.mark.parametrize(
    ("overlap", "begun_before", "is_right_after"),
    [("queue", 15, True), ("queue", 0, False), ("skip", 15, False)],
)
def test_of_what_queues_the_run_right_after_the_one_under_way_is_shown(
    page: Client, planned: Channel, overlap: str, begun_before: int, is_right_after: bool
) -> None:
    """An hourly walk of which another slot came, or did not, since it began."""
    walk = of(planned, Task.RECONCILE)
    walk.every_seconds, walk.jitter_seconds = 3600, 0
    now, minute = timezone.now(), timedelta(minutes=1)
    slot = walk.cadence.after(now - 60 * minute)
    began = slot - begun_before * minute
    SyncSchedule.objects.filter(pk=walk.pk).update(
        every_seconds=3600, jitter_seconds=0, overlap=overlap, next_run_at=began, lease_owner="x",
        lease_until=now + timedelta(seconds=50),
    )  # fmt: skip
    walk.refresh_from_db()
    SyncRun.objects.create(schedule=walk, channel=planned, task=walk.task, started_at=began)

    line = schedules.line(walk, now=now)

    slots = tuple(walk.cadence.following(None, now=now))
    assert line.is_right_after is is_right_after
    assert line.next_runs == ((now, *slots[:4]) if is_right_after else slots)
    made = _pacing.next_run(walk, runs.Synced(), None, failures=0, waits=0, started=began, now=now)
    assert made == line.next_runs[0], "the runs shown are the runs made"
    for name, told in (("schedules", ()), ("schedule", (walk.pk,))):
        html = page.get(reverse(f"connectors:{name}", args=[planned.brand.slug, *told])).content.decode()
        assert ("right after the one under way" in html) is is_right_after


def test_titles_and_links_tell_accounts_of_one_name_apart(page: Client, planned: Channel) -> None:
    other = ChannelFactory(brand=planned.brand, platform="x", name=planned.name)
    planning.give_defaults(other, timezone.now())
    addresses = [at("connection", planned, each.public_id) for each in (planned, other)]
    addresses += [at("schedule", planned, pk) for pk in SyncSchedule.objects.values_list("pk", flat=True)]
    addresses += [at("coverage-of", planned, each.public_id) for each in (planned, other)]

    titles = [re.search("<title>(.*?)</title>", page.get(each).content.decode()) for each in addresses]

    assert len({title and title[1] for title in titles}) == len(addresses) > 10
    for name in ("channels", "schedules", "coverage"):
        links = re.findall(r"<h2[^>]*><a [^>]*>(.*?)</a>", page.get(at(name, planned)).content.decode())
        assert len(links) == len(set(links)) == 2, name


def test_a_cron_line_is_saved_and_the_next_run_follows(page: Client, planned: Channel) -> None:
    schedule = of(planned, Task.RECONCILE)
    told = {"rhythm": "cron", "every": "15m", "cron": "30 3 * * *", "time_zone": "Europe/Berlin", "jitter_seconds": "0",
            "overlap": "queue", "max_seconds": "30"}  # fmt: skip

    assert page.post(at("schedule", planned, schedule.pk), told).status_code == 302

    schedule.refresh_from_db()
    assert (schedule.cron, schedule.overlap, schedule.max_seconds) == ("30 3 * * *", "queue", 30)
    assert schedule.next_run_at is not None and schedule.next_run_at.astimezone(UTC).hour in (1, 2)
    refused = page.post(
        at("schedule", planned, schedule.pk), told | {"cron": "often", "time_zone": "Mars/Olympus"}
    )
    assert refused.status_code == 422
    assert "five parts" in refused.content.decode() and "Europe/Berlin or" in refused.content.decode()


def test_paused_resumed_and_run_now(page: Client, planned: Channel) -> None:
    schedule = of(planned, Task.RECONCILE)
    SyncSchedule.objects.filter(pk=schedule.pk).update(next_run_at=timezone.now() + timedelta(days=1))

    page.post(at("schedule-pause", planned, schedule.pk))
    schedule.refresh_from_db()
    assert schedule.paused
    page.post(at("schedule-pause", planned, schedule.pk), {"resume": "1"})
    page.post(at("schedule-run", planned, schedule.pk))

    schedule.refresh_from_db()
    assert not schedule.paused and schedule.next_run_at <= timezone.now()
    assert SyncRun.objects.get(schedule=schedule).cause == "person"


def test_what_is_paused_runs_once_when_asked_and_rests_again(
    page: Client, planned: Channel, platform: FakePlatform, clock: Any
) -> None:
    schedule = of(planned, Task.RECONCILE)
    page.post(at("schedule-pause", planned, schedule.pk))
    SyncSchedule.objects.exclude(pk=schedule.pk).update(next_run_at=None)
    now = timezone.now() + timedelta(days=1)
    assert scheduling.claim_due(now=now) == []

    page.post(at("schedule-run", planned, schedule.pk))

    [claim] = scheduling.claim_due(now=now)
    turn(schedule)
    schedule.refresh_from_db()
    assert claim.schedule_id == schedule.pk
    assert (schedule.paused, schedule.once) == (True, False)
    assert scheduling.claim_due(now=now + timedelta(days=1)) == []


def test_who_pauses_and_tries_again_is_not_told_a_second_time(
    page: Client, planned: Channel, ops: Person
) -> None:
    schedule = of(planned, Task.RECONCILE)
    failing = SyncSchedule.objects.filter(pk=schedule.pk)
    failing.update(failures=3, last_error="The platform is down.", last_remedy="retry")
    assert alarming.look(now=NOW) == 1

    for verb, told in (("schedule-run", {}), ("schedule-pause", {}), ("schedule-pause", {"resume": "1"})):
        page.post(at(verb, planned, schedule.pk), told)
        assert alarming.look(now=NOW) == 0

    assert Alarm.objects.get().cleared_at is None
    failing.update(failures=0, last_error="")
    alarming.look(now=NOW)
    assert Alarm.objects.get().cleared_at is not None


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_what_falls_due_during_a_run_of_many_turns_is_skipped_or_queued(
    planned: Channel, platform: FakePlatform, clock: Any, overlap: str
) -> None:
    schedule = of(planned, Task.RECONCILE)
    SyncSchedule.objects.filter(pk=schedule.pk).update(
        overlap=overlap, every_seconds=900, next_run_at=clock(), cursor=""
    )
    platform.page_size = 5
    fill(platform, 20)
    for _ in range(4):  # seven minutes each
        syncing.run(schedule_id=schedule.pk, clock=clock, max_seconds=0)
        clock.passes(420)

    schedule.refresh_from_db()
    run = SyncRun.objects.get(schedule=schedule)
    assert (run.state, run.started_at, run.ended_at) == (RunState.DONE, NOW, NOW + timedelta(minutes=21))
    due = schedule.cadence.after(run.ended_at)
    assert schedule.next_run_at == (due if overlap == "skip" else run.ended_at)


def fill(platform: FakePlatform, days: int, *, each: int = 1) -> None:
    for day in range(days, 0, -1):
        for number in range(each):
            platform.hears(
                f"{day} days ago, {number}", thread=f"t{day}", at=NOW - timedelta(days=day, minutes=number)
            )


def turn(schedule: SyncSchedule, **options: Any) -> syncing.Synced:
    return syncing.run(schedule_id=schedule.pk, clock=clocks.from_(NOW), pause=lambda _: None, **options)


def test_a_backfill_brings_its_range_as_history_and_starts_no_clock(
    planned: Channel, platform: FakePlatform, ops: Person
) -> None:
    fill(platform, 20)
    run = backfilling.ask(
        channel=planned,
        since=NOW - timedelta(days=7, hours=1),
        until=NOW - timedelta(days=1, hours=23),
        by=ops,
        now=NOW,
    )

    turn(of(planned, Task.BACKFILL))

    assert Message.objects.count() == 6
    assert set(Message.objects.values_list("historical", flat=True)) == {True}
    assert set(Conversation.objects.values_list("unread_count", flat=True)) == {0}
    run.refresh_from_db()
    assert (run.state, run.share, run.new_messages) == (RunState.DONE, 1.0, 6)
    assert of(planned, Task.BACKFILL).next_run_at is None


def test_a_backfill_that_reaches_into_the_present_leaves_the_news_to_the_comparison(
    planned: Channel, platform: FakePlatform, ops: Person
) -> None:
    Channel.objects.filter(pk=planned.pk).update(created_at=NOW - timedelta(days=30))
    ChannelHealth.objects.create(channel=planned, complete_until=NOW - timedelta(hours=5))
    platform.hears("Known to be complete", thread="t1", at=NOW - timedelta(hours=6))
    platform.hears("Never delivered", thread="t2", at=NOW - timedelta(hours=1))
    backfilling.ask(channel=planned, since=NOW - timedelta(days=7), until=None, by=ops, now=NOW)

    turn(of(planned, Task.BACKFILL))
    assert list(Message.objects.values_list("text", "historical")) == [("Known to be complete", True)]
    turn(of(planned, Task.RECONCILE))

    assert Message.objects.get(text="Never delivered").historical is False


def test_a_backfill_files_nothing_that_was_missed_as_history_however_long_ago(
    planned: Channel, platform: FakePlatform, ops: Person
) -> None:
    """The house was down over the weekend, and the backfill of each night runs before the comparison."""
    Channel.objects.filter(pk=planned.pk).update(created_at=NOW - timedelta(days=30))
    ChannelHealth.objects.create(channel=planned, complete_until=NOW - timedelta(hours=60))
    platform.hears("Friday night", thread="t1", at=NOW - timedelta(hours=55))
    backfilling.ask(channel=planned, since=NOW - timedelta(days=7), until=None, by=ops, now=NOW)

    turn(of(planned, Task.BACKFILL))

    assert not Message.objects.exists()


def test_what_of_a_backfill_was_refused_is_history_when_it_is_read_again(
    planned: Channel, platform: FakePlatform, ops: Person, monkeypatch: Any
) -> None:
    platform.hears("Of last week", thread="t1", at=NOW - timedelta(days=6))
    backfilling.ask(channel=planned, since=NOW - timedelta(days=7), until=None, by=ops, now=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(receiving, "receive", lambda **_: 1 / 0)
        turn(of(planned, Task.BACKFILL))

    replaying.replay_items(item_ids=[DeadItem.objects.get().pk], now=NOW)

    assert Message.objects.get().historical
    assert Conversation.objects.get().unread_count == 0
    assert not Clock.objects.exists() and not Notification.objects.exists()


def test_a_backfill_goes_on_where_it_was_interrupted_as_one_run(
    planned: Channel, platform: FakePlatform, ops: Person
) -> None:
    platform.page_size = 5
    fill(platform, 20)
    schedule = of(planned, Task.BACKFILL)
    run = backfilling.ask(channel=planned, since=NOW - timedelta(days=30), until=None, by=ops, now=NOW)

    shares = []
    for _ in range(3):
        turn(schedule, max_seconds=0)
        run.refresh_from_db()
        shares.append(run.share)
    assert (run.state, run.pages, run.new_messages) == (RunState.RUNNING, 3, 15)
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] < 1
    turn(schedule)

    run.refresh_from_db()
    assert (run.state, run.pages, run.new_messages, Message.objects.count()) == (RunState.DONE, 4, 20, 20)
    assert SyncRun.objects.count() == 1


def test_a_backfill_survives_an_expired_grant_and_ends_when_stopped(
    planned: Channel, platform: FakePlatform, ops: Person
) -> None:
    fill(platform, 5)
    platform.history_fails = ConnectorError("The permission was withdrawn.", remedy=Remedy.RECONNECT)
    schedule = of(planned, Task.BACKFILL)
    run = backfilling.ask(channel=planned, since=None, until=None, by=ops, now=NOW)
    turn(schedule)
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.RUNNING, "The permission was withdrawn.")
    with pytest.raises(backfilling.Refused):
        backfilling.ask(channel=planned, since=None, until=None, by=ops, now=NOW)

    assert backfilling.stop(run=run, by=ops, now=NOW)

    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    assert of(planned, Task.BACKFILL).next_run_at is None


@pytest.mark.parametrize("ends", ["stopped", "retired"])
def test_a_run_that_was_ended_says_so_and_not_what_its_last_turn_could_not_do(
    page: Client, planned: Channel, platform: FakePlatform, ops: Person, ends: str
) -> None:
    fill(platform, 5)
    platform.history_fails = ConnectorError("The network is away.", remedy=Remedy.RETRY)
    run = backfilling.ask(channel=planned, since=None, until=None, by=ops, now=NOW)
    turn(of(planned, Task.BACKFILL))
    assert "The network is away." in page.get(at("runs", planned)).content.decode()

    if ends == "stopped":
        backfilling.stop(run=run, by=ops, now=NOW)
    else:
        retiring.retire(channel=planned, by=ops, now=NOW)

    listed = page.get(at("runs", planned)).content.decode()
    assert "The network is away." not in listed and "Stopped" in listed
    told = page.get(at("run", planned, run.pk)).content.decode()
    assert "The network is away." in told  # its log keeps it


def test_a_planned_backfill_that_is_stopped_rests_until_its_next_day_and_begins_anew(
    planned: Channel, platform: FakePlatform, ops: Person, clock: Any
) -> None:
    schedule = of(planned, Task.BACKFILL)
    plan = {"cron": "0 1 * * *", "days": 30, "next_run_at": NOW}
    SyncSchedule.objects.filter(pk=schedule.pk).update(**plan)
    SyncSchedule.objects.exclude(pk=schedule.pk).update(next_run_at=None)
    platform.page_size = 5
    fill(platform, 20)
    syncing.run(schedule_id=schedule.pk, clock=clock, max_seconds=0)
    assert of(planned, Task.BACKFILL).cursor

    backfilling.stop(run=SyncRun.objects.get(), by=ops, now=NOW)

    tonight = NOW.replace(hour=1) + timedelta(days=1)
    schedule = of(planned, Task.BACKFILL)
    assert (schedule.next_run_at, schedule.cursor) == (tonight, "")
    assert scheduling.claim_due(now=NOW + timedelta(hours=1)) == []
    [claim] = scheduling.claim_due(now=tonight)
    assert claim.schedule_id == schedule.pk
    clock.passes((tonight - NOW).total_seconds())
    syncing.run(schedule_id=schedule.pk, clock=clock)
    assert Message.objects.count() == 20


def test_a_planned_backfill_begins_at_its_newest_end_wherever_the_last_one_stood(
    planned: Channel, platform: FakePlatform, clock: Any
) -> None:
    platform.page_size = 5
    fill(platform, 20)
    schedule = of(planned, Task.BACKFILL)
    SyncSchedule.objects.filter(pk=schedule.pk).update(days=30, next_run_at=NOW, cursor="10")

    syncing.run(schedule_id=schedule.pk, clock=clock)

    assert Message.objects.count() == 20


def test_a_range_is_asked_for_on_the_connection_page(page: Client, planned: Channel) -> None:
    planned.brand.time_zone = "Europe/Berlin"
    planned.brand.save(update_fields=["time_zone"])

    answer = page.post(
        at("backfills", planned, planned.public_id), {"since": "2026-11-01", "until": "2026-11-02"}
    )

    run = SyncRun.objects.get()
    assert answer.headers["location"] == at("run", planned, run.pk)
    assert (run.since, run.until) == (
        datetime(2026, 10, 31, 23, tzinfo=UTC),
        datetime(2026, 11, 2, 23, tzinfo=UTC),
    )
    html = page.get(at("run", planned, run.pk)).content.decode()
    assert "It begins." in html and "Stop it" in html
    fragment = page.get(at("run", planned, run.pk), headers={"X-Parley-Fragment": "1"}).content.decode()
    assert fragment.lstrip().startswith("<div")


@pytest.mark.parametrize("days", [{"until": "9999-12-31"}, {"since": "0001-01-01"}])
def test_a_range_at_the_edge_of_the_calendar_is_refused_in_words(
    page: Client, planned: Channel, days: dict[str, str]
) -> None:
    planned.brand.time_zone = "Europe/Berlin"
    planned.brand.save(update_fields=["time_zone"])

    answer = page.post(at("backfills", planned, planned.public_id), days, follow=True)

    assert "between 2000 and 2100" in answer.content.decode()
    assert not SyncRun.objects.exists()


def test_who_stops_a_run_takes_the_rows_in_the_order_in_which_a_page_is_kept(
    planned: Channel, ops: Person
) -> None:
    run = backfilling.ask(channel=planned, since=None, until=None, by=ops, now=NOW)

    with CaptureQueriesContext(connection) as asked:
        backfilling.stop(run=run, by=ops, now=NOW)

    taken = [each["sql"] for each in asked if "FOR UPDATE" in each["sql"] or each["sql"].startswith("UPDATE")]
    assert "connectors_syncschedule" in taken[0] and 'UPDATE "connectors_syncrun"' in taken[1]


def test_a_renewal_counts_its_requests_and_is_a_success_only_where_something_was_renewed(
    planned: Channel, platform: FakePlatform, ops: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = platform.refresh

    def asks(ctx: Any) -> Any:
        ctx.http.before()
        return refresh(ctx)

    monkeypatch.setattr(platform, "refresh", asks)
    tokens = of(planned, Task.TOKENS)
    turn(tokens)
    assert of(planned, Task.TOKENS).last_success_at is None  # it does not end soon

    runs.begin(tokens, NOW)
    turn(of(planned, Task.TOKENS))
    run = SyncRun.objects.get()
    assert (run.state, run.requests) == (RunState.DONE, 1)
    assert of(planned, Task.TOKENS).last_success_at is not None

    channels.park_sending(channel_id=planned.pk, reason="Gone.", now=NOW)
    before = of(planned, Task.TOKENS)
    turn(before)
    assert of(planned, Task.TOKENS).last_success_at == before.last_success_at
    runs.begin(before, NOW)
    turn(of(planned, Task.TOKENS))
    run = SyncRun.objects.latest("pk")
    assert (run.state, run.error) == (RunState.FAILED, refreshing.NOT_CONNECTED)


def test_to_ask_for_deliveries_anew_is_counted_with_the_comparison_that_does_it(
    planned: Channel, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []

    def subscription(ctx: Any, callback_url: str) -> Subscription:
        looks.append(bool(looks))
        return Subscription(looks[-1], said="The webhook was gone.")

    def subscribe(ctx: Any, callback_url: str) -> None:
        for _ in range(16):
            ctx.http.before()

    platform.subscription = subscription  # type: ignore[attr-defined]
    monkeypatch.setattr(platform, "subscribe", subscribe)

    turn(of(planned, Task.RECONCILE))

    assert looks == [False, True] and SyncRun.objects.get().requests == 16


def test_an_address_that_may_be_somebody_elses_is_taken_back_by_nobody_but_a_person(
    planned: Channel, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two installations with one app would take it from each other every quarter of an hour."""
    asked: list[str] = []

    def subscription(ctx: Any, callback_url: str) -> Subscription:
        return Subscription(False, said="To another address.", is_for_a_person=True)

    platform.subscription = subscription  # type: ignore[attr-defined]
    monkeypatch.setattr(platform, "subscribe", lambda ctx, url: asked.append(url))

    turn(of(planned, Task.RECONCILE))

    assert asked == []
    assert SyncRun.objects.get().state == RunState.DONE


def test_a_dead_item_is_shown_masked_and_read_again(
    page: Client, planned: Channel, platform: FakePlatform
) -> None:
    payload = {
        "kind": "message",
        "id": "m1",
        "thread": "mara",
        "text": "My address is 1 Elm Street",
        "at": 1785931200000,
    }
    DeadItem.objects.create(
        channel=planned, payload={"payload": payload, "account_ids": []}, reason="The inbox could not hold it.", created_at=NOW
    )  # fmt: skip
    bad = DeadItem.objects.create(
        channel=planned, payload={"payload": {"kind": "bad"}, "account_ids": []}, reason="Once bad.", created_at=NOW
    )  # fmt: skip

    html = page.get(at("dead-items", planned)).content.decode()
    assert "The inbox could not hold it." in html and "Elm Street" not in html and "[26 characters]" in html
    page.post(at("dead-items-replay", planned))

    assert Message.objects.get().text == "My address is 1 Elm Street"
    bad.refresh_from_db()
    assert (bad.replayed_at, bad.reason) == (None, "This item has no sender.")


def test_a_delivery_that_died_as_a_whole_is_shown_masked_counted_and_read_again(
    page: Client, planned: Channel, platform: FakePlatform, monkeypatch: Any
) -> None:
    good = {"kind": "message", "id": "m1", "thread": "mara", "text": "1 Elm Street", "at": 1785931200000}
    bodies = {"told": delivery(good), "none": b"<html>", "long": b"x" * (dead_queries.LONGEST_SHOWN + 1)}
    for body in bodies.values():
        Receipt.objects.create(channel=planned, received_at=NOW, body=body)
    with monkeypatch.context() as patch:
        patch.setattr(FakePlatform, "items", broken)
        assert draining.drain(now=NOW).dead == 3

    html = page.get(at("dead-items", planned)).content.decode()
    assert html.count("a whole delivery") == html.count("The connector is missing.") == 3
    assert "Elm Street" not in html and "[12 characters]" in html
    assert "[6 bytes that are no JSON]" in html and f"[{len(bodies['long'])} bytes, too many" in html
    assert "Updates that could not be read and are kept: 3." in {
        each.found for each in doctor.examine(planned, now=NOW).findings
    }
    [line] = channel_states.of_brand(planned.brand, now=NOW)
    assert "3 items could not be read; they are kept and can be replayed." in {
        each.text for each in line.lines
    }

    first = DeadItem.objects.earliest("pk")
    page.post(at("dead-item-replay", planned, first.pk))
    answer = page.post(at("dead-items-replay", planned), follow=True).content.decode()

    assert Message.objects.get().text == "1 Elm Street"
    assert "Read again: 2." in answer and "Still unreadable: 2" in answer
    assert answer.count("The body is no list of items.") == 2
    first.refresh_from_db()
    assert first.replayed_at is not None
    assert AuditEntry.objects.filter(subject="dead item").count() == 3


@pytest.mark.parametrize("retired", [False, True])
def test_a_delivery_that_died_as_a_whole_shows_nothing_where_it_may_tell_of_another_brand(
    page: Client, planned: Channel, connect: Callable[..., Channel], monkeypatch: Any, retired: bool
) -> None:
    theirs = connect("acc-2", brand=BrandFactory())
    if retired:
        Credential.objects.filter(channel=planned).delete()
    item = {"kind": "message", "id": "m1", "thread": "a-stranger", "account": "acc-2", "at": 1785931200000}
    Receipt.objects.create(channel=planned, received_at=timezone.now(), body=delivery(item))
    with monkeypatch.context() as patch:
        patch.setattr(FakePlatform, "items", broken)
        draining.drain(now=timezone.now())

    html = page.get(at("dead-items", planned)).content.decode()

    assert "The connector is missing." in html and "other brands&#x27; accounts and are not shown" in html
    assert "a-stranger" not in html and "acc-2" not in html
    assert Gap.objects.filter(channel=theirs, cause="unread").exists() is not retired


def broken(platform: FakePlatform, *given: object) -> Any:
    raise Malformed("The connector is missing.")


def test_what_a_delivery_tells_of_another_brand_is_read_again_in_nobodys_name_and_not_counted(
    page: Client, planned: Channel, connect: Callable[..., Channel], ops: Person, monkeypatch: Any
) -> None:
    """Both accounts are of one app, and platforms put what they have for it into one delivery."""
    theirs = connect("acc-2", brand=BrandFactory())
    told = [
        {"kind": "bad"},
        {"kind": "bad", "account": "acc-2"},
        message_item("m1", account="acc-2"),
        {"kind": "revoked", "account": "acc-2", "at": millis(NOW)},
    ]
    Receipt.objects.create(channel=planned, received_at=NOW, body=delivery(*told))
    with monkeypatch.context() as patch:
        patch.setattr(FakePlatform, "parse", broken)
        assert draining.drain(now=NOW).dead == 4
    mine = DeadItem.objects.get(channel=planned)
    before = AuditEntry.objects.latest("pk").pk

    answer = page.post(at("dead-item-replay", planned, mine.pk), follow=True).content.decode()

    assert "Read again: 1. New messages: 0. Still unreadable: 1;" in answer
    assert Message.objects.get().channel == theirs
    assert DeadItem.objects.filter(channel=theirs, replayed_at=None).count() == 1
    found = AuditEntry.objects.filter(pk__gt=before)
    assert list(found.filter(brand=planned.brand).values_list("subject", "subject_id", "person_id")) == [
        ("dead item", mine.pk, ops.pk)
    ]
    # That their account was disconnected, the platform says, and nobody of another house.
    assert list(
        found.exclude(brand=planned.brand).values_list("brand", "subject", "person_name", "address")
    ) == [(theirs.brand_id, "channel", "", "")]


def dead_items(channel: Channel, count: int, **payload: Any) -> list[DeadItem]:
    return DeadItem.objects.bulk_create(
        DeadItem(channel=channel, payload={"payload": payload, "account_ids": []}, reason="Once bad.", created_at=NOW)
        for _ in range(count)
    )  # fmt: skip


def test_all_are_read_again_part_by_part_past_those_that_stay_unreadable(
    page: Client, planned: Channel, platform: FakePlatform, monkeypatch: Any
) -> None:
    monkeypatch.setattr("connectors.views.dead_items.AT_ONCE", 3)
    dead_items(planned, 4, kind="bad")
    good = {"kind": "message", "id": "m1", "thread": "mara", "text": "Hello", "at": 1785931200000}
    dead_items(planned, 1, **good)

    first = page.post(at("dead-items-replay", planned))
    assert not Message.objects.exists()
    html = page.get(first.headers["location"]).content.decode()
    assert "Read the next 3 again" in html
    rest = dict(re.findall(r'name="(after|until)" value="(\d+)"', html))
    dead_items(planned, 5, kind="bad")  # what comes meanwhile does not make the way longer
    last = page.post(at("dead-items-replay", planned), rest)

    assert Message.objects.get().text == "Hello"
    assert last.headers["location"] == at("dead-items", planned)
    assert "Read all again (the oldest 3 at once)" in page.get(last.headers["location"]).content.decode()


def test_what_was_not_delivered_is_a_gap_that_the_comparison_healed(
    page: Client, planned: Channel, platform: FakePlatform
) -> None:
    schedule = of(planned, Task.RECONCILE)
    Channel.objects.filter(pk=planned.pk).update(created_at=NOW - timedelta(days=30))
    platform.hears("Before", at=NOW - timedelta(days=3))
    turn(schedule)
    platform.hears("Dropped", at=NOW - timedelta(minutes=40))
    platform.hears("Dropped, too", at=NOW - timedelta(minutes=30))

    turn(schedule)

    gap = Gap.objects.get()
    assert (gap.since, gap.until, gap.brought) == (
        NOW - timedelta(minutes=40),
        NOW - timedelta(minutes=30),
        2,
    )
    assert gap.healed_by is not None and gap.healed_by.task == Task.RECONCILE
    html = page.get(at("coverage", planned)).content.decode()
    assert "The platform did not deliver it" in html and "2 messages had been missing" in html
    assert "Complete until" in html


def test_what_healed_a_gap_is_known_when_the_log_of_its_run_is_gone(
    page: Client, planned: Channel, platform: FakePlatform
) -> None:
    def outcome() -> str:
        html = page.get(at("coverage", planned)).content.decode()
        return re.findall(r"Healed by ([^<]*)\.", html)[0]

    gap(planned, 1, healed_at=None)
    turn(of(planned, Task.RECONCILE))
    SyncRun.objects.all().delete()  # as the purge does
    assert outcome() == "“compare with the platform&#x27;s history”: nothing was found missing"

    Gap.objects.update(healed_task="")  # of before anybody kept it
    assert outcome() == "a run whose log is gone: nothing was found missing"


def test_coverage_says_what_is_not_covered(page: Client, planned: Channel) -> None:
    platforms.register(manifest(history=HistoryRules(messages_per_thread=20, posts=100)))
    gap(planned, 1, healed_task="reconcile", unseen="1 item that it met could not be read")
    dead_items(planned, 3, kind="bad")
    ChannelHealth.objects.update_or_create(
        channel=planned, defaults={"complete_until": NOW, "public_unread": "Instagram shows no comments."}
    )

    html = page.get(at("coverage", planned)).content.decode()

    assert "nothing was found missing. Something may be missing all the same: 1 item" in html
    assert "nothing is compared" in html and "Instagram shows no comments." in html
    assert "newest 100 posts" not in html
    assert "But for what could not be read" in html and ">3 items</a>" in html


def test_coverage_says_of_how_many_posts_the_comments_are_compared(page: Client, planned: Channel) -> None:
    said = "Of comments those under the newest 100 posts are compared"
    assert said not in page.get(at("coverage", planned)).content.decode()

    platforms.register(manifest(history=HistoryRules(messages_per_thread=20, posts=100)))

    html = page.get(at("coverage", planned)).content.decode()
    assert "the newest 20 messages of each thread" in html and said in html


def test_runs_say_which_limits_are_expected_of_a_platform_and_when_its_pages_were_read(
    page: Client, planned: Channel
) -> None:
    day = date(2026, 8, 22)
    platforms.register(
        manifest(
            paces={"send": Pace(per_second=100, checked_on=day)},
            quotas={"messages": Quota(calls=15, window=timedelta(minutes=15), checked_on=day)},
        )
    )

    html = page.get(at("runs", planned)).content.decode()
    assert "Fake, send: 100 requests a second at most (its pages of 22 Aug 2026)." in html
    assert (
        "Fake, messages: 15 requests in 15 minutes where no answer tells what is left (its pages of 22 Aug 2026)."
        in html
    )

    platforms.register(manifest())
    assert "its pages of" not in page.get(at("runs", planned)).content.decode()


def test_a_limit_is_shown_until_it_is_renewed_and_one_without_a_time_for_a_day(
    page: Client, planned: Channel
) -> None:
    now = timezone.now()
    for bucket, seen, resets in (
        ("half an hour over", now - timedelta(minutes=40), now - timedelta(minutes=30)),
        ("of this hour", now - timedelta(minutes=40), now + timedelta(minutes=20)),
        ("without a time", now - timedelta(minutes=40), None),
        ("of the day before", now - timedelta(hours=25), None),
    ):
        RateBudget.objects.create(channel=planned, bucket=bucket, remaining=0, seen_at=seen, resets_at=resets)

    shown = page.get(at("runs", planned)).content.decode()

    assert "of this hour" in shown and "without a time" in shown
    assert "half an hour over" not in shown and "of the day before" not in shown
    RateBudget.objects.filter(bucket__in=["of this hour", "without a time"]).delete()
    assert (
        "No platform has told of a limit that still holds." in page.get(at("runs", planned)).content.decode()
    )


def test_coverage_says_that_the_platform_was_asked_to_deliver_again_and_when_it_had(
    page: Client, planned: Channel
) -> None:
    gap(planned, 1)
    Gap.objects.update(redelivery_asked_at=NOW, redelivery_job="2001")
    html = page.get(at("coverage", planned)).content.decode()
    assert "The platform was asked" in html and "it has not said yet that it is done" in html

    Gap.objects.update(redelivery_ended_at=NOW, redelivery_said="The job ended: Complete.")
    assert "The job ended: Complete." in page.get(at("coverage", planned)).content.decode()

    Gap.objects.update(redelivery_job="", redelivery_ended_at=None, redelivery_said="It does not do that.")
    html = page.get(at("coverage", planned)).content.decode()
    assert "It does not do that." in html and "The platform was asked" not in html


def test_of_a_channel_that_is_polled_in_part_both_times_are_told(
    page: Client, planned: Channel, platform: FakePlatform
) -> None:
    now = timezone.now()
    platform.manifest = manifest(receive=ReceiveRules(mode="poll", comments=True))
    platforms.register(platform.manifest)
    health = ChannelHealth.objects.create(channel=planned, complete_until=now - timedelta(hours=3))
    html = page.get(at("coverage", planned)).content.decode()
    assert "behind its schedule" in html and "messages are polled" not in html

    ChannelHealth.objects.filter(pk=health.pk).update(
        polled_until=now, subscribed=False, subscription_said="Gone."
    )

    assert "messages are polled, and complete until" in page.get(at("coverage", planned)).content.decode()
    assert "Gone." in page.get(at("connection", planned, planned.public_id)).content.decode()


@pytest.mark.parametrize(
    ("plan", "hours", "is_behind"),
    [
        (
            {"cron": "30 3 * * *"},
            20,
            False,
        ),  # the interval that stands beside the cron line is a quarter of an hour
        ({"cron": "30 3 * * *"}, 47, False),  # that of last night may be late
        ({"cron": "30 3 * * *"}, 49, True),
        ({"cron": "* * * * *", "every_seconds": 86400}, 1, True),
        ({"every_seconds": 900}, 0.2, False),
        ({"every_seconds": 900}, 1, True),
    ],
)
def test_a_comparison_is_behind_by_its_own_plan(
    planned: Channel, plan: dict[str, Any], hours: float, is_behind: bool
) -> None:
    SyncSchedule.objects.filter(channel=planned, task=Task.POLL).delete()  # as where all is delivered
    SyncSchedule.objects.filter(channel=planned, task=Task.RECONCILE).update(**plan)
    until = NOW.replace(hour=3, minute=30)
    ChannelHealth.objects.create(channel=planned, complete_until=until)

    [found] = coverage.of_brand(planned.brand, now=until + timedelta(hours=hours))

    assert found.behind is is_behind


def gap(channel: Channel, number: int, **how: Any) -> Gap:
    since = NOW - timedelta(hours=number)
    fields: dict[str, Any] = {
        "cause": "not_delivered",
        "until": since,
        "found_at": NOW,
        "healed_at": NOW,
    } | how
    return Gap.objects.create(channel=channel, since=since, **fields)


def test_what_is_open_or_lost_comes_before_what_was_healed_and_older_ones_are_a_page_away(
    page: Client, planned: Channel, connect: Callable[..., Channel], django_assert_max_num_queries: Any
) -> None:
    for number in range(70):
        gap(planned, number)
    gap(planned, 500, cause="horizon", lost=True, healed_at=None, thread_key="t1", contact_name="Mara")
    gap(planned, 400, cause="unproven", lost=True, healed_at=None, thread_key="t2", contact_name="Noor")
    gap(planned, 600, cause="disconnected", healed_at=None, until=None)
    gap(connect("acc-2"), 1)

    with django_assert_max_num_queries(9):
        html = page.get(at("coverage", planned)).content.decode()

    states = re.findall(r'<tr data-state="(\w+)"', html)
    assert states[:4] == ["open", "lost", "lost", "healed"]
    assert "1 open, 2 lost, 70 healed" in html
    assert "of Mara in this time may be missing" in html and "whether more was written" in html
    first = page.get(at("coverage-of", planned, planned.public_id), {"state": "healed"}).content.decode()
    [before] = re.findall(r"before=(\d+)", first)
    rest = page.get(at("coverage-of", planned, planned.public_id), {"state": "healed", "before": before})
    assert (first.count("<tr data-state"), rest.content.decode().count("<tr data-state")) == (60, 10)


def test_wrong_signatures_are_red_until_they_are_over(planned: Channel, brand: Brand) -> None:
    """On the channel's own page and on that of all channels."""

    def signatures(
        *, bad: datetime, good: datetime | None = None, elsewhere: datetime | None = None
    ) -> bool | None:
        Receipt.objects.filter(channel=planned).delete()
        if good is not None:
            Receipt.objects.create(channel=planned, received_at=good, body=b"{}")
        lately = {"bad_signatures": 3, "last_bad_signature_at": bad, "last_receipt_at": elsewhere}
        ChannelHealth.objects.update_or_create(channel=planned, defaults=lately)
        channel = Channel.objects.select_related("health").get(pk=planned.pk)
        ok = next(each.ok for each in doctor.examine(channel, now=NOW).findings if each.name == "Signatures")
        [overview] = channel_states.of_brand(brand, now=NOW)
        in_trouble = [line for line in overview.lines if line.trouble and "wrong signature" in line.text]
        assert len(in_trouble) == (ok is False)
        return ok

    lately = NOW - timedelta(hours=3)
    assert signatures(bad=lately) is False
    assert signatures(bad=lately, good=lately + timedelta(minutes=1)) is False
    assert signatures(bad=lately, good=NOW) is True
    assert signatures(bad=lately, elsewhere=NOW) is True  # at the address of another account of its app
    assert signatures(bad=NOW - timedelta(days=2)) is True


def test_a_grant_that_only_a_person_renews_is_red_a_week_before_its_end(planned: Channel) -> None:
    def token(*, days: int, refresh: str = "") -> Finding:
        columns = refreshing.columns(Tokens("access-1", refresh, NOW + timedelta(days=days)), NOW)
        Credential.objects.filter(channel=planned).update(**columns)
        found = doctor.examine(planned, now=NOW).findings
        return next(each for each in found if each.name == "Token")

    assert [token(days=8).ok, token(days=6).ok, token(days=6, refresh="r").ok] == [True, False, True]
    assert "it cannot be renewed" in token(days=8).found
    assert token(days=6).button == "connect"


@pytest.mark.parametrize(
    ("state", "restricted", "ok", "said"),
    [
        ("connected", False, True, "It holds"),
        ("needs_reconnect", False, None, "may refuse it"),
        ("needs_reconnect", True, True, "It holds"),
    ],
)
def test_of_a_token_whose_account_has_to_be_connected_again_nobody_says_that_it_holds(
    planned: Channel, state: str, restricted: bool, ok: bool | None, said: str
) -> None:
    Credential.objects.filter(channel=planned).update(
        **refreshing.columns(Tokens("a", "r", NOW + timedelta(days=50)), NOW)
    )
    Channel.objects.filter(pk=planned.pk).update(state=state)
    ChannelHealth.objects.update_or_create(channel=planned, defaults={"restricted": restricted})

    token = next(each for each in _examined(planned) if each.name == "Token")

    assert (token.ok, token.at) == (ok, NOW + timedelta(days=50))
    assert said in token.found


def test_a_right_to_renew_that_has_a_last_day_is_red_a_week_before_nothing_is_left(planned: Channel) -> None:
    def red(*, ends: int, last: int) -> list[str]:
        tokens = Tokens("a", "r", NOW + timedelta(days=ends), NOW + timedelta(days=last))
        Credential.objects.filter(channel=planned).update(**refreshing.columns(tokens, NOW))
        return [each.name for each in doctor.examine(planned, now=NOW).findings if each.ok is False]

    platforms.register(manifest(auth=AuthRules(refresh="fixed_end")))

    assert red(ends=2, last=8) == [] and red(ends=2, last=6) == ["Refresh token"]
    assert red(ends=50, last=6) == red(ends=50, last=-1) == []  # renewed for the last time
    assert red(ends=6, last=-1) == ["Token", "Refresh token"]


def test_the_doctor_names_each_red_line_with_its_fix(
    page: Client, planned: Channel, platform: FakePlatform, monkeypatch: Any
) -> None:
    needed = ("dm.read", "dm.write")
    monkeypatch.setattr(platform.manifest.auth.__class__, "scopes", needed, raising=False)
    Credential.objects.filter(channel=planned).update(
        scopes=["dm.read"], expires_at=timezone.now() - timedelta(hours=1), refresh_error="invalid_grant"
    )  # fmt: skip
    # On this one only: whether a class can be watched is remembered for as long as it lives.
    monkeypatch.setattr(
        platform,
        "subscription",
        lambda *_: Subscription(False, "The webhook is switched off."),
        raising=False,
    )
    Credential.objects.filter(channel=planned).update(expires_at=timezone.now() + timedelta(hours=1))
    page.post(at("look", planned, planned.public_id))
    Credential.objects.filter(channel=planned).update(expires_at=timezone.now() - timedelta(hours=1))
    Channel.objects.filter(pk=planned.pk).update(state=ChannelState.NEEDS_RECONNECT)  # as that refusal does
    planned = Channel.objects.select_related("health").get(pk=planned.pk)

    red = {
        each.name: each for each in doctor.examine(planned, now=timezone.now()).findings if each.ok is False
    }

    assert {"Token", "Renewing", "Deliveries"} <= set(red)
    assert all(each.fix and each.button for each in red.values())
    assert platform.subscribed, "it was asked for deliveries again"
    assert (
        "The webhook is switched off."
        in page.get(at("connection", planned, planned.public_id)).content.decode()
    )
    assert Gap.objects.get().cause == "not_subscribed"


@pytest.mark.parametrize(
    ("found", "said", "is_well"),
    [
        (Subscription(True), "was looked at.", True),
        (
            Subscription(False, "Its owner switched it off.", is_for_a_person=True),
            "The platform does not deliver",
            False,
        ),
        (
            ConnectorError("The network is away.", remedy=Remedy.RETRY),
            "could not be settled: The network is away.",
            False,
        ),
    ],
)
def test_what_a_look_did_not_settle_is_not_told_as_a_success(
    page: Client, planned: Channel, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, found: Any, said: str,
    is_well: bool,
) -> None:  # fmt: skip
    def subscription(ctx: Any, callback_url: str) -> Subscription:
        if isinstance(found, ConnectorError):
            raise found
        return found  # type: ignore[no-any-return]

    if is_well:  # else it is renewed on the way, and that is told, too
        Credential.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    monkeypatch.setattr(platform, "subscription", subscription, raising=False)
    monkeypatch.setattr("connectors.actions._asking.PAUSES", (0.0,))

    answer = page.post(at("look", planned, planned.public_id), follow=True)

    [told] = answer.context["messages"]
    assert said in told.message and told.level_tag == ("success" if is_well else "error")


def test_a_channel_whose_connector_is_gone_says_so_and_is_retired(
    client: Client, brand: Brand, planned: Channel
) -> None:
    Channel.objects.update(platform="gone")
    PlatformApp.objects.update(platform="gone")
    client.force_login(MembershipFactory(brand=brand, role=Role.ADMINISTRATOR).person)
    connection = at("connection", planned, planned.public_id)
    pages = [at("channels", planned), connection, *(at(name, planned) for name in PAGES)]

    def red() -> list[str]:
        channel = Channel.objects.select_related("health").get()
        return [each.name for each in doctor.examine(channel, now=NOW).findings if each.ok is False]

    assert [client.get(each).status_code for each in pages] == [200] * len(pages)
    assert "an administrator retires this channel" in client.get(connection).content.decode()
    assert "how far back it could tell is not known" in client.get(at("coverage", planned)).content.decode()
    assert red() == ["Connector"] and "No connector for “gone”" in soundness.connectors()
    for door in ("look", "backfills"):
        said = client.post(at(door, planned, planned.public_id), follow=True).content.decode()
        assert "is installed" in said or "is not installed" in said

    client.post(at("retire", planned, planned.public_id), {"sure": "on"})

    assert Channel.objects.get().state == ChannelState.DISCONNECTED
    assert [client.get(each).status_code for each in pages] == [200] * len(pages)
    assert (red(), soundness.connectors()) == ([], "")


def test_of_a_retired_channel_nothing_is_offered_that_would_be_refused(
    page: Client, planned: Channel, ops: Person
) -> None:
    off = {"subscribed": False, "subscription_said": "It is switched off."}
    ChannelHealth.objects.update_or_create(channel=planned, defaults=off)
    SyncSchedule.objects.filter(channel=planned).update(paused=True)
    assert {"look", "schedules"} <= {each.button for each in _examined(planned)}

    retiring.retire(channel=planned, by=ops, now=NOW)

    found = {each.name: each for each in _examined(planned)}
    assert (found["Deliveries"].ok, found["Deliveries"].button) == (None, "")
    paused = [name for name, each in found.items() if each.found == "It is paused."]
    assert paused == [Task.PURGE.label]  # what was kept is still removed
    assert "Look now" not in page.get(at("connection", planned, planned.public_id)).content.decode()


def test_the_next_try_is_told_where_there_is_one_and_a_pause_where_something_would_run(
    page: Client, planned: Channel, ops: Person
) -> None:
    def told() -> dict[str, datetime | None]:
        [line] = channel_states.of_brand(planned.brand, now=NOW)
        return {each.text: each.at for each in line.lines}

    soon = NOW + timedelta(hours=1)
    SyncSchedule.objects.update(last_error="The network is away.", next_run_at=soon)
    SyncSchedule.objects.filter(task=Task.BACKFILL).update(next_run_at=None)
    SyncSchedule.objects.filter(task=Task.PROFILES).update(paused=True)
    SyncSchedule.objects.filter(task=Task.PURGE).update(paused=True, once=True)

    assert told()[f"{Task.RECONCILE.label} failed: The network is away. Next try"] == soon
    assert told()[f"{Task.BACKFILL.label} failed: The network is away."] is None
    assert told()[f"{Task.PROFILES.label} failed: The network is away."] is None
    assert told()[f"{Task.PURGE.label} failed: The network is away. Next try"] == soon
    assert f"{Task.PROFILES.label} is paused." in told()

    retiring.retire(channel=planned, by=ops, now=NOW)

    assert [text for text in told() if "is paused" in text] == [f"{Task.PURGE.label} is paused."]


def _examined(channel: Channel) -> tuple[Finding, ...]:
    return doctor.examine(Channel.objects.select_related("health").get(pk=channel.pk), now=NOW).findings


def test_a_connector_that_does_not_load_is_red_on_the_page_of_its_channels(
    planned: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(key: str) -> Any:
        raise registry.NotLoaded(f"The connector “{key}” could not be loaded: it has no origins")

    monkeypatch.setattr(registry, "get", broken)

    [red] = [each for each in doctor.examine(planned, now=NOW).findings if each.ok is False]

    assert (red.name, "it has no origins" in red.found, "restart" in red.fix) == ("Connector", True, True)


def test_of_a_restricted_account_nobody_is_told_to_connect_again(page: Client, planned: Channel) -> None:
    """To do so has each reply that waits refused once more."""
    parking.heed_refusal(
        channel_id=planned.pk, reason="Messaging is blocked.", seen_version=1, now=NOW, restricted=True
    )
    channel = Channel.objects.select_related("health").get()

    said = next(each for each in doctor.examine(channel, now=NOW).findings if each.name == "Connection")
    overview = page.get(at("channels", planned)).content.decode()

    assert (said.ok, said.found, said.button) == (
        False,
        "Restricted by the platform: Messaging is blocked.",
        "",
    )
    assert said.fix.startswith("Nothing to do here") and "Connect again" not in overview
    assert "Restricted by the platform" in overview and "Messaging is blocked." in overview

    parking.heed_refusal(channel_id=planned.pk, reason="The role was lost.", seen_version=1, now=NOW)
    channel = Channel.objects.select_related("health").get()
    said = next(each for each in doctor.examine(channel, now=NOW).findings if each.name == "Connection")
    assert (said.fix, said.button) == ("Connect the account again.", "connect")


def test_a_renewal_that_failed_for_a_moment_is_no_trouble_of_the_grant(
    page: Client, planned: Channel, platform: FakePlatform, clock: Moving
) -> None:
    platform.refresh_fails = ConnectorError("The platform could not be reached.", remedy=Remedy.RETRY)
    with pytest.raises(ConnectorError):
        refreshing.refresh(channel_id=planned.pk, seen_version=1, clock=clock)
    Credential.objects.filter(channel=planned).update(expires_at=NOW - timedelta(minutes=1))

    found = {each.name: each for each in doctor.examine(planned, now=NOW).findings}

    assert found["Token"].ok is None and "Renewing" not in found
    assert "Renewing the permission failed" not in page.get(at("channels", planned)).content.decode()
