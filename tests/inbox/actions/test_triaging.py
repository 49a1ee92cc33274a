"""What triage makes of what happened: through the same doors as in the product, and whatever the order of the news."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.actions import (
    closing,
    contacts,
    hours,
    noting,
    policies,
    promising,
    receiving,
    replying,
    sending,
    snoozing,
    tagging_work,
    timing,
    triaging,
    undoing,
)
from inbox.actions.receiving import Arrival
from inbox.exchange import Origin, Party, ReachChanged
from inbox.models import (
    BrandSequence,
    Channel,
    Clock,
    ClockSegment,
    Conversation,
    Event,
    EventKind,
    Message,
    Person,
    PriorityWeights,
    SlaPolicy,
    Timer,
    TriageCursor,
)
from inbox.queries import clocks as clock_query
from inbox.queries import triage_facts
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    return made


@pytest.fixture
def agent(channel: Channel) -> Person:
    return people.agent_of(channel.brand)


def policy(channel: Channel, **fields: Any) -> SlaPolicy:
    return SlaPolicy.objects.create(
        **{"brand": channel.brand, "name": "Standard", "first_response": 600, "next_response": 3600, "resolution": 86400,
           "warnings": [50, 80], **fields}
    )  # fmt: skip


def arrive(channel: Channel, *said: Any, after: float = 1) -> None:
    """The platform tells; Parley learns of it `after` seconds from the newest."""
    receiving.receive(
        arrivals=[Arrival(channel.pk, each) for each in said],
        now=max(each.sent_at for each in said) + timedelta(seconds=after),
    )


def triage(channel: Channel, now: datetime) -> None:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=now)


def clocks() -> list[tuple[str, str, float, float | None]]:
    """(kind, state, started, ended) in seconds after noon."""
    found = Clock.objects.order_by("started_at", "kind")
    return [
        (
            clock.kind, clock.state, (clock.started_at - exchange.NOON).total_seconds(),
            (clock.ended_at - exchange.NOON).total_seconds() if clock.ended_at else None,
        )
        for clock in found
    ]  # fmt: skip


def at(seconds: float) -> datetime:
    return exchange.at(seconds)


def told(kind: EventKind) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("seq"))


def test_a_customers_message_starts_the_clocks_at_the_platforms_time(channel: Channel) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0), after=5)

    triage(channel, at(6))

    assert clocks() == [("first", "running", 0, None), ("resolution", "running", 0, None)]
    conversation = Conversation.objects.get()
    assert (conversation.due_at, conversation.due_kind) == (at(600), "first")
    assert conversation.due_reason == "first response, Standard"


def test_an_answer_ends_the_response_and_pauses_the_resolution(channel: Channel) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    arrive(channel, exchange.echoed("We are on it.", seconds=90))

    triage(channel, at(92))

    assert clocks() == [("first", "met", 0, 90), ("resolution", "paused", 0, None)]
    assert Conversation.objects.get().due_at is None
    segments = list(ClockSegment.objects.values_list("counts", "counted", "reason"))
    assert segments == [(True, 90.0, "the customer waits")]


def test_the_next_message_starts_the_next_response(channel: Channel) -> None:
    policy(channel)
    arrive(
        channel,
        exchange.wrote(seconds=0),
        exchange.echoed("We are on it.", seconds=90),
        exchange.wrote(seconds=200),
    )

    triage(channel, at(201))

    assert clocks() == [
        ("first", "met", 0, 90),
        ("resolution", "running", 0, None),
        ("next", "running", 200, None),
    ]


def test_resolving_ends_them_all(channel: Channel, agent: Person) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at(300))

    triage(channel, at(301))

    assert clocks() == [("first", "cancelled", 0, 300), ("resolution", "met", 0, 300)]
    assert Conversation.objects.get().due_at is None
    assert not Timer.objects.exists()


def test_what_needs_no_answer_stops_the_response_without_meeting_it(channel: Channel, agent: Person) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    promising.no_reply_needed(conversation=Conversation.objects.get(), by=agent, now=at(100))

    triage(channel, at(101))

    assert clocks() == [("first", "cancelled", 0, 100), ("resolution", "paused", 0, None)]


def test_what_was_a_next_response_when_it_ended_stays_one(channel: Channel, agent: Person) -> None:
    """The first answer after what needed none is the first response only since an upgrade."""
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    promising.no_reply_needed(conversation=Conversation.objects.get(), by=agent, now=at(60))
    arrive(channel, exchange.wrote(seconds=600), exchange.echoed("There.", seconds=700))
    triage(channel, at(701))
    kept = Clock.objects.filter(started_at=at(600))
    kept.update(kind="next", target=3600)
    before = list(kept.values())

    arrive(channel, exchange.wrote(seconds=300_000))
    triage(channel, at(300_001))

    assert list(kept.values()) == before
    assert Clock.objects.filter(kind="next", started_at=at(300_000)).exists()


def test_a_brand_that_was_never_looked_at_is_found_without_being_told_of(channel: Channel) -> None:
    """Its first message may come while the broker is away."""
    arrive(channel, exchange.wrote(seconds=0))

    assert triaging.behind() == [channel.brand_id]


def test_a_batch_that_was_cut_off_says_that_there_is_more(channel: Channel) -> None:
    """So that whoever is behind does not pause to let more come together."""
    arrive(channel, exchange.wrote(seconds=0))
    arrive(channel, exchange.wrote(seconds=1))

    assert triaging.next_batch(channel.brand_id, limit=1).more
    assert not triaging.next_batch(channel.brand_id).more


@pytest.mark.parametrize(
    ("who", "sizes"), [(1, [30, 10]), (3, [30, 10]), (12, [22, 8, 8, 2]), (40, [8, 8, 8, 6, 8, 2])]
)
def test_whoever_is_behind_looks_once_at_a_conversation_with_all_that_was_said_in_it(
    who: int, sizes: list[int], channel: Channel
) -> None:
    """Thirty events are read ahead, and eight conversations are looked at together."""
    for second in range(40):
        arrive(channel, exchange.wrote(who=f"customer{second % who}", seconds=second))

    taken: list[list[int]] = []
    while not (ahead := triaging.Ahead(channel.brand_id, limit=30)).is_empty:
        looked: set[int] = set()
        while not (batch := ahead.take(8)).is_empty:
            assert looked.isdisjoint(batch.since)
            looked |= set(batch.since)
            taken.append(batch.message_ids)
            assert triaging.move_on(batch)

    assert [len(each) for each in taken] == sizes
    assert sorted(pk for each in taken for pk in each) == sorted(Message.objects.values_list("pk", flat=True))
    assert triaging.behind() == []


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_what_was_read_ahead_by_somebody_who_died_is_read_again(looks: int, channel: Channel) -> None:
    """The cursor passes nothing that nobody has looked at."""
    for second in range(40):
        arrive(channel, exchange.wrote(who=f"customer{second * 7 % 20}", seconds=second))
    seen: set[int] = set()
    ahead = triaging.Ahead(channel.brand_id)
    for _ in range(looks):
        batch = ahead.take(6)
        seen.update(batch.message_ids)
        triaging.move_on(batch)
    cursor = TriageCursor.objects.get().seq

    passed = Event.objects.filter(seq__lte=cursor, kind=EventKind.MESSAGE_RECEIVED)
    assert set(passed.values_list("message_id", flat=True)) <= seen

    again = triaging.Ahead(channel.brand_id)
    while not (batch := again.take(6)).is_empty:
        seen.update(batch.message_ids)
        triaging.move_on(batch)
    assert seen == set(Message.objects.values_list("pk", flat=True))


def test_a_batch_has_no_more_to_read_than_is_read_in_half_a_second(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor has a flood in one conversation: what follows is read ahead after it."""
    monkeypatch.setattr(triaging, "MESSAGES", 10)
    for second, who in enumerate(["zoe"] * 3 + ["busy"] * 12 + ["anna"] * 6 + ["zoe"] * 6):
        arrive(channel, exchange.wrote(who=who, seconds=second))

    sizes = []
    while not (ahead := triaging.Ahead(channel.brand_id)).is_empty:
        while not (batch := ahead.take()).is_empty:
            sizes.append(len(batch.message_ids))
            assert batch.more == (sum(sizes) < 27)
            triaging.move_on(batch)

    assert sizes == [3, 10, 8, 6]
    assert triaging.behind() == []


