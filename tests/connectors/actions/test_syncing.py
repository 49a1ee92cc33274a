import time
from dataclasses import replace
from datetime import UTC, timedelta
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet

from connectors import contexts, jobs
from connectors.actions import (
    _covering,
    alarming,
    backfilling,
    budgets,
    connecting,
    draining,
    planning,
    scheduling,
    syncing,
)
from connectors.actions._asking import RENEWED_EVERY
from connectors.contract import ConnectorError, HistoryRules, Pace, Page, Quota, RateNotice, Remedy
from connectors.http import WHOLE_SECONDS
from connectors.models import (
    Alarm,
    ChannelHealth,
    Credential,
    DeadItem,
    Gap,
    RateBudget,
    Receipt,
    RunLine,
    SyncRun,
    SyncSchedule,
    Task,
)
from connectors.queries import coverage, doctor
from connectors.rules.remedies import fix_for
from inbox import platforms
from inbox.models import Channel, ChannelState, Conversation, ConversationState, Message
from tests.connectors.conftest import NOW, message_item, turns_are_taken_up_to_soon
from tests.factories.people import ChannelFactory
from tests.fakes.platform import manifest, millis
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def schedule(channel):
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=30))
    channel.refresh_from_db()

    def make(task=Task.POLL, **fields):
        return SyncSchedule.objects.create(
            channel=channel, task=task, every_seconds=5, next_run_at=NOW - timedelta(seconds=1), **fields
        )

    return make


def run(schedule, clock, **options):
    done = syncing.run(schedule_id=schedule.pk, clock=clock, **{"pause": lambda seconds: None} | options)
    schedule.refresh_from_db()
    return done


def said(platform, count, *, start=0, thread="mara"):
    for number in range(start, start + count):
        platform.hears(
            f"Message {number}", thread=thread, at=NOW - timedelta(hours=1) + timedelta(seconds=number)
        )


def test_a_poll_brings_what_is_new_and_remembers_where_it_stood(schedule, platform, clock, channel):
    poll = schedule()
    said(platform, 3)
    first = run(poll, clock)
    said(platform, 2, start=3)

    second = run(poll, clock)

    assert (first.new_messages, second.new_messages) == (3, 2)
    assert poll.cursor == platform.said[-1].id
    assert Message.objects.count() == 5
    assert NOW < poll.next_run_at <= NOW + timedelta(seconds=5)
    assert ChannelHealth.objects.get(channel=channel).last_synced_at == NOW


def test_an_inclusive_cursor_doubles_nothing(schedule, platform, clock):
    poll = schedule()
    said(platform, 2)

    done = [run(poll, clock).new_messages for _ in range(3)]

    assert done == [2, 0, 0]
    assert Message.objects.count() == 2


def test_a_poll_that_breaks_off_goes_on_where_it_stood(schedule, platform, clock):
    poll = schedule()
    platform.page_size = 10
    said(platform, 35)
    platform.poll_breaks_after = 2

    broken = run(poll, clock)

    assert broken.error == "The platform is down."
    assert Message.objects.count() == 19  # the second page repeats the first one's last
    assert poll.cursor == platform.said[18].id
    platform.poll_breaks_after = None
    assert run(poll, clock).new_messages == 16
    assert platform.polls[-2] == platform.said[18].id


def test_cursor_and_messages_are_kept_together_or_not_at_all(schedule, platform, clock, monkeypatch):
    poll = schedule()
    said(platform, 2)

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(syncing._burying, "bury", lambda *_, **__: die())
    with pytest.raises(KeyboardInterrupt):
        run(poll, clock)
    monkeypatch.undo()

    poll.refresh_from_db()
    assert (poll.cursor, Message.objects.count()) == ("", 0)


def test_errors_back_off_on_that_schedule_alone(schedule, platform, clock):
    poll = schedule()
    platform.poll_breaks_after = 0

    pauses = []
    for _ in range(5):
        run(poll, clock)
        pauses.append((poll.next_run_at - NOW).total_seconds())

    assert pauses == [5, 5, 8, 16, 32]
    assert poll.last_error == "The platform is down."
    platform.poll_breaks_after = None
    run(poll, clock)
    assert (poll.failures, poll.last_error) == (0, "")


def test_a_backfill_that_gave_up_rests_and_begins_anew_when_it_is_asked_for(
    schedule, platform, clock, channel
):
    rest = schedule(Task.BACKFILL)
    backfilling.ask(channel=channel, since=None, until=None, by=None, now=NOW)
    platform.history_fails = ConnectorError("The range is refused.", remedy=Remedy.TELL)

    for _ in range(8):
        run(rest, clock)

    assert SyncRun.objects.get().state == "failed"
    assert (rest.next_run_at, rest.failures, rest.last_error) == (None, 0, "The range is refused.")


def test_a_planned_backfill_that_gave_up_begins_anew_at_its_plan(schedule, platform, clock):
    """A role was taken away: until somebody gives it back, each try would read the same pages again."""
    daily = schedule(Task.BACKFILL, days=7)
    far = (clock() + timedelta(hours=12)).astimezone(UTC)  # whatever its id would make of an interval
    SyncSchedule.objects.filter(pk=daily.pk).update(cron=f"{far.minute} {far.hour} * * *", time_zone="UTC")
    daily.refresh_from_db()
    platform.history_fails = ConnectorError("The range is refused.", remedy=Remedy.TELL)

    for _ in range(8):
        run(daily, clock)

    assert SyncRun.objects.get().state == "failed"
    assert daily.next_run_at == daily.cadence.after(clock()) > clock() + timedelta(minutes=15)
    assert alarming.look(now=clock()) == 1

    clock.passes(86400)
    run(daily, clock)

    assert SyncRun.objects.last().state == "running"  # it has all its tries again
    alarming.look(now=clock())
    assert Alarm.objects.get().cleared_at is None


def limited(platform, monkeypatch, clock, *, pages):
    """A platform that tells so many pages of its history in a quarter of an hour."""
    history, told = platform.history, []

    def within_the_limit(ctx, cursor, thread_id=""):
        if len([at for at in told if at == clock()]) >= pages:
            later = clock() + timedelta(minutes=15)
            spent = [RateNotice("read", remaining=0, resets_at=later)]
            raise ConnectorError("The limit is used up.", remedy=Remedy.RETRY, retry_at=later, rates=spent)
        told.append(clock())
        return history(ctx, cursor, thread_id)

    monkeypatch.setattr(platform, "history", within_the_limit)


@pytest.mark.parametrize("pages", [2, 0])
def test_to_wait_for_the_limit_is_no_failure(schedule, platform, clock, monkeypatch, pages):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 100)
    limited(platform, monkeypatch, clock, pages=pages)

    for _ in range(4):
        run(walk, clock)
        assert (walk.failures, walk.next_run_at) == (0, clock() + timedelta(minutes=15))
        clock.passes(900)

    assert Message.objects.count() == 4 * 10 * pages
    assert alarming.look(now=clock()) == 0


