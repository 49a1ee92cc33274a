from __future__ import annotations

import pytest

from inbox.actions import closing, reading, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent
from inbox.models import Channel, Conversation, Message, Person
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db

FIRST = say.wrote("Where is it?", external_id="first")


@pytest.fixture
def channel() -> Channel:
    channel = ChannelFactory()
    hear(channel, FIRST)
    return channel


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand)


def hear(channel: Channel, *events: InboundEvent) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(5))


def test_resolved_and_opened_again_it_waits_as_before(channel: Channel, jo: Person) -> None:
    closing.resolve(conversation=Conversation.objects.get(), by=jo, now=say.at(10))
    assert Conversation.objects.get().waiting_since is None

    closing.reopen(conversation=Conversation.objects.get(), by=jo, now=say.at(20))

    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.waiting_since) == ("open", say.at(0))


def test_what_the_customer_wrote_meanwhile_is_not_buried(channel: Channel, jo: Person) -> None:
    page = Conversation.objects.get()
    hear(channel, say.wrote("WAIT, cancel it!", seconds=5))

    with pytest.raises(closing.NewsArrived) as stopped:
        closing.resolve(conversation=page, by=jo, now=say.at(6), seen_seq=page.seq)

    assert [message.text for message in stopped.value.newer] == ["WAIT, cancel it!"]
    assert Conversation.objects.get().state == "open"
    assert closing.resolve(conversation=page, by=jo, now=say.at(7)).state == "resolved"


def test_a_reaction_to_what_was_seen_holds_up_nothing(channel: Channel, jo: Person) -> None:
    page = Conversation.objects.get()
    hear(channel, say.reacted(FIRST))

    assert closing.resolve(conversation=page, by=jo, now=say.at(6), seen_seq=page.seq).state == "resolved"


def test_what_was_read_stays_read_when_it_changes_later(channel: Channel, jo: Person) -> None:
    page = Conversation.objects.get()
    hear(channel, say.reacted(FIRST), say.edited(FIRST, "Where is it??"))
    assert Message.objects.get().seq > page.seq

    assert reading.mark_read(conversation=page, by=jo, up_to_seq=page.seq, now=say.at(7)).unread_count == 0


def test_what_came_after_the_look_stays_unread(channel: Channel, jo: Person) -> None:
    page = Conversation.objects.get()
    hear(channel, say.wrote("And?", seconds=9))

    assert reading.mark_read(conversation=page, by=jo, up_to_seq=page.seq, now=say.at(10)).unread_count == 1


def test_marked_unread_it_waits_for_another_look(channel: Channel, jo: Person) -> None:
    page = Conversation.objects.get()
    reading.mark_read(conversation=page, by=jo, up_to_seq=page.seq, now=say.at(6))

    assert reading.mark_unread(conversation=page, by=jo, now=say.at(7)).unread_count == 1
