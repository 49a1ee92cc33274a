"""Out of the way, and back when it matters."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from inbox import events
from inbox.actions import _snoozing, closing, receiving, snoozing
from inbox.actions.closing import NewsArrived
from inbox.actions.receiving import Arrival
from inbox.models import (
    Channel,
    Conversation,
    ConversationState,
    Event,
    EventKind,
    Person,
    Timer,
    TimerKind,
    ViewCount,
)
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db(transaction=True)
LATER = say.at(3600)


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    writes(channel, seconds=0)
    return Conversation.objects.get()


def writes(channel: Channel, *, seconds: float) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(seconds=seconds))], now=say.at(seconds + 1))


def snooze(conversation: Conversation, jo: Person, until: datetime | None = LATER) -> Conversation:
    return snoozing.snooze(conversation=conversation, until=until, by=jo, now=say.at(60))


def wakes(conversation: Conversation) -> list[datetime]:
    timers = Timer.objects.filter(conversation=conversation, kind=TimerKind.WAKE, fired_at=None)
    return list(timers.values_list("due_at", flat=True))


def wake(*conversations: Conversation, now: datetime) -> list[int]:
    with transaction.atomic(), events.ledger(conversations[0].brand_id) as ledger:
        return _snoozing.wake(ledger, [each.pk for each in conversations], now)


def kinds(conversation: Conversation) -> list[str]:
    return list(
        Event.objects.filter(conversation=conversation).order_by("seq").values_list("kind", flat=True)
    )


def test_a_snooze_sets_it_aside_with_a_timer_and_a_count_of_its_own(
    conversation: Conversation, jo: Person
) -> None:
    snooze(conversation, jo)

    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.SNOOZED, LATER)
    assert wakes(conversation) == [LATER]
    assert kinds(conversation)[-1] == EventKind.SNOOZED
    counts = dict(ViewCount.objects.filter(brand=conversation.brand).values_list("view", "total"))
    assert (counts["snoozed"], counts["open"]) == (1, 0)


def test_snoozing_again_moves_the_one_timer(conversation: Conversation, jo: Person) -> None:
    snooze(conversation, jo)
    snooze(conversation, jo, LATER + timedelta(hours=1))

    assert wakes(conversation) == [LATER + timedelta(hours=1)]


def test_the_same_snooze_twice_is_one(conversation: Conversation, jo: Person) -> None:
    snooze(conversation, jo)
    before = kinds(conversation)

    snooze(conversation, jo)

    assert kinds(conversation) == before


def test_until_the_customer_writes_needs_no_timer(conversation: Conversation, jo: Person) -> None:
    snooze(conversation, jo)
    snooze(conversation, jo, None)

    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.SNOOZED, None)
    assert wakes(conversation) == []


@pytest.mark.parametrize("until", [LATER, None])
def test_the_customer_brings_it_back_and_its_timer_goes(
    until: datetime | None, conversation: Conversation, channel: Channel, jo: Person
) -> None:
    snooze(conversation, jo, until)

    writes(channel, seconds=120)

    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.OPEN, None)
    assert wakes(conversation) == []


def test_its_time_brings_it_back_once_and_it_still_waits(conversation: Conversation, jo: Person) -> None:
    waits = conversation.waiting_since
    snooze(conversation, jo)

    assert wake(conversation, now=LATER - timedelta(seconds=1)) == []
    assert wake(conversation, now=LATER) == [conversation.pk]
    assert wake(conversation, now=LATER) == []

    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.OPEN, None)
    assert (waits, wakes(conversation)) == (conversation.waiting_since, [])
    assert kinds(conversation).count(EventKind.WOKEN) == 1


def test_a_colleague_brings_it_back(conversation: Conversation, jo: Person) -> None:
    snooze(conversation, jo)

    back = snoozing.wake(conversation=conversation, by=jo, now=say.at(90))

    assert (back.state, back.snoozed_until, wakes(conversation)) == (ConversationState.OPEN, None, [])


def test_one_that_is_resolved_stays_so_when_its_time_comes(conversation: Conversation, jo: Person) -> None:
    snooze(conversation, jo)
    closing.resolve(conversation=conversation, by=jo, now=say.at(90))

    assert wakes(conversation) == []
    assert wake(conversation, now=LATER) == []
    conversation.refresh_from_db()
    assert (conversation.state, conversation.snoozed_until) == (ConversationState.RESOLVED, None)
    with pytest.raises(snoozing.NotUnderWay, match="resolved"):
        snooze(conversation, jo)


def test_what_the_customer_wrote_a_moment_before_is_not_buried(
    conversation: Conversation, channel: Channel, jo: Person
) -> None:
    seen = conversation.seq
    writes(channel, seconds=50)

    with pytest.raises(NewsArrived):
        snoozing.snooze(conversation=conversation, until=LATER, by=jo, now=say.at(60), seen_seq=seen)

    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN


def test_a_snooze_that_is_over_before_it_begins_is_a_mistake(conversation: Conversation, jo: Person) -> None:
    with pytest.raises(ValueError, match="later than it begins"):
        snooze(conversation, jo, say.at(60))


def test_nobody_wakes_what_is_another_brands(conversation: Conversation, jo: Person) -> None:
    snooze(conversation, jo)
    other = ChannelFactory().brand

    with transaction.atomic(), events.ledger(other.pk) as ledger:
        assert _snoozing.wake(ledger, [conversation.pk], LATER) == []


def test_pending_is_out_of_the_way_until_the_customer_writes(
    conversation: Conversation, channel: Channel, jo: Person
) -> None:
    snooze(conversation, jo)

    left = snoozing.leave(conversation=conversation, by=jo, now=say.at(90))

    assert (left.state, left.snoozed_until, wakes(conversation)) == (ConversationState.PENDING, None, [])
    assert snoozing.leave(conversation=conversation, by=jo, now=say.at(95)).seq == left.seq
    writes(channel, seconds=120)
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN


def test_what_is_resolved_or_has_news_is_not_left_to_anybody(
    conversation: Conversation, channel: Channel, jo: Person
) -> None:
    seen = conversation.seq
    writes(channel, seconds=50)
    with pytest.raises(NewsArrived):
        snoozing.leave(conversation=conversation, by=jo, now=say.at(60), seen_seq=seen)

    closing.resolve(conversation=conversation, by=jo, now=say.at(90))
    with pytest.raises(snoozing.NotUnderWay, match="resolved"):
        snoozing.leave(conversation=conversation, by=jo, now=say.at(95))