@pytest.mark.parametrize(("seconds", "pauses"), [(120, [120, 120, 120, 120]), (0, [5, 5, 8, 16])])
def test_a_server_in_trouble_that_says_when_to_ask_again_has_failed_all_the_same(
    schedule, platform, clock, monkeypatch, seconds, pauses
):
    """Its front answers 503 with `Retry-After` for hours."""
    poll = schedule()
    asked = []

    def trouble(ctx, cursor):
        asked.append(cursor)
        later = clock() + timedelta(seconds=seconds)
        raise ConnectorError("The platform is down.", remedy=Remedy.RETRY, retry_at=later)

    monkeypatch.setattr(platform, "poll", trouble)

    made, waited = [], []
    for _ in range(4):
        run(poll, clock, pause=waited.append)
        made.append((poll.next_run_at - clock()).total_seconds())

    assert made == pauses and poll.failures == 4
    assert not waited or waited[:4] == [0.6, 1.2, 2.4, 4.8]
    assert alarming.look(now=clock()) == 1
    assert Gap.objects.get().cause == "failing"


def test_a_throttle_without_an_end_is_waited_for_longer_each_time_and_is_no_failure(
    schedule, platform, clock
):
    walk = schedule(Task.RECONCILE)
    platform.history_fails = ConnectorError("Too much was asked.", remedy=Remedy.RETRY, throttled=True)

    pauses = []
    for _ in range(4):
        run(walk, clock)
        pauses.append((walk.next_run_at - clock()).total_seconds())
        clock.passes(900)

    assert pauses == [2, 4, 8, 16]
    assert alarming.look(now=clock()) == 0
    assert SyncRun.objects.get().state == "running"

    platform.history_fails = ConnectorError("The platform is down.", remedy=Remedy.RETRY)
    for alarms in (0, 0, 1):
        run(walk, clock)
        assert alarming.look(now=clock()) == alarms


def test_who_meets_limits_between_its_faults_fails_all_the_same_and_asks_later_each_time(
    schedule, platform, clock
):
    walk = schedule(Task.RECONCILE)
    limit = ConnectorError("Too much was asked.", remedy=Remedy.RETRY, throttled=True)
    down = ConnectorError("The platform is down.", remedy=Remedy.RETRY)

    pauses, alarms = [], []
    for platform.history_fails in (down, limit, down, limit, limit, down):
        run(walk, clock)
        pauses.append((walk.next_run_at - clock()).total_seconds())
        alarms.append(alarming.look(now=clock()))

    assert pauses == [2, 4, 8, 16, 32, 64]
    assert alarms == [0, 0, 0, 0, 0, 1]


def test_a_poll_that_is_throttled_opens_no_gap(schedule, platform, clock):
    poll = schedule()
    refused = ConnectorError("Too much was asked.", remedy=Remedy.RETRY, throttled=True)
    platform.poll = lambda ctx, cursor: (_ for _ in ()).throw(refused)

    for _ in range(4):
        run(poll, clock)

    assert poll.last_remedy == "throttled"
    assert not Gap.objects.exists()


def test_who_gets_on_between_two_faults_has_not_failed_three_times_in_a_row(schedule, platform, clock):
    poll = schedule()
    platform.page_size = 10
    said(platform, 100)
    platform.poll_breaks_after = 0
    run(poll, clock)
    run(poll, clock)
    assert poll.failures == 2

    platform.poll_breaks_after = len(platform.polls) + 1
    run(poll, clock)

    assert (poll.failures, poll.last_error) == (0, "The platform is down.")


def meanwhile(platform, monkeypatch, happens):
    """Something happens while the platform is asked."""
    poll = platform.poll

    def asked(ctx, cursor):
        happens()
        return poll(ctx, cursor)

    monkeypatch.setattr(platform, "poll", asked)


def test_a_plan_that_is_edited_during_a_turn_holds_for_the_next_one(schedule, platform, clock, monkeypatch):
    poll = schedule()
    plan = {"time_zone": "UTC", "jitter_seconds": 0, "overlap": "skip", "max_seconds": 20, "days": None}
    meanwhile(
        platform,
        monkeypatch,
        lambda: planning.edit(schedule=poll, every_seconds=60, cron="30 18 * * *", now=NOW, **plan),
    )

    run(poll, clock)

    assert poll.next_run_at == NOW.replace(hour=18, minute=30)


def test_what_is_asked_for_during_a_turn_runs_right_after_it(schedule, platform, clock, monkeypatch):
    poll = schedule()
    meanwhile(
        platform,
        monkeypatch,
        lambda: SyncSchedule.objects.filter(pk=poll.pk).update(next_run_at=clock()),
    )

    run(poll, clock)

    assert poll.next_run_at == NOW


def test_a_walk_that_failed_goes_on_soon_whatever_its_pace(schedule, platform, clock, channel):
    backfill = schedule(Task.BACKFILL)
    SyncSchedule.objects.filter(pk=backfill.pk).update(every_seconds=86400)
    backfilling.ask(channel=channel, since=None, until=None, by=None, now=NOW)
    platform.history_fails = ConnectorError("The platform is down.", remedy=Remedy.RETRY)

    pauses = []
    for _ in range(3):
        run(backfill, clock)
        pauses.append((backfill.next_run_at - NOW).total_seconds())

    assert pauses == [2, 4, 8]


def test_a_broken_grant_parks_the_channel(schedule, platform, clock, channel, monkeypatch):
    def refuse(ctx, cursor):
        raise ConnectorError("The role was lost.", remedy=Remedy.RECONNECT)

    monkeypatch.setattr(platform, "poll", refuse)

    run(schedule(), clock)

    channel.refresh_from_db()
    assert (channel.state, channel.state_reason) == (ChannelState.NEEDS_RECONNECT, "The role was lost.")


def test_a_process_without_the_key_has_nobody_connect_the_account_again(
    schedule, platform, clock, channel, settings
):
    poll, tokens = schedule(), schedule(Task.TOKENS)
    Credential.objects.update(expires_at=NOW + timedelta(seconds=10))
    settings.PARLEY_SEAL_KEYS = [Fernet.generate_key().decode()]

    for _ in range(3):
        run(poll, clock)
        run(tokens, clock)
    alarming.look(now=NOW)

    told = set(Alarm.objects.values_list("said", flat=True))
    assert len(told) == 2 and all("opens with none of PARLEY_SEAL_KEYS" in said for said in told)
    assert all("Give the sync process the key" in said for said in told)
    assert not any("Connect the account again" in said for said in told)
    assert Credential.objects.get().refresh_error == ""


