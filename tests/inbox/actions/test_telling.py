"""Who is told of a promise that is nearly or really broken, and into whose hands the conversation goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from inbox.actions import assigning, receiving, tagging_work, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.models import (
    Channel,
    Conversation,
    Event,
    EventKind,
    Membership,
    Notification,
    Person,
    Role,
    SlaPolicy,
)
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)


def at(seconds: float) -> datetime:
    return exchange.at(seconds)


@pytest.fixture
def channel() -> Channel:
    made = people.ChannelFactory()
    SlaPolicy.objects.create(brand=made.brand, name="Standard", first_response=600, warnings=[50, 80])
    return made


@pytest.fixture
def jo(channel: Channel) -> Person:
    return people.agent_of(channel.brand, name="Jo")


@pytest.fixture
def kim(channel: Channel) -> Person:
    """Leads the team."""
    kim = people.agent_of(channel.brand, name="Kim")
    Membership.objects.filter(person=kim).update(role=Role.MANAGER)
    return kim


def policy(**fields: Any) -> None:
    SlaPolicy.objects.update(**fields)


def wrote(channel: Channel, *, who: str = "mara", assignee: Person | None = None) -> Conversation:
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(who=who))], now=at(1))
    made = Conversation.objects.get(thread_key=who)
    if assignee:
        assigning.assign(conversation=made, to=assignee, by=assignee, now=at(2))
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=at(3))
    return made


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.order_by("person__name", "pk").select_related("person")
    return [(each.person.name, each.text) for each in rows]


def test_the_assignee_is_warned_and_the_same_line_says_it_when_it_is_late(
    channel: Channel, jo: Person, kim: Person
) -> None:
    wrote(channel, assignee=jo)

    timing.sweep(now=at(301))
    assert told() == [("Jo", "First response: 50 % of 10 m used up")]

    timing.sweep(now=at(481))
    timing.sweep(now=at(601))
    assert told() == [
        ("Jo", "First response is late: promised within 10 m"),
        ("Kim", "First response is late: promised within 10 m"),
    ]


def test_what_was_seen_is_told_anew(channel: Channel, jo: Person) -> None:
    wrote(channel, assignee=jo)
    timing.sweep(now=at(301))
    Notification.objects.update(seen_at=timezone.now())

    timing.sweep(now=at(481))

    assert [text for _, text in told()] == [
        "First response: 50 % of 10 m used up",
        "First response: 80 % of 10 m used up",
    ]


def test_what_nobody_has_is_told_to_those_who_lead_once_it_is_late(
    channel: Channel, jo: Person, kim: Person
) -> None:
    wrote(channel)

    timing.sweep(now=at(301))
    assert told() == []

    timing.sweep(now=at(601))
    assert [name for name, _ in told()] == ["Kim"]


def test_the_policy_says_who_is_told(channel: Channel, jo: Person, kim: Person) -> None:
    noor = people.agent_of(channel.brand, name="Noor")
    stranger = people.agent_of(people.BrandFactory(), name="Stranger")
    policy(notifies_assignee=False, notifies_managers=False, notifies=[noor.pk, stranger.pk])
    wrote(channel, assignee=jo)

    timing.sweep(now=at(601))

    assert [name for name, _ in told()] == ["Noor"]


def test_a_breach_gives_it_to_a_colleague_who_is_told(channel: Channel, jo: Person, kim: Person) -> None:
    policy(reassigns_to=kim, notifies_managers=False)
    made = wrote(channel, assignee=jo)

    timing.sweep(now=at(601))

    made.refresh_from_db()
    event = Event.objects.filter(kind=EventKind.ASSIGNED).latest("seq")
    assert (made.assignee, made.assignee_name, made.priority) == (kim, "Kim", 1)
    assert (event.actor, event.data["why"], event.data["before"]) == (None, "late", jo.pk)
    assert [name for name, _ in told()] == ["Jo", "Kim"]


def test_whoever_should_get_it_and_has_left_is_passed_over(channel: Channel, jo: Person, kim: Person) -> None:
    policy(reassigns_to=kim)
    made = wrote(channel, assignee=jo)
    Person.objects.filter(pk=kim.pk).update(is_active=False)

    timing.sweep(now=at(601))

    made.refresh_from_db()
    assert (made.assignee, made.assignee_name) == (None, "")
    assert [name for name, _ in told()] == ["Jo"]


@pytest.mark.parametrize("after", [600, 601])
def test_a_promise_kept_in_its_last_second_is_not_told_as_broken(
    after: int, channel: Channel, jo: Person
) -> None:
    wrote(channel, assignee=jo)
    echo = exchange.echoed("On its way.", seconds=after)
    receiving.receive(arrivals=[Arrival(channel.pk, echo)], now=at(after + 1))

    timing.sweep(now=at(after + 1))  # sooner than triage

    assert Event.objects.filter(kind=EventKind.SLA_BREACHED).exists() == (after > 600)


def test_what_ended_late_while_nobody_swept_is_told_to_nobody(channel: Channel, jo: Person) -> None:
    made = wrote(channel, assignee=jo)
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.echoed("Sorry!", seconds=900))], now=at(901))

    timing.sweep(now=at(902))

    made.refresh_from_db()
    assert (told(), made.assignee) == ([], jo)
    assert Event.objects.filter(kind=EventKind.SLA_BREACHED).count() == 1


def test_as_many_questions_for_many_as_for_few(
    channel: Channel, jo: Person, kim: Person, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        wrote(channel, who=f"customer{number}", assignee=jo)

    with django_assert_max_num_queries(40):
        timing.sweep(now=at(601))

    assert Notification.objects.count() == 40
