"""Timers are rows: the sweep finds what is due, tells it once, and costs next to nothing while nothing is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from psycopg.errors import DiskFull, LockNotAvailable
from structlog.testing import capture_logs

from inbox.actions import _by_brand, _isolating, closing, receiving, snoozing, tagging_work, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage
from inbox.models import (
    Channel,
    Clock,
    Conversation,
    ConversationState,
    Event,
    EventKind,
    SlaPolicy,
    Timer,
)
from inbox.queries import clocks
from inbox.rules.pacing import Pace
from tests.factories import conversations as make
from tests.factories import exchange, people
from tests.inbox.actions.holding import held
from tests.inbox.actions.spoiling import spoil
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
DAY = 24 * 3600


def at(seconds: float) -> datetime:
    return exchange.at(seconds)


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    SlaPolicy.objects.create(brand=made.brand, name="Standard", first_response=600, warnings=[50, 80])
    return made


def write(channel: Channel, *names: str) -> None:
    """Each of them writes at noon, and triage looks."""
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(who=name)) for name in names], now=at(1))
    triage(channel, at(2))


def triage(channel: Channel, now: datetime) -> None:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=now)


def told(kind: EventKind) -> int:
    return Event.objects.filter(kind=kind).count()


def test_a_clock_has_one_timer_at_a_time(channel: Channel) -> None:
    write(channel, "mara")

    assert list(Timer.objects.exclude(clock=None).values_list("kind", "percent", "due_at")) == [
        ("warning", 50, at(300))
    ]

    timing.sweep(now=at(301))

    unfired = Timer.objects.exclude(clock=None).filter(fired_at=None)
    assert list(unfired.values_list("kind", "percent", "due_at")) == [("warning", 80, at(480))]


def test_what_became_due_while_everything_stood_still_is_told_at_once(channel: Channel) -> None:
    write(channel, "mara", "noor")

    timing.sweep(now=at(5000))

    assert (told(EventKind.SLA_BREACHED), told(EventKind.SLA_WARNED)) == (2, 0)
    assert not Timer.objects.filter(fired_at=None, due_at__lte=at(5000)).exists()


def test_the_clock_of_what_was_delivered_late_begins_when_it_was_written(channel: Channel) -> None:
    comment = exchange.wrote(seconds=50_000, external_id="c", dated_by_delivery=True)
    receiving.receive(arrivals=[Arrival(channel.pk, comment)], now=at(50_001))
    triage(channel, at(50_002))
    assert Clock.objects.get().started_at == at(50_000)

    found = exchange.wrote(seconds=300, external_id="c")
    receiving.receive(arrivals=[Arrival(channel.pk, found)], now=at(50_100))
    triage(channel, at(50_101))

    assert [clock.started_at for clock in Clock.objects.all()] == [at(300)]
    assert Conversation.objects.get().waiting_since == at(300)


@pytest.mark.parametrize("sent_on_day", [9, 5, -200])
@pytest.mark.parametrize("opened_again", [False, True])
def test_a_message_asks_anew_however_old_it_is_when_it_comes(
    channel: Channel, sent_on_day: int, opened_again: bool
) -> None:
    """Two spells are over: what belongs to them stays as it is, but of this message nobody knew."""
    agent = people.agent_of(channel.brand)
    SlaPolicy.objects.update(next_response=600)
    for day in (12, 14):
        asked = exchange.wrote(who="mara", seconds=day * DAY)
        receiving.receive(arrivals=[Arrival(channel.pk, asked)], now=at(day * DAY + 1))
        triage(channel, at(day * DAY + 2))
        closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at((day + 1) * DAY))
        triage(channel, at((day + 1) * DAY + 1))
    if opened_again:
        closing.reopen(conversation=Conversation.objects.get(), by=agent, now=at(20 * DAY))
        triage(channel, at(20 * DAY + 1))

    late = exchange.wrote("Is anybody there?", who="mara", seconds=sent_on_day * DAY)
    receiving.receive(arrivals=[Arrival(channel.pk, late)], now=at(40 * DAY))
    for after in (1, 60):
        triage(channel, at(40 * DAY + after))

    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.waiting_since) == ("open", at(15 * DAY))
    assert conversation.due_at == at(15 * DAY + 600)
    assert [clock.started_at for clock in Clock.objects.filter(ended_at=None)] == [at(15 * DAY)]


@pytest.mark.parametrize("sent_on_day", [9, -200])
@pytest.mark.parametrize("answered", [False, True])
def test_anger_counts_in_a_message_that_comes_late_and_asks_anew(
    channel: Channel, sent_on_day: int, answered: bool
) -> None:
    """It waits since somebody resolved, which was later than it was written."""
    agent = people.agent_of(channel.brand)
    asked = [exchange.wrote("Never mind, you liar", who="mara", seconds=12 * DAY)]
    if answered:
        asked.append(exchange.echoed("It is on its way.", seconds=13 * DAY))
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in asked], now=at(13 * DAY + 1))
    triage(channel, at(13 * DAY + 2))
    closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at(15 * DAY))
    triage(channel, at(15 * DAY + 1))

    late = exchange.wrote("This is a scam", who="mara", seconds=sent_on_day * DAY)
    new = exchange.wrote("Hello?", who="mara", seconds=41 * DAY)
    for each, day in ((late, 40), (new, 41)):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=at(day * DAY + 1))
        triage(channel, at(day * DAY + 2))

        conversation = Conversation.objects.get()
        assert conversation.waiting_since == at(15 * DAY)
        assert [why for _, why in conversation.priority_reasons if why.startswith("writes")] == [
            "writes “scam”"
        ]


@pytest.mark.parametrize("sent_on_day", [9, 5, -200])
def test_a_message_asks_anew_however_old_it_is_when_it_comes_from_another_conversation(
    channel: Channel, sent_on_day: int
) -> None:
    """It was known only after somebody had resolved, and that it belongs there even later."""
    agent = people.agent_of(channel.brand)
    SlaPolicy.objects.update(next_response=600)
    sent = sent_on_day * DAY
    root = exchange.posted(exchange.wrote(external_id="p1", seconds=12 * DAY))
    more = exchange.posted(exchange.wrote(external_id="p4", seconds=14 * DAY), answers="p1", root="p1")
    for each, day in ((root, 12), (more, 14)):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=at(day * DAY + 1))
        triage(channel, at(day * DAY + 2))
        closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at((day + 1) * DAY))
        triage(channel, at((day + 1) * DAY + 1))
    talk = Conversation.objects.get()
    late = exchange.posted(exchange.wrote(external_id="p3", seconds=sent), answers="p2")
    receiving.receive(arrivals=[Arrival(channel.pk, late)], now=at(30 * DAY))
    triage(channel, at(30 * DAY + 1))
    assert Conversation.objects.count() == 2

    between = exchange.posted(
        exchange.echoed("We look.", external_id="p2", seconds=sent - 60), answers="p1", root="p1"
    )
    receiving.receive(arrivals=[Arrival(channel.pk, between)], now=at(40 * DAY))
    for after in (1, 60):
        triage(channel, at(40 * DAY + after))

    talk.refresh_from_db()
    assert talk.messages.filter(external_id="p3").exists()
    assert (talk.state, talk.waiting_since) == ("open", at(15 * DAY))
    clocks = Clock.objects.filter(conversation=talk, ended_at=None)
    assert [clock.started_at for clock in clocks] == [at(15 * DAY)]


@pytest.mark.parametrize("resolved_again", [0, 1, 2])
def test_a_message_asks_anew_that_was_known_elsewhere_before_its_conversation_was_resolved(
    channel: Channel, resolved_again: int
) -> None:
    """Whoever resolved had not seen it there, and had answered something else."""
    agent = people.agent_of(channel.brand)
    SlaPolicy.objects.update(next_response=600)

    def comes(day: float, said: InboundMessage) -> None:
        receiving.receive(arrivals=[Arrival(channel.pk, said)], now=at(day * DAY + 1))
        triage(channel, at(day * DAY + 2))

    def is_resolved(day: float) -> None:
        closing.resolve(
            conversation=Conversation.objects.get(messages__external_id="p1"), by=agent, now=at(day * DAY)
        )
        triage(channel, at(day * DAY + 1))

    comes(1, exchange.posted(exchange.wrote(external_id="p1", seconds=DAY)))
    is_resolved(2)
    late = exchange.posted(exchange.wrote("Hello?", external_id="p3", seconds=2.5 * DAY), answers="p2")
    comes(2.5, late)
    assert Conversation.objects.count() == 2
    for day in (3, 14, 25)[: 1 + resolved_again]:
        more = exchange.wrote(external_id=f"more{day}", seconds=day * DAY)
        comes(day, exchange.posted(more, answers="p1", root="p1"))
        answer = exchange.echoed("Done.", external_id=f"a{day}", seconds=(day + 0.5) * DAY)
        comes(day + 0.5, exchange.posted(answer, answers=f"more{day}", root="p1"))
        is_resolved(day + 1)
    end = (day + 1) * DAY

    between = exchange.echoed("We look.", external_id="p2", seconds=2.4 * DAY)
    comes(40, exchange.posted(between, answers="p1", root="p1"))
    triage(channel, at(40 * DAY + 60))

    talk = Conversation.objects.get(messages__external_id="p1")
    assert talk.messages.filter(external_id="p3").exists()
    assert (talk.state, talk.waiting_since) == ("open", at(end))
    clocks = Clock.objects.filter(conversation=talk, ended_at=None).exclude(kind="resolution")
    assert [clock.started_at for clock in clocks] == [at(end)]


def test_an_answer_that_triage_has_not_seen_yet_stops_the_breach(channel: Channel) -> None:
    write(channel, "mara")
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.echoed("On it.", seconds=590))], now=at(601))

    timing.sweep(now=at(602))

    assert told(EventKind.SLA_BREACHED) == 0
    assert Clock.objects.get().state == "met"


def test_a_clock_that_ended_late_while_nobody_swept_is_told_as_late(channel: Channel) -> None:
    write(channel, "mara")
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.echoed("Sorry!", seconds=900))], now=at(901))
    triage(channel, at(902))

    timing.sweep(now=at(903))
    timing.sweep(now=at(904))

    assert told(EventKind.SLA_BREACHED) == 1
    assert Clock.objects.get().state == "missed"
    assert Conversation.objects.get().priority != 1  # nobody waits any more


@pytest.mark.parametrize("opens", ["a colleague", "the customer"])
def test_a_clock_that_ended_late_is_told_although_the_conversation_was_opened_again_before_a_sweep_came(
    channel: Channel, opens: str
) -> None:
    write(channel, "mara")
    agent = people.agent_of(channel.brand)
    closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at(605))
    triage(channel, at(606))
    if opens == "a colleague":
        closing.reopen(conversation=Conversation.objects.get(), by=agent, now=at(610))
    else:
        thanks = exchange.wrote("Thanks", who="mara", seconds=610)
        receiving.receive(arrivals=[Arrival(channel.pk, thanks)], now=at(610))
    triage(channel, at(611))
    snoozing.snooze(conversation=Conversation.objects.get(), until=at(5000), by=agent, now=at(620))
    triage(channel, at(621))

    timing.sweep(now=at(640))
    timing.sweep(now=at(641))

    assert told(EventKind.SLA_BREACHED) == 1
    late = Clock.objects.exclude(breach_seq=None).get()
    assert (late.started_at, late.ended_at, late.breached_at) == (at(0), at(605), at(600))
    assert not Timer.objects.filter(clock=late, fired_at=None).exists()
    assert Conversation.objects.get().priority != 1  # nobody waits any more


def test_a_snooze_that_is_seen_to_late_has_ended_when_it_was_to_end_and_is_told_when_it_was_seen_to(
    channel: Channel,
) -> None:
    write(channel, "mara")
    agent = people.agent_of(channel.brand)
    snoozing.snooze(conversation=Conversation.objects.get(), until=at(200), by=agent, now=at(100))
    triage(channel, at(101))

    timing.sweep(now=at(650))
    triage(channel, at(651))

    assert Event.objects.get(kind=EventKind.WOKEN).at == at(650)
    assert Clock.objects.get().due_at == at(700)  # all but the hundred seconds of the snooze counts


@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize(
    ("comes", "counted"),
    [("nothing", 360), ("the customer", 360), ("reopen", 360), ("wake", 360), ("leave", 350), ("snooze", 350), ("resolve", 350), ("mark_spam", 350)],
)  # fmt: skip
def test_whoever_comes_before_a_sweep_finds_a_snooze_over_since_its_time(
    channel: Channel, comes: str, counted: int, swept: bool
) -> None:
    write(channel, "mara")
    mara, agent = Conversation.objects.get(), people.agent_of(channel.brand)
    snoozing.snooze(conversation=mara, until=at(200), by=agent, now=at(100))
    triage(channel, at(101))
    if swept:
        timing.sweep(now=at(201))
        triage(channel, at(202))

    does = {"conversation": mara, "by": agent, "now": at(450)}
    match comes:
        case "nothing":
            pass
        case "the customer":
            again = exchange.wrote("Hello?", who="mara", seconds=450)
            receiving.receive(arrivals=[Arrival(channel.pk, again)], now=at(450))
        case "snooze":
            snoozing.snooze(until=at(5000), **does)
        case "leave" | "wake":
            getattr(snoozing, comes)(**does)
        case _:
            getattr(closing, comes)(**does)
    triage(channel, at(451))

    [clock] = clocks.of(Conversation.objects.get(), now=at(460))
    assert clock.counted == counted
    assert [(each.reason, each.started_at, each.ended_at) for each in clock.segments][:2] == [
        ("the customer waits", at(0), at(100)), ("snoozed", at(100), at(200)),
    ]  # fmt: skip


def test_two_sweepers_at_once_tell_a_breach_once(channel: Channel) -> None:
    write(channel, *[f"customer{number}" for number in range(20)])
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        timing.sweep(now=at(601))

    in_threads(work, times=4)

    assert told(EventKind.SLA_BREACHED) == 20
    assert Clock.objects.filter(breach_seq=None).count() == 0


def test_a_sweeper_and_triage_at_once_agree(channel: Channel) -> None:
    write(channel, *[f"customer{number}" for number in range(20)])
    receiving.receive(
        arrivals=[
            Arrival(channel.pk, exchange.echoed("Hi", to=f"customer{number}", seconds=700))
            for number in range(20)
        ],
        now=at(701),
    )
    gate = threading.Barrier(3)
    works = iter(
        [
            lambda: timing.sweep(now=at(702)),
            lambda: triage(channel, at(702)),
            lambda: triage(channel, at(702)),
        ]
    )

    def work() -> None:
        mine = next(works)
        gate.wait()
        mine()

    in_threads(work, times=3)
    timing.sweep(now=at(703))

    assert told(EventKind.SLA_BREACHED) == 20
    assert set(Clock.objects.values_list("state", flat=True)) == {"missed"}


def test_a_snooze_ends_by_the_sweep(channel: Channel) -> None:
    write(channel, "mara")
    agent = people.agent_of(channel.brand)
    snoozing.snooze(conversation=Conversation.objects.get(), until=at(400), by=agent, now=at(100))
    triage(channel, at(101))
    assert Conversation.objects.get().due_at != at(600)

    timing.sweep(now=at(400))
    triage(channel, at(401))

    conversation = Conversation.objects.get()
    assert conversation.state == ConversationState.OPEN
    assert Clock.objects.get().due_at == at(900)  # 300 s stood still


def test_one_conversation_that_cannot_be_looked_at_does_not_stop_the_others(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(channel, "mara", "noor", "ines", "otto", "pia")
    bad = Conversation.objects.order_by("pk")[2]
    spoil(monkeypatch, bad.pk)

    timing.sweep(now=at(601))

    assert told(EventKind.SLA_BREACHED) == 4
    assert Timer.objects.filter(conversation=bad, fired_at=None, due_at__lte=at(601)).count() == 0
    monkeypatch.undo()
    timing.sweep(now=at(700))
    assert told(EventKind.SLA_BREACHED) == 5


def test_a_brand_that_somebody_holds_does_not_stop_the_timers_of_the_others(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_by_brand, "PATIENCE", "20ms")
    other = people.ChannelFactory()
    SlaPolicy.objects.create(brand=other.brand, name="Standard", first_response=600)
    write(channel, "mara", "noor")
    write(other, "ines")
    few = partial(timing.due, limit=2)
    monkeypatch.setattr(timing, "due", few)  # what is due in the one fills a look

    with held(channel.brand_id), capture_logs() as logs:
        swept = [timing.sweep(now=at(seconds)) for seconds in (601, 602, 1202)]

    assert swept == [1, 0, 0]
    assert list(Event.objects.filter(kind=EventKind.SLA_BREACHED).values_list("brand", flat=True)) == [
        other.brand_id
    ]
    # Said once, and again while it lasts.
    assert [each["brand"] for each in logs if each["event"] == "brand_held"] == [channel.brand_id] * 2
    assert timing.sweep(now=at(1203)) == 2
    assert told(EventKind.SLA_BREACHED) == 3


def test_a_brand_in_which_more_is_due_than_one_look_finds_does_not_keep_the_others_waiting(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = people.ChannelFactory()
    SlaPolicy.objects.create(brand=other.brand, name="Standard", first_response=900)
    write(channel, "mara", "noor", "otto", "pia")
    write(other, "ines")
    monkeypatch.setattr(timing, "due", partial(timing.due, limit=2))

    assert timing.sweep(now=at(901)) == 3

    late = Event.objects.filter(kind=EventKind.SLA_BREACHED).values_list("brand", flat=True)
    assert sorted(late) == sorted([channel.brand_id, channel.brand_id, other.brand_id])


def test_brands_have_their_turns_a_batch_each(channel: Channel) -> None:
    other = people.ChannelFactory()
    SlaPolicy.objects.create(brand=other.brand, name="Standard", first_response=900)
    write(channel, "mara", "noor", "otto", "pia")
    write(other, "ines")

    assert timing.sweep(now=at(901), pace=Pace(2, most=2, fewest=2)) == 5

    late = Event.objects.filter(kind=EventKind.SLA_BREACHED).order_by("id").values_list("brand", flat=True)
    mine = channel.brand_id
    assert list(late) == [mine, mine, other.brand_id, mine, mine]


def test_what_another_sweeper_has_told_is_not_looked_at_again(channel: Channel) -> None:
    write(channel, "mara", "noor")
    ids = list(timing.due(now=at(601))[channel.brand_id])
    timing.sweep(now=at(601))

    with CaptureQueriesContext(connection) as asked:
        timing._fire(channel.brand_id, at(601), ids)

    assert [each["sql"].split()[0] for each in asked] == ["BEGIN", "SELECT", "SELECT", "SELECT", "COMMIT"]


def test_what_the_database_refuses_in_one_brand_is_told_as_what_it_is_and_stops_no_other(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = people.ChannelFactory()
    SlaPolicy.objects.create(brand=other.brand, name="Standard", first_response=600)
    write(channel, "mara")
    write(other, "ines")
    spoil(monkeypatch, Conversation.objects.get(brand=channel.brand).pk, no_room)

    with capture_logs() as logs:
        assert timing.sweep(now=at(601)) == 1

    told = [each for each in logs if each["event"].startswith("brand_")]
    assert [(each["event"], each["brand"]) for each in told] == [("brand_not_worked", channel.brand_id)]
    assert isinstance(told[0]["exc_info"].__cause__, DiskFull)


def no_room() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$")


def too_slow() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


def test_one_conversation_that_takes_too_long_to_look_at_does_not_stop_the_others(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_by_brand, "LONGEST", "200ms")
    monkeypatch.setattr(timing, "SELDOM", 100_000)
    write(channel, "mara", "noor", "ines", "otto", "pia")
    bad = Conversation.objects.order_by("pk")[2]
    spoil(monkeypatch, bad.pk, too_slow)

    with capture_logs() as logs:
        assert timing.sweep(now=at(601)) == 5

    assert told(EventKind.SLA_BREACHED) == 4
    assert [(each["event"], each["conversation"]) for each in logs] == [("left_out", bad.pk)]
    # It is looked at again the later the longer that took.
    assert Timer.objects.filter(conversation=bad, fired_at=None).earliest("due_at").due_at > at(601 + 3600)


def test_where_most_take_too_long_the_database_is_busy_and_what_stands_alone_is_put_off(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_by_brand, "LONGEST", "200ms")
    monkeypatch.setattr(_isolating, "BUSY_AFTER", 0.7)  # three that were stopped; the fourth is one too many
    write(channel, "mara", "noor", "ines", "otto")
    slow = [each.pk for each in Conversation.objects.order_by("pk")]
    spoil(monkeypatch, slow[0], too_slow)
    spoil(monkeypatch, slow[2], too_slow)

    with capture_logs() as logs:
        assert timing.sweep(now=at(601)) == 0

    assert [each["event"] for each in logs] == ["left_out", "brand_not_worked"]
    assert not Timer.objects.filter(conversation=slow[0], fired_at=None, due_at__lte=at(601)).exists()
    assert timing.sweep(now=at(602)) == 2
    assert told(EventKind.SLA_BREACHED) == 2


def test_what_cannot_be_looked_at_is_put_off_by_whoever_has_the_lock(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_by_brand, "PATIENCE", "20ms")
    write(channel, "mara")
    with held(channel.brand_id), pytest.raises(OperationalError) as refused:
        timing._put_off(channel.brand_id, [Conversation.objects.get().pk], at(601))

    assert isinstance(refused.value.__cause__, LockNotAvailable)


def test_triage_leaves_out_what_it_cannot_look_at_and_goes_on(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["mara", "noor", "ines", "otto", "pia"]
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(who=name)) for name in names], now=at(1))
    bad = Conversation.objects.order_by("pk")[2]
    spoil(monkeypatch, bad.pk)

    triage(channel, at(2))

    assert Clock.objects.count() == 4
    assert triaging.next_batch(channel.brand_id).is_empty


def test_a_sweep_with_nothing_due_among_100_000_timers_costs_little(channel: Channel) -> None:
    many(channel, 100_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_timer")
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT) " + timing.DUE, [at(0), [], timing.A_LOOK])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "timers_to_fire" in plan, plan

    def nothing() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()

    nothing_took, sweep_took = paired(nothing, lambda: timing.sweep(now=at(0)))

    assert sweep_took <= 10 * nothing_took, f"{sweep_took * 1e6:.0f} µs against {nothing_took * 1e6:.0f} µs"


def many(channel: Channel, count: int) -> None:
    conversation = make.conversation(channel)
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH made AS (
                   INSERT INTO inbox_clock (conversation_id, kind, started_at, state, policy_name, policy_version, target, counted)
                   SELECT %s, 'first', %s + n * interval '1 second', 'running', '', 1, 600, 0 FROM generate_series(1, %s) n
                   RETURNING id, started_at)
               INSERT INTO inbox_timer (brand_id, conversation_id, clock_id, kind, percent, due_at)
               SELECT %s, %s, id, 'breach', 0, started_at FROM made""",
            [conversation.pk, at(600), count, channel.brand_id, conversation.pk],
        )


def paired(first: Callable[[], Any], second: Callable[[], Any], rounds: int = 200) -> tuple[float, float]:
    """The medians of both, taken in turns, so that whatever else the machine does happens to both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, kept in zip((first, second), times, strict=True):
            begun = time.perf_counter()
            work()
            kept.append(time.perf_counter() - begun)
    return sorted(times[0])[rounds // 2], sorted(times[1])[rounds // 2]