def test_a_triaged_brand_comes_to_rest(channel: Channel) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))

    triage(channel, at(2))

    assert triaging.behind() == []
    assert TriageCursor.objects.get().seq == BrandSequence.objects.get().last
    assert len(told(EventKind.TRIAGED)) == 1


def test_warnings_and_the_breach_are_told_by_the_sweep_each_once(channel: Channel) -> None:
    policy(channel, next_response=None, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))

    for seconds in (299, 300, 301, 480, 481, 599, 600, 601, 700):
        timing.sweep(now=at(seconds))

    assert [(event.at, event.data["percent"]) for event in told(EventKind.SLA_WARNED)] == [
        (at(300), 50),
        (at(480), 80),
    ]
    assert [event.at for event in told(EventKind.SLA_BREACHED)] == [at(600)]
    clock = Clock.objects.get()
    assert (clock.breached_at, clock.state) == (at(600), "running")
    conversation = Conversation.objects.get()
    assert conversation.priority == 1
    assert any("promise was not kept" in why for _, why in conversation.priority_reasons)


# Whatever the order in which the platform tells it, the clocks come to be the same.


def story() -> list[Any]:
    first = exchange.wrote(seconds=0, external_id="m-first")
    return [
        first,
        exchange.wrote(seconds=30, external_id="m-second"),
        exchange.echoed("On it.", seconds=90, external_id="m-answer"),
        exchange.wrote(seconds=200, external_id="m-third"),
        exchange.echoed("Done.", seconds=260, external_id="m-done"),
        exchange.wrote(seconds=400, external_id="m-thanks"),
    ]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(1, 5)))
