"""What a page says of a reply that has not been tried yet."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.actions import channels, receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, Message, Person
from inbox.queries import held_up, timeline
from inbox.queries.held_up import HeldUp
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Where is my parcel?"))], now=say.at(1))
    return Conversation.objects.get()


def reply(conversation: Conversation, by: Person, text: str) -> Message:
    return replying.queue_reply(
        conversation=conversation, by=by, client_id=uuid.uuid4(), text=text, written_against=10**9, now=say.at(60)
    )[0]  # fmt: skip


def shown(conversation: Conversation, message: Message) -> HeldUp | None:
    fresh = Conversation.objects.get(pk=conversation.pk)
    message.refresh_from_db()
    [entry] = timeline.dress([message], conversation=fresh, brand_slug="b")
    return entry.held_up


def test_one_that_leaves_in_a_moment_is_held_up_by_nothing(conversation: Conversation, jo: Person) -> None:
    first, second = reply(conversation, jo, "one"), reply(conversation, jo, "two")
    sending.claim_reply(message_id=first.pk, now=say.at(61))

    assert (shown(conversation, first), shown(conversation, second)) == (None, None)


def test_one_in_a_parked_channel_says_so(conversation: Conversation, jo: Person, channel: Channel) -> None:
    written = reply(conversation, jo, "one")
    channels.park_sending(channel_id=channel.pk, reason="The token is dead.", now=say.at(61))

    assert shown(conversation, written) == HeldUp(held_up.PARKED)


def test_a_channel_that_was_parked_since_the_conversation_was_read_says_so(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    assert conversation.channel.state == "connected"
    channels.park_sending(channel_id=channel.pk, reason="The token is dead.", now=say.at(59))

    written = reply(conversation, jo, "one")

    [entry] = timeline.dress([written], conversation=conversation, brand_slug="b")
    assert entry.held_up == HeldUp(held_up.PARKED)


def test_one_behind_a_used_up_limit_says_until_when(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    written, until = reply(conversation, jo, "one"), timezone.now() + timedelta(hours=3)
    channels.delay_sends(channel_id=channel.pk, until=until, now=say.at(61))

    assert shown(conversation, written) == HeldUp(held_up.LIMIT, until)


def test_a_limit_that_is_over_holds_up_nothing(
    conversation: Conversation, jo: Person, channel: Channel
) -> None:
    written = reply(conversation, jo, "one")
    channels.delay_sends(channel_id=channel.pk, until=timezone.now() - timedelta(minutes=1), now=say.at(61))

    assert shown(conversation, written) is None


@pytest.mark.parametrize("ahead", ["waits", "uncertain"])
def test_one_behind_another_that_does_not_leave_says_so(
    conversation: Conversation, jo: Person, ahead: str
) -> None:
    first, second = reply(conversation, jo, "one"), reply(conversation, jo, "two")
    sending.claim_reply(message_id=first.pk, now=say.at(61))
    of_it = {"message_id": first.pk, "attempt": 1, "reason": "It is in trouble.", "now": say.at(62)}
    if ahead == "waits":
        sending.put_back(**of_it, not_before=say.at(9000))
    else:
        sending.mark_reply_uncertain(**of_it, look_at=say.at(65))

    assert shown(conversation, second) == HeldUp(held_up.BEHIND)
    assert shown(conversation, first) is None  # it says so itself