def test_a_walk_that_a_restriction_refuses_tells_nobody_to_connect_again(
    schedule, platform, clock, channel, monkeypatch
):
    def refuse(*_):
        raise ConnectorError("The account is restricted.", remedy=Remedy.RECONNECT, restricted=True)

    monkeypatch.setattr(platform, "poll", refuse)
    poll = schedule(Task.POLL)

    run(poll, clock)

    poll.refresh_from_db()
    channel.refresh_from_db()
    assert (poll.last_error, channel.health.is_restriction) == ("The account is restricted.", True)
    assert fix_for(poll.last_remedy).text.startswith("Nothing to do here")


def test_a_refusal_to_renew_a_grant_says_nothing_of_the_one_that_came_meanwhile(
    schedule, platform, clock, channel, app, monkeypatch
):
    """Somebody consents between the refusal and the end of the turn."""
    platform.refresh_fails = ConnectorError("invalid_grant", remedy=Remedy.RECONNECT)
    Credential.objects.update(expires_at=NOW + timedelta(seconds=10))
    close = syncing._close

    def close_later(*args, **named):
        channel.refresh_from_db()
        assert channel.state == ChannelState.NEEDS_RECONNECT
        grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
        connecting.connect(app=app, brand=channel.brand, grant=grant, now=NOW)
        return close(*args, **named)

    monkeypatch.setattr(syncing, "_close", close_later)

    run(schedule(Task.TOKENS), clock)

    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED


def test_what_a_page_could_not_read_is_kept_once(schedule, platform, clock, monkeypatch):
    bad = Page((), "c", failures=(({"id": 7, "what": "?"}, "It has no author."),))
    monkeypatch.setattr(platform, "poll", lambda ctx, cursor: bad)
    poll = schedule()

    run(poll, clock)
    run(poll, clock)

    dead = DeadItem.objects.get()
    assert (dead.reason, dead.payload["payload"]) == ("It has no author.", {"id": 7, "what": "?"})


def test_due_schedules_are_claimed_once(schedule):
    poll = schedule()

    claimed = in_threads(lambda: scheduling.claim_due(now=NOW), times=3)

    assert [each.schedule_id for claims in claimed for each in claims] == [poll.pk]


def test_a_job_that_died_is_tried_again_later_each_time_and_out_of_the_others_way(schedule):
    poll = schedule(cursor="m0007")
    now, pauses = NOW, []

    for _ in range(3):
        [claim] = scheduling.claim_due(now=now)
        assert scheduling.begin(schedule_id=poll.pk, owner=claim.owner, now=now)
        died = now + scheduling.LEASE + timedelta(seconds=1)
        assert scheduling.claim_due(now=died) == []
        poll.refresh_from_db()
        pauses.append((poll.next_run_at - died).total_seconds())
        now = poll.next_run_at

    assert pauses == [2, 4, 8]
    assert (poll.cursor, poll.is_slow) == ("m0007", True)


def test_the_death_of_a_job_is_told_by_its_worker(schedule):
    poll = schedule()
    [claim] = scheduling.claim_due(now=NOW)

    assert not scheduling.note_death(schedule_id=poll.pk, owner="somebody else", now=NOW)
    assert scheduling.note_death(schedule_id=poll.pk, owner=claim.owner, now=NOW)

    poll.refresh_from_db()
    assert (poll.lease_until, poll.last_error) == (None, scheduling.DIED)
    assert not scheduling.begin(schedule_id=poll.pk, owner=claim.owner, now=NOW)


def test_a_job_that_the_broker_lost_before_it_began_is_no_death(schedule):
    poll = schedule()
    [lost] = scheduling.claim_due(now=NOW)
    over = NOW + scheduling.LEASE + timedelta(seconds=1)

    [claim] = scheduling.claim_due(now=over)

    poll.refresh_from_db()
    assert (claim.schedule_id, poll.failures, poll.last_error, poll.is_slow) == (poll.pk, 0, "", False)
    assert not scheduling.begin(schedule_id=poll.pk, owner=lost.owner, now=over), "it comes late"
    assert scheduling.begin(schedule_id=poll.pk, owner=claim.owner, now=over)


def test_who_killed_a_job_once_put_nobody_among_the_slow_and_what_dies_again_is_there(schedule):
    poll, now, slow = schedule(), NOW, []
    for _ in range(2):
        [claim] = scheduling.claim_due(now=now)
        scheduling.begin(schedule_id=poll.pk, owner=claim.owner, now=now)
        assert scheduling.note_death(schedule_id=poll.pk, owner=claim.owner, now=now)
        poll.refresh_from_db()
        slow.append(poll.is_slow)
        now = poll.next_run_at

    assert slow == [False, True]


def test_who_lost_the_lease_moves_no_cursor(schedule, platform, clock, monkeypatch):
    poll = schedule()
    said(platform, 2)
    scheduling.claim_due(now=NOW)
    asked = platform.poll

    def slowly(ctx, cursor):
        SyncSchedule.objects.filter(pk=poll.pk).update(lease_owner="another", cursor="theirs")
        return asked(ctx, cursor)

    monkeypatch.setattr(platform, "poll", slowly)
    run(poll, clock)

    assert (poll.cursor, poll.lease_owner, Message.objects.count()) == ("theirs", "another", 0)


def test_a_turn_whose_platform_takes_as_long_as_it_may_for_an_answer_is_not_taken_for_dead(
    schedule, platform, clock, monkeypatch
):
    """The lease was renewed a few seconds ahead of the request, so it is not renewed once more."""
    poll = schedule()
    said(platform, 2)
    asked = platform.poll

    def at_the_last_second(ctx, cursor):
        clock.passes(RENEWED_EVERY.total_seconds() - 1)
        ctx.http.before(WHOLE_SECONDS)
        clock.passes(WHOLE_SECONDS)
        assert scheduling.claim_due(now=clock()) == []
        return asked(ctx, cursor)

    monkeypatch.setattr(platform, "poll", at_the_last_second)
    scheduling.claim_due(now=clock())
    done = run(poll, clock)

    assert (done.error, done.new_messages, poll.failures, poll.last_error) == ("", 2, 0, "")


def test_a_limit_is_obeyed_that_the_connector_alone_knows_of(schedule, platform, clock, monkeypatch):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 20)
    history, asked = platform.history, []
    opens = clock() + timedelta(minutes=5)

    def of_mentions(ctx, cursor, thread_id=""):
        ctx.ahead("mentions")
        asked.append(cursor)
        ctx.heard([RateNotice("mentions", remaining=0, resets_at=opens)])
        return history(ctx, cursor, thread_id)

    monkeypatch.setattr(platform, "history", of_mentions)
    run(walk, clock)

    assert asked == [""]
    assert (walk.last_error, walk.next_run_at) == (budgets.USED_UP, opens)
    assert walk.cursor.endswith("10")