def test_any_order_of_arrival_and_any_batches_give_the_same_clocks(order: list[int], cuts: set[int]) -> None:
    channel = people.ChannelFactory()
    policy(channel)
    said = [story()[number] for number in order]
    edges = [0, *sorted(cuts), len(said)]
    for first, last in pairwise(edges):
        receiving.receive(
            arrivals=[Arrival(channel.pk, each) for each in said[first:last]], now=at(500 + first)
        )
        triage(channel, at(501 + first))

    found = Clock.objects.filter(conversation__channel=channel).order_by("started_at", "kind")
    assert [
        (c.kind, c.state, (c.started_at - exchange.NOON).total_seconds(), c.counted if c.ended_at else None)
        for c in found
    ] == [
        ("first", "met", 0, 90),
        ("resolution", "running", 0, None),
        ("next", "met", 200, 60),
        ("next", "running", 400, None),
    ]
    for clock in found.exclude(ended_at=None):
        parts = list(clock.segments.values_list("started_at", "ended_at", "counted"))
        assert [part[0] for part in parts] == [clock.started_at, *[part[1] for part in parts[:-1]]]
        assert parts[-1][1] == clock.ended_at
        assert sum(part[2] for part in parts) == clock.counted


def test_looking_again_writes_nothing(channel: Channel) -> None:
    policy(channel)
    arrive(channel, *story())
    triage(channel, at(402))
    before = list(Clock.objects.values()), list(Timer.objects.values()), Conversation.objects.values().get()
    TriageCursor.objects.update(seq=0)

    triage(channel, at(403))

    assert (
        list(Clock.objects.values()),
        list(Timer.objects.values()),
        Conversation.objects.values().get(),
    ) == before


def test_an_older_message_that_comes_late_moves_the_start_and_a_told_breach_stays_told(
    channel: Channel,
) -> None:
    policy(channel, next_response=None, resolution=None)
    arrive(channel, exchange.wrote(seconds=100))
    triage(channel, at(102))
    timing.sweep(now=at(701))
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(seconds=0))], now=at(800))

    triage(channel, at(801))
    timing.sweep(now=at(802))

    assert clocks() == [("first", "running", 0, None)]
    assert Clock.objects.get().breached_at == at(700)
    assert len(told(EventKind.SLA_BREACHED)) == 1


def test_an_answer_that_was_sent_in_time_and_learned_late_meets_the_target(channel: Channel) -> None:
    policy(channel, next_response=None, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    timing.sweep(now=at(601))
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.echoed("Here!", seconds=300))], now=at(900))

    triage(channel, at(901))

    assert clocks() == [("first", "met", 0, 300)]
    assert len(told(EventKind.SLA_BREACHED)) == 1


def test_an_answer_learned_after_all_is_over_is_taken_off_what_the_resolution_used(
    channel: Channel, agent: Person
) -> None:
    policy(channel, resolution=1000)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    timing.sweep(now=at(1001))
    closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at(1500))
    triage(channel, at(1501))
    assert clocks() == [("first", "cancelled", 0, 1500), ("resolution", "missed", 0, 1500)]
    breaches = len(told(EventKind.SLA_BREACHED))
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.echoed("Here!", seconds=300))], now=at(1600))

    triage(channel, at(1601))
    timing.sweep(now=at(1602))

    assert clocks() == [("first", "met", 0, 300), ("resolution", "met", 0, 1500)]
    resolution = Clock.objects.get(kind="resolution")
    assert resolution.counted == 300
    assert list(resolution.segments.order_by("started_at").values_list("counted", "reason")) == [
        (300.0, "the customer waits"),
        (0.0, "waiting for the customer"),
    ]
    assert len(told(EventKind.SLA_BREACHED)) == breaches


