"""What triage makes of what happened: through the same doors as in the product, and whatever the order of the news."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from inbox.actions import closing, promising, receiving, tagging_work, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.models import (
    BrandSequence,
    Channel,
    Clock,
    ClockSegment,
    Conversation,
    Event,
    EventKind,
    Person,
    SlaPolicy,
    Timer,
    TriageCursor,
)
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


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