def test_calls_that_have_a_pace_are_made_at_it_whoever_makes_them(
    schedule, platform, clock, channel, monkeypatch
):
    platforms.register(manifest(paces={"conversations": Pace(per_second=2, checked_on=NOW.date())}))
    taken = turns_are_taken_up_to_soon(channel, "conversations")
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 30)
    history, waits = platform.history, []

    def of_conversations(ctx, cursor, thread_id=""):
        ctx.ahead("conversations")
        return history(ctx, cursor, thread_id)

    monkeypatch.setattr(platform, "history", of_conversations)
    run(walk, clock, pause=waits.append)
    _, elsewhere, _ = contexts.of_channel(channel, now=NOW)
    budgets.heeded(elsewhere, channel=channel, clock=clock, pause=waits.append).ahead("conversations")

    assert all(0 < each < 20 for each in waits) and len(waits) >= 4
    assert RateBudget.objects.get().resets_at - taken == 4 * timedelta(seconds=0.5)


def test_no_hosts_clock_gives_a_turn(platform, clock, channel):
    platforms.register(manifest(paces={"conversations": Pace(per_second=100, checked_on=NOW.date())}))
    _, context, _ = contexts.of_channel(channel, now=NOW)
    waits = list[float]()
    for apart in (timedelta(hours=1), -timedelta(hours=1), timedelta(seconds=2)):
        clock.now = NOW + apart
        budgets.heeded(context, channel=channel, clock=clock, pause=waits.append).ahead("conversations")

    assert [each for each in waits if each > 2 * 0.01] == []


def test_a_walk_of_which_no_limit_is_told_ends_at_that_of_the_pages_and_goes_on_when_it_is_renewed(
    schedule, platform, clock, monkeypatch
):
    quota = Quota(calls=2, window=timedelta(minutes=15), checked_on=NOW.date())
    untold, history = (RateNotice("read", None, None, expected=quota),), platform.history
    monkeypatch.setattr(platform, "history", lambda *asked: replace(history(*asked), rates=untold))
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 30)

    first = run(walk, clock)
    clock.passes(15 * 60)
    second = run(walk, clock)

    assert (first.new_messages, first.error, second.new_messages) == (20, budgets.USED_UP, 10)


def test_calls_that_make_no_page_are_counted_against_the_limit_of_the_pages_too(platform, clock, channel):
    quota = Quota(calls=2, window=timedelta(minutes=15), checked_on=NOW.date())
    _, context, _ = contexts.of_channel(channel, now=NOW)
    context = budgets.heeded(context, channel=channel, clock=clock)
    for _ in range(2):
        context.ahead("message")
        context.heard([RateNotice("message", None, None, expected=quota)])

    with pytest.raises(ConnectorError) as refused:
        context.ahead("message")
    assert refused.value.retry_at == NOW + timedelta(minutes=15)


def test_a_turn_that_waits_for_the_platform_is_not_taken_for_dead(
    schedule, platform, clock, monkeypatch, stopwatch
):
    """Each pause that it asks for ends after the lease that the request before it renewed."""
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 20)
    history, asked = platform.history, []

    def each_page_at_the_second_try(ctx, cursor, thread_id=""):
        ctx.http.before()  # as the client does with each request
        asked.append(cursor)
        if len(asked) % 2:
            clock.passes(RENEWED_EVERY.total_seconds() - 1)
            later = clock() + timedelta(seconds=88)
            raise ConnectorError("Slow down.", remedy=Remedy.RETRY, retry_at=later)
        return history(ctx, cursor, thread_id)

    def pause(seconds):
        clock.passes(seconds)
        stopwatch(seconds)
        assert scheduling.claim_due(now=clock()) == []

    monkeypatch.setattr(platform, "history", each_page_at_the_second_try)
    scheduling.claim_due(now=clock())
    done = run(walk, clock, max_seconds=600, pause=pause)

    assert (done.error, done.new_messages, walk.failures, walk.is_slow) == ("", 20, 0, False)
    assert clock() - NOW == timedelta(seconds=184)


def test_who_lost_the_lease_asks_no_more_and_ends_nothing(schedule, platform, clock, monkeypatch):
    walk = schedule(Task.RECONCILE)
    said(platform, 2)
    scheduling.claim_due(now=NOW)
    asked = []

    def again_later(ctx, cursor, thread_id=""):
        asked.append(cursor)
        SyncSchedule.objects.filter(pk=walk.pk).update(lease_owner="another")
        raise ConnectorError("Slow down.", remedy=Remedy.RETRY, retry_at=clock() + timedelta(seconds=30))

    monkeypatch.setattr(platform, "history", again_later)
    run(walk, clock, max_seconds=600, pause=clock.passes)

    assert len(asked) == 1
    assert (walk.lease_owner, walk.failures, walk.last_error) == ("another", 0, "")
    assert SyncRun.objects.get().state == "running"


def test_a_poll_finds_its_place_behind_any_number_of_walks(schedule, monkeypatch):
    """The sync process was away for a day: of many channels everything is overdue, and there is room for two walks."""
    monkeypatch.setattr(scheduling, "LOOKED_AT", 2)
    for task in (Task.RECONCILE, Task.PROFILES, Task.PURGE):
        long_since = schedule(task)
        SyncSchedule.objects.filter(pk=long_since.pk).update(next_run_at=NOW - timedelta(hours=9))
    suspect = schedule(Task.TOKENS, is_slow=True)
    SyncSchedule.objects.filter(pk=suspect.pk).update(next_run_at=NOW - timedelta(hours=8))
    poll = schedule()

    assert poll.pk in [claim.schedule_id for claim in scheduling.claim_due(now=NOW, workers=6)]


@pytest.mark.parametrize(
    ("overdue", "failures", "after_walk", "is_first"),
    [
        (timedelta(minutes=5), 1, False, True),
        (timedelta(minutes=16), 1, False, False),
        (timedelta(minutes=5), 0, False, False),
        (timedelta(minutes=16), 1, True, True),
        (timedelta(minutes=5), 0, True, True),
    ],
)
def test_a_poll_that_was_slow_does_not_stand_behind_all_walks_that_hang(
    schedule, connect, monkeypatch, overdue, failures, after_walk, is_first
):
    """But for those that have waited for a quarter of an hour longer: they have a turn, too. And one that is answered has its share."""
    monkeypatch.setattr(scheduling, "LOOKED_AT", 10)
    poll = schedule(is_slow=True)
    for number in range(19):
        SyncSchedule.objects.create(
            channel=connect(f"hangs-{number}"), task=Task.RECONCILE, every_seconds=900, is_slow=True,
            next_run_at=NOW - overdue, failures=failures,
        )  # fmt: skip
    healthy = SyncSchedule.objects.create(
        channel=connect("healthy"), task=Task.RECONCILE, every_seconds=900, next_run_at=NOW
    )

    claims = scheduling.claim_due(now=NOW, workers=6, after_walk=after_walk)
    chosen = [claim.schedule_id for claim in claims]

    assert len(chosen) == 2 and healthy.pk in chosen, "it keeps nobody healthy from its place"
    assert (poll.pk in chosen) is is_first