def test_a_snooze_that_is_taken_back_after_the_answer_has_stopped_nothing(
    channel: Channel, agent: Person
) -> None:
    policy(channel, first_response=300, next_response=None, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    snoozing.snooze(conversation=Conversation.objects.get(), until=at(9000), by=agent, now=at(120))
    arrive(channel, exchange.echoed("Sorry for the wait.", seconds=480))
    triage(channel, at(482))
    assert [(clock.state, clock.counted) for clock in Clock.objects.all()] == [("met", 120)]

    undoing.undo(brand=channel.brand, by=agent, now=at(500))
    triage(channel, at(501))
    timing.sweep(now=at(502))

    assert [(clock.state, clock.counted) for clock in Clock.objects.all()] == [("missed", 480)]
    assert list(ClockSegment.objects.values_list("counted", "reason")) == [(480.0, "the customer waits")]
    assert len(told(EventKind.SLA_BREACHED)) == 1


@pytest.mark.parametrize("changed", ["the policy", "its hours"])
def test_what_ended_under_another_version_of_the_promise_is_not_counted_anew(
    channel: Channel, agent: Person, changed: str
) -> None:
    always = {str(day): [[0, 1440]] for day in range(7)}
    kept: dict[str, Any] = {"brand": channel.brand, "name": "Always", "time_zone": "UTC", "holidays": []}
    opening = hours.save(hours=None, week=always, by=agent, now=at(0), **kept)
    row = policy(channel, resolution=None, hours=opening)
    arrive(channel, exchange.wrote(seconds=0), exchange.echoed("On it.", seconds=90))
    triage(channel, at(92))
    if changed == "the policy":
        policies.write(channel.brand, row, {"name": row.name, "first_response": 60})
    else:
        hours.save(hours=opening, week={"0": [[0, 60]]}, by=agent, now=at(95), **kept)
    arrive(channel, exchange.wrote(seconds=100))

    triage(channel, at(101))

    first = Clock.objects.get(kind="first")
    assert (first.state, first.counted, first.policy_version) == ("met", 90, 1)
    assert Clock.objects.get(kind="next").policy_version == 2


def test_an_edit_changes_no_clock(channel: Channel) -> None:
    policy(channel)
    message = exchange.wrote(seconds=0)
    arrive(channel, message)
    triage(channel, at(2))
    before = list(Clock.objects.values())
    receiving.receive(
        arrivals=[Arrival(channel.pk, exchange.edited(message, "Where is it?", seconds=60))], now=at(61)
    )

    triage(channel, at(62))

    assert list(Clock.objects.values()) == before


def test_unsending_the_only_message_cancels_the_response(channel: Channel) -> None:
    policy(channel)
    message = exchange.wrote(seconds=0)
    arrive(channel, message)
    triage(channel, at(2))
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.unsent(message, seconds=90))], now=at(91))

    triage(channel, at(92))

    assert clocks() == [("first", "cancelled", 0, 90), ("resolution", "paused", 0, None)]
    assert Conversation.objects.get().waiting_since is None


def test_history_starts_no_clock(channel: Channel) -> None:
    policy(channel)
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(seconds=0))], now=at(9), historical=True)

    triage(channel, at(10))

    assert clocks() == []


def test_what_the_platform_says_itself_wakes_nobody_and_stops_no_clock(
    channel: Channel, agent: Person
) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote("Wo ist mein Paket?", seconds=0))
    triage(channel, at(2))
    seen = Conversation.objects.get()
    snoozing.snooze(conversation=seen, until=at(400), by=agent, now=at(100))
    arrive(channel, exchange.told("Another app answers from here on, as was arranged before.", seconds=200))

    triage(channel, at(202))

    asleep = Conversation.objects.get()
    assert (asleep.state, asleep.snoozed_until, asleep.language) == ("snoozed", at(400), seen.language)
    timing.sweep(now=at(400))
    triage(channel, at(401))
    awake = Conversation.objects.get()
    assert (awake.state, awake.waiting_since, awake.due_at) == ("open", at(0), at(900))


def test_what_the_platform_says_itself_opens_nothing_and_is_no_news_to_whoever_resolves(
    channel: Channel, agent: Person
) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    seen = Conversation.objects.get().seq
    arrive(channel, exchange.told("Bob left the conversation.", seconds=10))
    closing.resolve(conversation=Conversation.objects.get(), by=agent, seen_seq=seen, now=at(20))
    arrive(channel, exchange.told("Bob joined the conversation.", seconds=30))

    triage(channel, at(31))

    resolved = Conversation.objects.get()
    assert (resolved.state, resolved.unread_count, resolved.waiting_since) == ("resolved", 0, None)
    assert (resolved.message_count, resolved.last_message_text) == (3, "Bob joined the conversation.")
    assert resolved.last_inbound_at == at(0)


def test_a_note_and_a_bot_answer_nobody(channel: Channel, agent: Person) -> None:
    policy(channel, resolution=None)
    Channel.objects.update(other_apps_are_bots=True)
    arrive(channel, exchange.wrote(seconds=0))
    noting.add_note(
        conversation=Conversation.objects.get(), by=agent, client_id=uuid4(), text="Who knows?", now=at(5)
    )
    arrive(channel, replace(exchange.echoed("We will be back soon.", seconds=10), origin=Origin.AUTOMATION))

    triage(channel, at(12))

    assert clocks() == [("first", "running", 0, None)]
    assert Conversation.objects.get().waiting_since == at(0)


def test_a_reply_counts_when_it_was_sent_and_not_when_it_was_written(channel: Channel, agent: Person) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    reply = replying.queue_reply(
        conversation=Conversation.objects.get(),
        by=agent,
        client_id=uuid4(),
        text="Coming.",
        written_against=99,
        now=at(60),
    )[0]
    triage(channel, at(61))
    assert clocks() == [("first", "running", 0, None)]

    sending.claim_reply(message_id=reply.pk, now=at(70))
    triage(channel, at(71))
    assert clocks() == [("first", "running", 0, None)]

    sending.mark_reply_sent(message_id=reply.pk, external_id="m-ours", at=at(72), now=at(73))
    triage(channel, at(74))
    assert clocks() == [("first", "met", 0, 72)]


