"""After an outage much is due at once: a batch of it costs as many statements as a batch of little, and each conversation is told alike."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.actions import assigning, promising, receiving, snoozing, tagging_work, timing, triaging
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, Event, EventKind, Membership, Role, SlaPolicy, Timer
from inbox.rules.pacing import FEWEST, Pace
from tests.factories import exchange, people

pytestmark = pytest.mark.django_db(transaction=True)


def at(seconds: float) -> datetime:
    return exchange.at(seconds)


def a_brand_in_which_is_due(each: int) -> Channel:
    """At 2000: so many breaches that change hands, warnings, snoozes that end, and promises that are late."""
    late = people.ChannelFactory()
    brand = late.brand
    soon = people.ChannelFactory(brand=brand)
    jo, kim = people.agent_of(brand, name="Jo"), people.agent_of(brand, name="Kim")
    Membership.objects.filter(person=kim).update(role=Role.MANAGER)
    SlaPolicy.objects.create(
        brand=brand, name="Late", channels=[late.pk], first_response=600, warnings=[50], reassigns_to=kim
    )
    SlaPolicy.objects.create(brand=brand, name="Soon", first_response=3000, warnings=[50])
    for channel, kind in ((late, "late"), (soon, "soon"), (late, "snoozed"), (late, "promised")):
        names = [f"{kind}{number}" for number in range(each)]
        arrivals = [Arrival(channel.pk, exchange.wrote(who=name)) for name in names]
        receiving.receive(arrivals=arrivals, now=at(1))
    found = Conversation.objects.filter(brand=brand)
    for one in found.filter(thread_key__startswith="late"):
        assigning.assign(conversation=one, to=jo, by=jo, now=at(2))
    for one in found.filter(thread_key__startswith="snoozed"):
        snoozing.snooze(conversation=one, until=at(1900), by=jo, now=at(2))
    for one in found.filter(thread_key__startswith="promised"):
        promising.promise(conversation=one, at=at(1900), by=jo, now=at(2))
    while not (batch := triaging.next_batch(brand.pk)).is_empty:
        triaging.triage(batch, tagging_work.read(brand, triaging.messages_of(batch)), now=at(3))
    return late


def fired(channel: Channel) -> int:
    """How many statements one batch of all that is due there takes."""
    ids = timing.due(now=at(2000))[channel.brand_id]
    with CaptureQueriesContext(connection) as asked:
        timing._fire(channel.brand_id, at(2000), sorted(ids))
    return len(asked)


def told(channel: Channel) -> Counter[tuple[str, ...]]:
    """What was told of a conversation, as often as it was."""
    found: dict[int | None, list[str]] = {}
    for event in Event.objects.filter(brand=channel.brand, at=at(2000)).order_by("seq"):
        found.setdefault(event.conversation_id, []).append(event.kind)
    return Counter(tuple(kinds) for kinds in found.values())


def test_a_batch_takes_as_many_statements_for_much_that_is_due_as_for_little() -> None:
    little, much = a_brand_in_which_is_due(1), a_brand_in_which_is_due(20)

    few, many = fired(little), fired(much)

    assert few == many
    assert told(much) == {kinds: 20 * often for kinds, often in told(little).items()}
    breached = (EventKind.SLA_BREACHED, EventKind.ASSIGNED, EventKind.NOTIFIED, EventKind.TRIAGED)
    assert told(much)[breached] == 40  # a colleague's promise does not put off the policy's
    assert not Timer.objects.filter(fired_at=None, due_at__lte=at(2000)).exists()


def test_what_is_due_is_told_in_batches_as_large_as_the_lock_may_be_held_for() -> None:
    channel = a_brand_in_which_is_due(5)
    pace = Pace(FEWEST, most=FEWEST)

    with CaptureQueriesContext(connection) as asked:
        assert timing.sweep(now=at(2000), pace=pace) == 20

    assert sum(each["sql"] == "COMMIT" for each in asked) > 1
    assert sum(told(channel).values()) == 20