def test_polls_of_one_platform_leave_a_place_for_another(schedule, connect, platform):
    of_one = [schedule(), schedule(Task.TOKENS)]
    for number in range(5):
        busy = connect(f"busy-{number}")
        of_one += [
            SyncSchedule.objects.create(
                channel=busy, task=task, every_seconds=5, next_run_at=NOW - timedelta(seconds=2)
            )
            for task in (Task.POLL, Task.TOKENS)
        ]
    other = ChannelFactory(platform="x")
    poll = SyncSchedule.objects.create(channel=other, task=Task.POLL, every_seconds=5, next_run_at=NOW)

    first = [claim.schedule_id for claim in scheduling.claim_due(now=NOW, workers=6)]
    second = [claim.schedule_id for claim in scheduling.claim_due(now=NOW + timedelta(seconds=1), workers=6)]

    assert len(first) == 4 and poll.pk in first
    assert {*first} - {poll.pk} < {each.pk for each in of_one}
    assert second == []


def test_paused_schedules_rest(schedule):
    schedule(paused=True)

    assert scheduling.claim_due(now=NOW) == []


def test_a_reconcile_heals_what_the_webhooks_dropped(schedule, platform, clock, receipt):
    walk = schedule(Task.RECONCILE)
    said(platform, 3)
    kept = platform.said[1]
    receipt(message_item(kept.id, kept.text, seconds=-3599))
    draining.drain(now=clock())

    done = run(walk, clock)

    assert done.new_messages == 2
    assert list(Message.objects.in_thread_order().values_list("text", flat=True)) == [
        "Message 0",
        "Message 1",
        "Message 2",
    ]
    assert SyncRun.objects.get().new_messages == 2


def test_what_is_old_rings_no_bell(schedule, platform, clock):
    walk = schedule(Task.RECONCILE)
    platform.hears("Last week", thread="noor", at=NOW - timedelta(days=5))
    platform.hears("An hour ago", thread="mara", at=NOW - timedelta(hours=1))

    run(walk, clock)

    assert dict(Message.objects.values_list("text", "historical")) == {
        "Last week": True,
        "An hour ago": False,
    }
    assert Conversation.objects.get(thread_key="noor").unread_count == 0
    assert Conversation.objects.get(thread_key="mara").unread_count == 1


def test_what_was_missed_for_days_is_news(schedule, platform, clock):
    """The house was down from Friday evening to Monday morning, and the platform has given up to deliver."""
    walk = schedule(Task.RECONCILE)
    platform.hears("Before", thread="noor", at=NOW - timedelta(hours=60))
    run(walk, clock)
    platform.hears("Friday night", thread="mara", at=NOW + timedelta(hours=2))
    clock.passes(timedelta(hours=63).total_seconds())

    run(walk, clock)

    found = Conversation.objects.get(thread_key="mara")
    assert (found.state, found.unread_count, found.messages.get().historical) == ("open", 1, False)
    assert Conversation.objects.get(thread_key="noor").unread_count == 0
    assert Gap.objects.get().brought == 1


def test_a_late_find_from_before_the_last_whole_walk_rings_no_bell(schedule, platform, clock):
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(900)
    platform.hears("Listed three days late", at=NOW - timedelta(days=3))

    run(walk, clock)

    assert Message.objects.get().historical


def test_what_a_first_poll_brings_of_before_the_connection_is_history(schedule, platform, clock, channel):
    """Some logs go back for weeks: consent was given to another installation before."""
    poll = schedule()
    backfilling.ask(channel=channel, since=None, until=None, by=None, now=NOW)
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW - timedelta(days=1))
    platform.hears("Last week", thread="noor", at=NOW - timedelta(days=7))
    platform.hears("An hour ago", thread="mara", at=NOW - timedelta(hours=1))

    run(poll, clock)

    assert dict(Message.objects.values_list("text", "historical")) == {
        "Last week": True,
        "An hour ago": False,
    }
    assert Conversation.objects.get(thread_key="noor").state == "resolved"


def test_a_later_walk_goes_back_to_where_the_last_began_and_no_further(
    schedule, platform, clock, monkeypatch
):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 100)
    assert run(walk, clock).pages == 10
    clock.passes(900)
    platform.hears("Dropped", at=clock() - timedelta(minutes=12))
    for number in range(25):
        platform.hears(f"Later {number}", at=clock() - timedelta(seconds=60 - number))

    done = run(walk, clock)

    assert done.new_messages == 26
    assert done.pages == 4


def test_a_walk_that_was_interrupted_goes_on_where_it_stood(schedule, platform, clock):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 40)

    first = run(walk, clock, max_seconds=0)
    assert (first.pages, first.complete) == (1, False)
    assert walk.next_run_at == NOW
    rest = run(walk, clock)

    assert (rest.pages, Message.objects.count()) == (3, 40)


def test_a_pause_the_platform_asks_for_is_made(schedule, platform, channel, monkeypatch):
    from connectors import clock as clocks

    said(platform, 2)
    asked = []
    history = platform.history

    def once_too_often(ctx, cursor, thread_id=""):
        asked.append(ctx.now)
        if len(asked) == 1:
            raise ConnectorError("Slow down.", remedy=Remedy.RETRY, retry_at=ctx.now + timedelta(seconds=0.2))
        return history(ctx, cursor, thread_id)

    monkeypatch.setattr(platform, "history", once_too_often)

    done = run(schedule(Task.RECONCILE), clocks.from_(NOW), pause=time.sleep)

    assert (done.error, done.new_messages) == ("", 2)
    assert asked[1] - asked[0] >= timedelta(seconds=0.2)


def test_a_cursor_the_platform_forgot_costs_only_the_walk_under_way(schedule, platform, clock, monkeypatch):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 40)
    run(walk, clock)
    whole = walk.cursor
    clock.passes(900)
    said(platform, 30, start=4000)
    run(walk, clock, max_seconds=0)
    assert walk.cursor != whole
    history = platform.history

    def forgot(ctx, cursor, thread_id=""):
        if cursor:
            raise ConnectorError("Unknown cursor.", remedy=Remedy.BUG)
        return history(ctx, cursor, thread_id)

    monkeypatch.setattr(platform, "history", forgot)
    run(walk, clock)

    assert walk.cursor == whole
    monkeypatch.setattr(platform, "history", history)
    run(walk, clock)
    assert Message.objects.count() == 70