def test_a_reply_that_failed_answers_nobody(channel: Channel, agent: Person) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    reply = replying.queue_reply(
        conversation=Conversation.objects.get(),
        by=agent,
        client_id=uuid4(),
        text="Coming.",
        written_against=99,
        now=at(60),
    )[0]
    sending.claim_reply(message_id=reply.pk, now=at(70))
    sending.mark_reply_failed(message_id=reply.pk, attempt=1, reason="Refused.", now=at(71))

    triage(channel, at(72))

    assert clocks() == [("first", "running", 0, None)]


def test_a_platform_whose_clock_is_ahead_makes_no_answer_late(channel: Channel, agent: Person) -> None:
    policy(channel, resolution=None)
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(seconds=3600))], now=at(1))
    reply = replying.queue_reply(
        conversation=Conversation.objects.get(),
        by=agent,
        client_id=uuid4(),
        text="Coming.",
        written_against=99,
        now=at(60),
    )[0]
    sending.claim_reply(message_id=reply.pk, now=at(60))
    sending.mark_reply_sent(message_id=reply.pk, external_id="m-ours", at=at(3661), now=at(61))

    triage(channel, at(62))

    assert clocks() == [("first", "met", 1, 180)]


def test_a_changed_policy_moves_what_runs_and_leaves_what_ended(channel: Channel) -> None:
    row = policy(channel, resolution=None)
    arrive(
        channel, exchange.wrote(seconds=0), exchange.echoed("On it.", seconds=90), exchange.wrote(seconds=200)
    )
    triage(channel, at(201))
    SlaPolicy.objects.filter(pk=row.pk).update(first_response=60, next_response=120, version=2)
    arrive(channel, exchange.wrote(seconds=210))

    triage(channel, at(212))

    found = Clock.objects.order_by("started_at").values_list("kind", "state", "target", "policy_version")
    assert list(found) == [("first", "met", 600, 1), ("next", "running", 120, 2)]
    assert Conversation.objects.get().due_at == at(320)


def test_a_new_policy_does_not_judge_the_past(channel: Channel) -> None:
    arrive(channel, exchange.wrote(seconds=0), exchange.echoed("At last.", seconds=9000))
    triage(channel, at(9002))
    policy(channel, resolution=None)
    later = 3 * 86400
    arrive(channel, exchange.wrote(seconds=later))

    triage(channel, at(later + 2))

    assert clocks() == [("next", "running", later, None)]


def test_a_tag_may_choose_the_policy(channel: Channel) -> None:
    policy(channel, name="Refunds", tags=["Refund"], first_response=120, resolution=None, position=0)
    policy(channel, name="All", position=1, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    Conversation.objects.update(tags=["Refund"])

    triage(channel, at(2))

    assert Clock.objects.get().policy_name == "Refunds"


def test_reopening_by_hand_begins_a_spell_in_which_the_customer_still_waits(
    channel: Channel, agent: Person
) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at(50))
    triage(channel, at(51))
    closing.reopen(conversation=Conversation.objects.get(), by=agent, now=at(100))

    triage(channel, at(101))
    arrive(channel, exchange.wrote(seconds=120))
    triage(channel, at(122))

    assert clocks() == [
        ("first", "cancelled", 0, 50),
        ("resolution", "met", 0, 50),
        ("next", "running", 100, None),
        ("resolution", "running", 100, None),
    ]


def test_spam_by_mistake_begins_a_spell_when_it_is_opened_and_nothing_is_late_at_once(
    channel: Channel, agent: Person
) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    closing.mark_spam(conversation=Conversation.objects.get(), by=agent, now=at(50))
    triage(channel, at(51))
    arrive(channel, exchange.wrote("It is no spam!", seconds=90))
    triage(channel, at(92))
    assert Conversation.objects.get().due_at is None
    monday = 3 * 86400
    closing.reopen(conversation=Conversation.objects.get(), by=agent, now=at(monday))

    triage(channel, at(monday + 1))
    timing.sweep(now=at(monday + 2))

    assert clocks() == [
        ("first", "cancelled", 0, 50),
        ("resolution", "cancelled", 0, 50),
        ("next", "running", monday, None),
        ("resolution", "running", monday, None),
    ]
    assert not told(EventKind.SLA_BREACHED)
    assert Conversation.objects.get().waiting_since == at(0)


def test_what_was_resolved_and_then_spam_waits_again_however_often_it_is_looked_at(
    channel: Channel, agent: Person
) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    for when, act in ((50, closing.resolve), (60, closing.mark_spam), (100, closing.reopen)):
        act(conversation=Conversation.objects.get(), by=agent, now=at(when))
        triage(channel, at(when + 1))
    promising.promise(conversation=Conversation.objects.get(), at=at(9000), by=agent, now=at(200))
    triage(channel, at(201))

    assert clocks() == [("first", "cancelled", 0, 50), ("next", "running", 100, None)]
    assert Conversation.objects.get().waiting_since == at(0)