def test_who_lost_the_lease_forgets_no_cursor(schedule, platform, clock, monkeypatch):
    """The turn hung, another took over and has read on; then the platform's refusal arrives."""
    backfill = schedule(Task.BACKFILL, days=30)

    def refused(ctx, cursor, thread_id=""):
        SyncSchedule.objects.filter(pk=backfill.pk).update(lease_owner="another", cursor="20")
        raise ConnectorError("Unknown cursor.", remedy=Remedy.BUG)

    monkeypatch.setattr(platform, "history", refused)
    run(backfill, clock)

    assert (backfill.lease_owner, backfill.cursor) == ("another", "20")


def test_a_walk_that_meets_old_news_only_goes_on_with_the_comments(schedule, platform, clock, monkeypatch):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 30)
    messages = platform.history
    comment = platform._message(
        {"id": "c1", "thread": "comment:1", "text": "And here?", "at": millis(NOW - timedelta(days=3))}
    )

    def in_parts(ctx, cursor, thread_id=""):
        if cursor == "comments":
            return Page((comment,), unordered=True)
        page = messages(ctx, cursor, thread_id)
        return replace(page, cursor=page.cursor if page.more else "comments", more=True, beyond="comments")

    run(walk, clock)
    monkeypatch.setattr(platform, "history", in_parts)
    clock.passes(900)
    run(walk, clock)
    clock.passes(900)
    done = run(walk, clock)

    assert Message.objects.filter(external_id="c1").exists()
    assert done.pages == 2


@pytest.fixture
def stopwatch(monkeypatch):
    """Moves the clock by which slowness is measured."""
    passed, real = [], time.monotonic
    monkeypatch.setattr(syncing.time, "monotonic", lambda: real() + sum(passed))
    return passed.append


@pytest.mark.parametrize(("answered_after", "is_slow"), [(0.1, False), (6, True)])
def test_a_poll_that_waited_as_its_platform_asked_is_not_among_the_slow(
    schedule, platform, clock, monkeypatch, stopwatch, answered_after, is_slow
):
    """A limit is met at the first request and is over fifteen seconds later."""
    poll, asked = schedule(), []
    tells = platform.poll

    def at_the_second_try(ctx, cursor):
        ctx.http.before()
        stopwatch(answered_after)
        asked.append(cursor)
        if len(asked) == 1:
            later = clock() + timedelta(seconds=15)
            raise ConnectorError("Slow down.", remedy=Remedy.RETRY, retry_at=later, throttled=True)
        return tells(ctx, cursor)

    monkeypatch.setattr(platform, "poll", at_the_second_try)
    done = run(poll, clock, max_seconds=60, pause=lambda seconds: (stopwatch(seconds), clock.passes(seconds)))

    assert (done.error, done.requests, poll.is_slow) == ("", 2, is_slow)


def test_a_poll_that_waited_for_its_budget_is_not_among_the_slow(
    schedule, platform, clock, channel, monkeypatch, stopwatch
):
    poll, tells = schedule(), platform.poll
    spent = RateNotice("read", remaining=0, resets_at=NOW + timedelta(seconds=8))
    budgets.keep(channel_id=channel.pk, notices=[spent], now=NOW)

    def counted(ctx, cursor):
        ctx.http.before()
        return tells(ctx, cursor)

    monkeypatch.setattr(platform, "poll", counted)
    done = run(poll, clock, max_seconds=60, pause=lambda seconds: (stopwatch(seconds), clock.passes(seconds)))

    assert (done.error, done.requests, poll.is_slow) == ("", 1, False)
    assert clock() >= NOW + timedelta(seconds=8)


def spent(channel, opens):
    budgets.keep(channel_id=channel.pk, notices=[RateNotice("read", remaining=0, resets_at=opens)], now=NOW)


def throttles(platform, retry_at):
    platform.poll_fails = ConnectorError("Slow down.", remedy=Remedy.RETRY, retry_at=retry_at, throttled=True)


def as_a_job(schedule, clock):
    """The answer: the turn, and for how long it kept its place with nothing to do."""
    rested = []

    def pause(seconds):
        rested.append(seconds)
        clock.passes(seconds)

    done = run(schedule, clock, max_seconds=20, pause=pause, quick_pause=jobs.QUICK_PAUSE)
    return done, sum(rested)


def test_a_walk_rests_in_its_place(schedule, clock, channel):
    spent(channel, NOW + timedelta(seconds=8))

    done, rested = as_a_job(schedule(Task.RECONCILE), clock)

    assert (rested, done.error) == (8, "")


@pytest.mark.parametrize("limit", ["that was told before", "of this answer"])
def test_a_poll_that_rests_gives_its_place_back_and_is_due_when_it_may_ask(
    schedule, platform, clock, channel, limit
):
    """A few channels whose limit is used up would rest in all places. It has not failed, and nobody is told that it has."""
    poll, opens = schedule(), NOW + timedelta(seconds=8)
    SyncSchedule.objects.update(every_seconds=30)
    if limit == "of this answer":
        throttles(platform, opens)
    else:
        spent(channel, opens)

    done, rested = as_a_job(poll, clock)

    assert (rested, done.error, done.complete, poll.next_run_at) == (0, "", False, opens)
    assert (poll.failures, poll.last_error, poll.last_remedy, poll.last_success_at) == (0, "", "", None)
    assert not SyncRun.objects.exists()
    platform.poll_fails = None
    clock.passes(8)
    as_a_job(poll, clock)
    assert (poll.last_success_at, poll.waits) == (opens, 0)


def test_what_a_poll_failed_by_stands_while_it_rests(schedule, clock, channel):
    failed = {"failures": 3, "last_error": "The platform is down.", "last_remedy": "retry", "is_slow": True}
    poll = schedule(**failed)
    spent(channel, NOW + timedelta(seconds=8))

    as_a_job(poll, clock)

    assert {name: getattr(poll, name) for name in failed} == failed


def test_a_poll_that_is_asked_to_wait_again_and_again_says_so(schedule, platform, clock):
    """As one that asks five times in its place."""
    poll = schedule()
    for _ in range(4):
        throttles(platform, clock() + timedelta(seconds=8))
        done, _rested = as_a_job(poll, clock)
        assert (done.error, poll.last_error) == ("", "")
        clock.passes(8)

    throttles(platform, clock() + timedelta(seconds=8))
    as_a_job(poll, clock)

    assert (poll.last_error, poll.failures) == ("Slow down.", 0)


def test_a_poll_of_a_server_in_trouble_asks_again_in_its_place(schedule, platform, clock, monkeypatch):
    """It fails for one that is in trouble all that time, and not for one that was for a moment."""
    poll, tells, asked = schedule(), platform.poll, []

    def at_the_second_try(ctx, cursor):
        asked.append(cursor)
        if len(asked) == 1:
            raise ConnectorError("It is down.", remedy=Remedy.RETRY, retry_at=NOW + timedelta(seconds=8))
        return tells(ctx, cursor)

    monkeypatch.setattr(platform, "poll", at_the_second_try)

    done, rested = as_a_job(poll, clock)

    assert (rested, done.error, poll.failures) == (8, "", 0)


@pytest.mark.parametrize(("seconds", "is_slow"), [(6, True), (2, False)])
@pytest.mark.parametrize(("task", "way"), [(Task.RECONCILE, "history"), (Task.POLL, "poll")])
def test_whose_platform_takes_long_for_each_answer_keeps_to_the_lane_of_the_slow(
    schedule, platform, clock, monkeypatch, seconds, is_slow, task, way
):
    walk = schedule(task)
    platform.page_size = 10
    said(platform, 30)
    tells, passed = getattr(platform, way), []
    real = time.monotonic
    monkeypatch.setattr(syncing.time, "monotonic", lambda: real() + sum(passed))

    def slowly(ctx, *cursor):
        ctx.http.before()  # as the client does with each request
        passed.append(seconds)
        return tells(ctx, *cursor)

    monkeypatch.setattr(platform, way, slowly)

    run(walk, clock)

    assert len(passed) > 2 and walk.is_slow is is_slow


def test_a_long_turn_makes_room_for_who_waits(schedule, platform, clock, channel, connect, monkeypatch):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 40)
    monkeypatch.setattr("connectors.actions._asking.FAIR", -1.0)

    assert run(walk, clock, max_seconds=600).pages == 4
    other = SyncSchedule.objects.create(
        channel=connect("acc-2"), task=Task.BACKFILL, every_seconds=60, next_run_at=NOW - timedelta(minutes=1)
    )
    SyncSchedule.objects.filter(pk=walk.pk).update(cursor="")
    assert run(walk, clock, max_seconds=600).pages == 1

    SyncSchedule.objects.filter(pk=other.pk).update(lease_until=NOW + timedelta(minutes=1))
    assert run(walk, clock, max_seconds=600).pages == 3


@pytest.fixture
def twenty(platform):
    """A platform that tells the newest twenty messages of a thread, and no more."""
    rules = manifest(history=HistoryRules(messages_per_thread=20))
    platforms.register(rules)
    platform.manifest = rules
    platform.page_size = 20
    return platform


def chat(platform, receipt, count, *, undelivered=()):
    """So many messages within ten minutes, each delivered but for some; the platform remembers twenty."""
    for number in range(count):
        at = NOW + timedelta(minutes=20, seconds=10 * number)
        heard = platform.hears(f"Line {number}", at=at)
        if number not in undelivered:
            receipt(message_item(heard.id, heard.text, seconds=(at - NOW).total_seconds()))
    draining.drain(now=NOW)
    del platform.said[:-20]


@pytest.mark.parametrize(
    ("undelivered", "cause"),
    [({10, 40}, "horizon"), ({10}, "unproven"), (set(), "unproven")],
    ids=["some of what is told is missing", "all that is told is there", "nothing is missing"],
)
def test_what_a_full_thread_no_longer_tells_is_said(schedule, twenty, clock, receipt, undelivered, cause):
    walk = schedule(Task.RECONCILE)
    twenty.hears("Before", at=NOW - timedelta(hours=1))
    run(walk, clock)
    clock.passes(3600)
    chat(twenty, receipt, 50, undelivered=undelivered)

    run(walk, clock)

    gap = Gap.objects.get(lost=True)
    lost = NOW + timedelta(minutes=20, seconds=100)  # the tenth
    assert (gap.cause, gap.thread_key) == (cause, "mara")
    assert gap.since <= lost <= gap.until < twenty.said[1].at
    clock.passes(900)
    run(walk, clock)
    assert Gap.objects.filter(lost=True).count() == 1


def test_where_other_deliveries_failed_in_that_time_it_may_be_lost(schedule, twenty, clock, receipt, channel):
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(3600)
    chat(twenty, receipt, 50, undelivered={10})
    Gap.objects.create(
        channel=channel, cause="not_delivered", since=NOW + timedelta(minutes=21), until=NOW + timedelta(minutes=22),
        found_at=clock(), healed_at=clock(),
    )  # fmt: skip

    run(walk, clock)

    assert Gap.objects.get(lost=True).cause == "horizon"


@pytest.mark.parametrize("own", [True, False], ids=["at its own address", "at another of the app"])
def test_what_waits_to_be_read_was_delivered(schedule, twenty, clock, receipt, connect, own):
    """The worker is behind: the messages stand in deliveries that nobody has read yet."""
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(3600)
    chat(twenty, receipt, 50, undelivered=set(range(50)))
    arrived = receipt(message_item("m0001"), **({} if own else {"at": connect("acc-2")}))
    Receipt.objects.filter(pk=arrived.pk).update(received_at=NOW + timedelta(minutes=20))

    run(walk, clock)

    assert list(Gap.objects.values_list("cause", flat=True)) == ["unproven"]


def test_what_was_written_long_before_the_oldest_delivery_that_waits_was_not_delivered(
    schedule, twenty, clock, receipt
):
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(3600)
    missed = twenty.hears("Nobody delivered it", at=NOW + timedelta(minutes=20))
    twenty.hears("It waits", at=NOW + timedelta(minutes=40))
    arrived = receipt(message_item("m0002"))
    Receipt.objects.filter(pk=arrived.pk).update(received_at=NOW + timedelta(minutes=40))

    run(walk, clock)

    assert list(Gap.objects.values_list("since", "until", "brought")) == [(missed.at, missed.at, 1)]


def test_a_short_thread_tells_everything(schedule, twenty, clock, receipt):
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(3600)
    chat(twenty, receipt, 19, undelivered={3})

    run(walk, clock)

    assert not Gap.objects.filter(lost=True).exists()


def test_a_walk_that_is_begun_anew_judges_as_any_other(schedule, twenty, clock, receipt):
    """`sync --full`, to be sure, after days without deliveries."""
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(3600)
    chat(twenty, receipt, 50, undelivered=set(range(50)))
    clock.passes(4 * 86400)

    scheduling.start_over(schedule_id=walk.pk)
    run(walk, clock)

    told = dict(Gap.objects.values_list("cause", "brought"))
    assert told == {"horizon": 0, "not_delivered": 20}
    assert set(Message.objects.values_list("historical", flat=True)) == {False}


def test_a_walk_that_is_begun_anew_reads_all_over_its_turns_and_the_next_one_what_is_new(
    schedule, platform, clock
):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 10
    said(platform, 40)
    run(walk, clock)
    clock.passes(3600)

    scheduling.start_over(schedule_id=walk.pk)

    assert [run(walk, clock, max_seconds=0).complete for _ in range(4)] == [False, False, False, True]
    assert run(walk, clock).pages == 1