def test_marking_spam_and_taking_it_back_tells_no_warning_twice(channel: Channel, agent: Person) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    timing.sweep(now=at(301))
    closing.mark_spam(conversation=Conversation.objects.get(), by=agent, now=at(310))
    triage(channel, at(311))
    undoing.undo(brand=channel.brand, by=agent, now=at(320))
    triage(channel, at(321))

    for seconds in (322, 479, 481, 601):
        timing.sweep(now=at(seconds))

    assert [event.data["percent"] for event in told(EventKind.SLA_WARNED)] == [50, 80]
    assert len(told(EventKind.SLA_BREACHED)) == 1


@pytest.mark.parametrize(
    ("comes_back", "warned", "late"),
    [(600, [(301, 50), (481, 80)], 601), (900, [(301, 50), (451, 50), (721, 80)], 901)],
    ids=["as it was", "with more time"],
)
def test_a_policy_that_comes_back_gives_again_only_the_warnings_that_lie_ahead_again(
    comes_back: int, warned: list[tuple[int, int]], late: int, channel: Channel
) -> None:
    standard = policy(channel, next_response=None, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    timing.sweep(now=at(301))
    for seconds, target in ((310, None), (320, comes_back)):
        SlaPolicy.objects.filter(pk=standard.pk).update(first_response=target, version=seconds)
        arrive(channel, exchange.wrote("Hello?", seconds=seconds))
        triage(channel, at(seconds + 2))

    for seconds in (451, 481, 601, 719, 721, 901):
        timing.sweep(now=at(seconds))

    assert [(event.at, event.data["percent"]) for event in told(EventKind.SLA_WARNED)] == [
        (at(seconds), percent) for seconds, percent in warned
    ]
    assert [event.at for event in told(EventKind.SLA_BREACHED)] == [at(late)]


@pytest.mark.parametrize("pauses", [True, False])
def test_what_a_bot_or_the_customer_has_stands_still_if_the_policy_says_so(
    pauses: bool, channel: Channel, agent: Person
) -> None:
    policy(channel, resolution=None, pauses_pending=pauses)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    snoozing.leave(conversation=Conversation.objects.get(), by=agent, now=at(100))
    triage(channel, at(101))
    assert Clock.objects.get().state == ("paused" if pauses else "running")

    snoozing.wake(conversation=Conversation.objects.get(), by=agent, now=at(400))
    triage(channel, at(401))

    assert Clock.objects.get().due_at == at(900 if pauses else 600)


def test_a_promise_is_due_when_nothing_is_due_before(channel: Channel, agent: Person) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote(seconds=0), exchange.echoed("By three.", seconds=60))
    triage(channel, at(62))
    promising.promise(conversation=Conversation.objects.get(), at=at(7200), by=agent, now=at(63))

    triage(channel, at(64))

    conversation = Conversation.objects.get()
    assert (conversation.due_at, conversation.due_kind) == (at(7200), "promise")


def test_a_closing_window_is_due_only_while_the_customer_waits(channel: Channel) -> None:
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    conversation = Conversation.objects.get()
    assert (conversation.due_at, conversation.due_kind) == (at(86400 - 90), "window")

    arrive(channel, exchange.echoed("On it.", seconds=60))
    triage(channel, at(62))

    assert Conversation.objects.get().due_at is None


def test_a_window_presses_nobody_who_cannot_be_written_to(channel: Channel) -> None:
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    assert Conversation.objects.get().due_kind == "window"

    blocked = [Arrival(channel.pk, ReachChanged("mara", at(60), "Mara has blocked the account."))]
    receiving.receive(arrivals=blocked, now=at(61))
    triage(channel, at(62))

    conversation = Conversation.objects.get()
    assert (conversation.due_at, conversation.due_kind) == (None, "")


def test_more_followers_weigh_as_soon_as_they_are_known(channel: Channel) -> None:
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))

    contacts.update_profile(
        channel_id=channel.pk,
        party=Party("mara", name="Mara", username="mara.k", followers=20_000),
        now=at(3),
    )
    triage(channel, at(4))

    assert "more than 10,000 followers" in [why for _, why in Conversation.objects.get().priority_reasons]


def test_the_pane_shows_clocks_whose_segments_add_up(channel: Channel) -> None:
    policy(channel)
    arrive(
        channel, exchange.wrote(seconds=0), exchange.echoed("On it.", seconds=90), exchange.wrote(seconds=200)
    )
    triage(channel, at(201))

    shown = clock_query.of(Conversation.objects.get(), now=at(250.5))

    assert [(clock.label, clock.state, clock.counted) for clock in shown] == [
        ("Next response", "running", 50.5),
        ("First response", "met", 90),
        ("Resolution", "running", 140.5),
    ]
    resolution = shown[-1]
    assert [(each.reason, each.seconds) for each in resolution.segments] == [
        ("the customer waits", 90),
        ("waiting for the customer", 0),
        ("the customer waits", 50.5),
    ]
    for clock in shown:
        assert sum(each.seconds for each in clock.segments) == clock.counted