def test_what_a_walk_could_not_see_is_told_beside_the_gap_that_it_closes(schedule, platform, clock, channel):
    """What it is not shown of public talk is a gap of its own, and of what it met a thread may be one that nobody could read."""
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    clock.passes(86400)
    platform.hears("Nobody delivered it", at=clock() - timedelta(hours=3))
    later = clock() - timedelta(hours=1)
    Gap.objects.create(channel=channel, cause="disconnected", since=later, until=later, found_at=later)
    told = platform.history
    unread = (({"id": "?"}, "It has no author."), ({"id": "!"}, "It has no author."))
    platform.history = lambda *given: replace(
        told(*given), withheld="No comments are shown.", failures=unread
    )

    run(walk, clock)

    unseen = "2 items that it met could not be read"
    healed = Gap.objects.exclude(healed_at=None)
    assert set(healed.values_list("healed_task", "unseen")) == {("reconcile", unseen)}
    assert healed.count() == 2
    assert [gap.cause for gap in Gap.objects.filter(healed_at=None)] == ["withheld"]


def test_without_public_talk_the_rest_is_whole_and_the_connection_says_what_is_missing(
    schedule, platform, clock, channel
):
    said(platform, 2)
    walk = schedule(Task.RECONCILE)
    platform.withholds = "No comments are shown."
    run(walk, clock)
    health = ChannelHealth.objects.get(channel=channel)
    assert (health.complete_until, health.public_unread) == (NOW, "No comments are shown.")
    assert RunLine.objects.filter(text="No comments are shown.").exists()
    assert [
        (each.name, each.found)
        for each in doctor.examine(channel, now=NOW).findings
        if each.name == "Read in public"
    ] == [("Read in public", "No comments are shown.")]

    platform.withholds = ""
    run(walk, clock)
    health.refresh_from_db()
    assert health.public_unread == "No comments are shown."  # it came to nothing public

    platform.posts("Nice", at=NOW)
    run(walk, clock)
    health.refresh_from_db()
    assert health.public_unread == ""


def test_what_was_withheld_is_news_when_the_permission_comes_however_late(schedule, platform, clock, channel):
    platform.posts("Of yore", at=NOW - timedelta(hours=1))
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    said(platform, 1)
    platform.withholds = "No comments are shown."
    platform.posts("Where is my parcel?", at=NOW + timedelta(minutes=5))
    look_back = {"since": NOW + timedelta(seconds=1), "found_at": NOW + timedelta(seconds=1)}
    shut = Gap.objects.create(
        channel=channel, cause="not_delivered", until=NOW + timedelta(minutes=1), **look_back
    )
    for _ in range(4):
        clock.passes(86_400)
        run(walk, clock)
    shut.refresh_from_db()
    withheld = Gap.objects.get(cause="withheld")
    assert shut.healed_at is not None and ChannelHealth.objects.get().complete_until == clock()
    assert (withheld.since, withheld.until, withheld.healed_at) == (NOW, None, None)
    [shown] = coverage.of_channel(channel, state="open")
    assert shown.outcome.startswith("Messages are compared all the same.")
    assert _covering.news_begin(channel, asked_at=clock(), public=True) < NOW

    platform.withholds = ""
    run(walk, clock)

    missed = Conversation.objects.get(thread_key="post")
    assert missed.state == ConversationState.OPEN and missed.last_message_text == "Where is my parcel?"
    withheld.refresh_from_db()
    assert (withheld.healed_at, withheld.until, withheld.brought) == (clock(), clock(), 1)


def test_a_history_that_leads_back_to_where_it_was_is_not_taken_for_whole(schedule, platform, clock):
    walk = schedule(Task.RECONCILE)
    told = platform.history
    said(platform, 30)
    platform.page_size = 10
    platform.history = lambda context, cursor, *thread: replace(
        told(context, cursor, *thread), **({"cursor": cursor} if cursor else {})
    )

    done = run(walk, clock)

    assert done.error.startswith("The platform says that there is more, and leads back")
    assert Message.objects.count() == 20  # what it did show stays
    assert _covering.complete_until(walk.channel_id) is None
    platform.history = told
    run(walk, clock)
    assert (Message.objects.count(), _covering.complete_until(walk.channel_id)) == (30, clock())


def test_of_what_was_withheld_for_long_the_last_week_rings_and_the_rest_is_history(schedule, platform, clock):
    walk = schedule(Task.RECONCILE)
    run(walk, clock)
    platform.withholds = "No comments are shown."
    clock.passes(3600)
    run(walk, clock)
    platform.posts("A year ago", at=NOW + timedelta(days=1))
    platform.posts("Lately", at=NOW + timedelta(days=364))
    clock.passes(366 * 86_400)
    platform.withholds = ""

    run(walk, clock)

    assert dict(Message.objects.values_list("text", "historical")) == {"A year ago": True, "Lately": False}
    assert Gap.objects.get(cause="withheld").brought == 2


def test_public_talk_that_is_withheld_bounds_no_backfill_of_messages(schedule, platform, clock, channel):
    platform.withholds = "No comments are shown."
    run(schedule(Task.RECONCILE), clock)
    platform.hears("Nobody kept it", at=NOW + timedelta(hours=1))
    platform.posts("Where is my parcel?", at=NOW + timedelta(hours=1))
    ChannelHealth.objects.update(complete_until=NOW + timedelta(days=2))
    clock.passes(2 * 86_400)
    platform.withholds = ""

    asked = backfilling.ask(channel=channel, since=NOW, until=None, by=None, now=clock())
    run(SyncSchedule.objects.get(task=Task.BACKFILL), clock)

    assert list(Message.objects.values_list("text", "historical")) == [("Nobody kept it", True)]
    [left] = asked.lines.filter(level="warning")
    assert (
        left.text.startswith("What was said in public since")
        and "first comparison that is shown it" in left.text
    )


def test_a_refusal_in_the_middle_of_public_talk_costs_none_of_it(schedule, platform, clock):
    walk = schedule(Task.RECONCILE)
    platform.page_size = 2
    platform.posts("Of yore", at=NOW - timedelta(hours=1))
    run(walk, clock)
    for number in range(6):
        platform.posts(f"Post {number}", at=NOW + timedelta(minutes=number))
    clock.passes(3600)
    platform.withholds, platform.withholds_after = "The allowance is used up.", 1
    run(walk, clock)
    assert Message.objects.count() == 3
    clock.passes(3600)
    platform.withholds = ""

    run(walk, clock)

    assert Message.objects.count() == 7
    asked = walk.cursor
    clock.passes(3600)
    assert (run(walk, clock).pages, walk.cursor != asked) == (
        2,
        True,
    )  # and it looks back no further than before