@pytest.mark.parametrize(
    ("looked", "counted", "until", "turns"),
    [(70, ["70", "70"], 3600, 3600), (4000, [], None, 12 * 3600)],
    ids=["in the day's work", "after it"],
)
def test_a_clock_that_counts_says_until_when_its_figures_go_on_by_themselves(
    channel: Channel, agent: Person, looked: float, counted: list[str], until: float | None, turns: float
) -> None:
    """Nothing is told when the desk closes, an hour after noon, nor when it opens at midnight: the pane says when to look again."""
    kept: dict[str, Any] = {"brand": channel.brand, "name": "Short", "time_zone": "UTC", "holidays": []}
    week = {str(day): [[0, 780]] for day in range(7)}
    opening = hours.save(hours=None, week=week, by=agent, now=at(0), **kept)
    policy(channel, resolution=None, hours=opening)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    conversation = Conversation.objects.get()

    facts = triage_facts.of(conversation, brand_slug="lumen", now=at(looked))
    shown = render_to_string("inbox/_triage.html", {"triage": facts})

    since = f'since="{at(looked).isoformat()}" until="{at(until).isoformat()}"' if until else ""
    assert re.findall(r'<lasting-time seconds="(\d+)"', shown) == counted
    assert shown.count(since) == len(counted) or not since
    assert re.findall(r'data-turns="([^"]+)"', shown) == [at(turns).isoformat()]


def test_a_clock_without_hours_counts_on_and_one_that_stands_still_does_not(channel: Channel) -> None:
    policy(channel, first_response=None, next_response=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    [runs] = clock_query.of(Conversation.objects.get(), now=at(9))
    arrive(channel, exchange.echoed("On it.", seconds=20))
    triage(channel, at(22))
    [rests] = clock_query.of(Conversation.objects.get(), now=at(30))

    assert runs.going_on == (at(9), at(9) + timedelta(days=1))
    assert rests.going_on is None
    assert runs.turns is rests.turns is None


def test_the_pane_keeps_what_runs_and_what_was_broken_however_much_was_said_since(channel: Channel) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    timing.sweep(now=at(601))
    for turn in range(1000, 9000, 1000):
        arrive(
            channel, exchange.echoed("One moment.", seconds=turn), exchange.wrote("And?", seconds=turn + 10)
        )
    triage(channel, at(8012))

    shown = clock_query.of(Conversation.objects.get(), now=at(8020))

    assert [(clock.label, clock.state) for clock in shown] == [
        ("Next response", "running"), ("Next response", "met"), ("Next response", "met"), ("Next response", "met"),
        ("First response", "missed"), ("Resolution", "running"),
    ]  # fmt: skip


def test_what_the_pane_shows_of_segments_adds_up_before_the_eye(channel: Channel) -> None:
    """Each of these rounds down by itself."""
    policy(channel, pauses_for_customer=False, hours=None)
    arrive(channel, exchange.wrote(seconds=0), exchange.echoed("On it.", seconds=10.4))
    arrive(channel, exchange.wrote(seconds=20.8), exchange.echoed("Done.", seconds=31.2))
    triage(channel, at(40))

    resolution = clock_query.of(Conversation.objects.get(), now=at(41.6))[-1]

    assert [each.shown for each in resolution.segments] == [10, 11, 10, 11]
    assert sum(each.shown for each in resolution.segments) == round(resolution.counted) == 42


def test_a_broken_promise_shows_where_it_was_warned_and_broken(channel: Channel) -> None:
    policy(channel, resolution=None)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    for seconds in (301, 481, 601):
        timing.sweep(now=at(seconds))
    arrive(channel, exchange.echoed("Sorry!", seconds=700))
    triage(channel, at(702))

    [clock] = clock_query.of(Conversation.objects.get(), now=at(800))

    assert [
        (getattr(line, "text", "") or line.reason, (getattr(line, "at", None) or line.started_at) - at(0))
        for line in clock.lines
    ] == [
        ("the customer waits", timedelta(0)),
        ("50 % used up: warned", timedelta(seconds=300)),
        ("80 % used up: warned", timedelta(seconds=480)),
        ("the target is used up: late", timedelta(seconds=600)),
    ]
    assert (clock.late_by, clock.ended_at) == (100, at(700))


def test_a_reply_into_a_resolved_conversation_begins_a_spell(channel: Channel, agent: Person) -> None:
    policy(channel)
    arrive(channel, exchange.wrote(seconds=0), exchange.echoed("Hi.", seconds=5))
    closing.resolve(conversation=Conversation.objects.get(), by=agent, now=at(50))
    triage(channel, at(51))
    reply = replying.queue_reply(
        conversation=Conversation.objects.get(),
        by=agent,
        client_id=uuid4(),
        text="One more thing.",
        written_against=99,
        now=at(60),
    )[0]
    sending.claim_reply(message_id=reply.pk, now=at(61))
    sending.mark_reply_sent(message_id=reply.pk, external_id="m-ours", at=at(62), now=at(63))

    triage(channel, at(64))

    assert clocks()[-1] == ("resolution", "paused", 60, None)


def test_a_batch_touches_no_more_conversations_than_the_lock_may_be_held_for(channel: Channel) -> None:
    policy(channel)
    arrive(channel, *[exchange.wrote(who=f"customer{number}") for number in range(100)])

    assert len(triaging.next_batch(channel.brand_id).since) == triaging.CONVERSATIONS

    triage(channel, at(3))

    assert Clock.objects.filter(kind="first").count() == 100


def test_the_number_of_queries_does_not_depend_on_the_number_of_conversations(channel: Channel) -> None:
    policy(channel)

    def queries(*names: str) -> int:
        arrive(channel, *[exchange.wrote(who=name) for name in names])
        with CaptureQueriesContext(connection) as asked:
            triaging.triage(triaging.next_batch(channel.brand_id), None, now=at(3))
        triage(channel, at(4))
        return len(asked)

    queries("warm")

    assert queries("one") == queries(*[f"customer{number}" for number in range(40)])


def test_a_priority_that_changes_chooses_another_policy_at_once(channel: Channel) -> None:
    policy(channel, name="Urgent", priorities=[1], first_response=60, resolution=None, position=0)
    policy(channel, name="Others", first_response=6000, resolution=None, position=1)
    PriorityWeights.objects.update_or_create(
        brand=channel.brand, defaults={"weights": {"waits_10m": 100, "window_1d": 0}}
    )
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    assert Clock.objects.get().policy_name == "Others"

    timing.sweep(now=at(601))

    clock = Clock.objects.get()
    assert (clock.policy_name, clock.target, Conversation.objects.get().priority) == ("Urgent", 60, 1)


@pytest.mark.parametrize("priorities", [[1], [1, 2]], ids=["urgent", "urgent and high"])
def test_a_broken_promise_makes_urgent_also_where_the_policy_for_urgent_ones_would_not(
    channel: Channel, agent: Person, priorities: list[int]
) -> None:
    row = {"priorities": priorities, "first_response": 300, "resolution": None, "position": 0}
    policy(channel, name="Urgent", raises_priority=False, **row)
    policy(channel, name="Everybody", first_response=600, resolution=None, position=1)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))

    for seconds in (601, 602):
        timing.sweep(now=at(seconds))
        assert Conversation.objects.get().priority == 1

    looked = len(told(EventKind.TRIAGED))
    promising.promise(conversation=Conversation.objects.get(), at=at(7000), by=agent, now=at(610))
    triage(channel, at(611))
    assert (Conversation.objects.get().priority, Clock.objects.get().policy_name) == (1, "Everybody")
    assert len(told(EventKind.TRIAGED)) == looked  # the promise is later than what is late


def test_a_broken_promise_yields_to_one_before_it_that_asks_for_no_priority_and_goes_when_it_holds_no_more(
    channel: Channel, agent: Person
) -> None:
    policy(channel, name="Urgent", priorities=[1], first_response=300, resolution=None, position=0)
    policy(channel, name="Everybody", first_response=600, resolution=None, position=2)
    policy(channel, name="Others", first_response=500, resolution=None, position=3)
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    timing.sweep(now=at(601))

    def looked_at(seconds: float) -> tuple[int, str]:
        promising.promise(
            conversation=Conversation.objects.get(), at=at(7000 + seconds), by=agent, now=at(seconds)
        )
        triage(channel, at(seconds + 1))
        return Conversation.objects.get().priority, Clock.objects.get().policy_name

    policy(channel, name="Sooner", first_response=400, resolution=None, position=1)
    assert looked_at(610) == (1, "Sooner")

    SlaPolicy.objects.filter(name__in=["Sooner", "Everybody"]).update(is_active=False)
    assert looked_at(620) == (1, "Others")


def test_when_the_window_has_closed_it_is_due_no_more(channel: Channel) -> None:
    arrive(channel, exchange.wrote(seconds=0))
    triage(channel, at(2))
    closes = Conversation.objects.get().due_at
    assert closes is not None

    timing.sweep(now=closes)

    after = Conversation.objects.get()
    assert (after.due_at, after.due_kind) != (closes, "window")


@pytest.mark.parametrize("angry", [0, 4])
def test_anger_counts_in_whichever_of_the_newest_five_messages_it_stands(
    angry: int, channel: Channel
) -> None:
    said = ["I wrote to you about my parcel, and it is still not here. " * 20] * 5
    said[angry] = "This is a scam. " * 40
    arrive(channel, *(exchange.wrote(text, seconds=60 * number) for number, text in enumerate(said)))

    triage(channel, at(400))

    assert "writes “scam”" in [why for _, why in Conversation.objects.get().priority_reasons]
