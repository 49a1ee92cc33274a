"""A list that tells the order and a coarse time, deliveries that tell the true one, and our own clock: a thread ends in the same order."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from inbox.actions import receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent, InboundMessage
from inbox.models import Channel, Conversation, Event, Message
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def receive(channel: Channel, *events: InboundEvent) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(7))


def thread(channel: Channel) -> list[str]:
    return [message.text for message in Message.objects.filter(channel=channel).in_thread_order()]


P, X = say.wrote("P", external_id="p", seconds=5.9), say.wrote("X", external_id="x", seconds=5.95)
LISTED = (say.wrote("P", external_id="p", seconds=5), say.wrote("X", external_id="x", seconds=5, after="p"))


@pytest.mark.parametrize(
    "news",
    [[(P,), LISTED], [LISTED, (P,)], [LISTED, (P,), LISTED], [LISTED, (X,), (P,)], [LISTED, (P,), (X,)], [(X,), LISTED, (P,)]],
    ids=lambda news: " ".join("+".join(each.text for each in batch) for batch in news),
)  # fmt: skip
def test_what_a_coarse_history_lists_ends_in_its_order_whatever_is_delivered_when(
    channel: Channel, news: list[tuple[InboundMessage, ...]]
) -> None:
    for batch in news:
        receive(channel, *batch)

    assert thread(channel) == ["P", "X"]
    events = Event.objects.count()
    receive(channel, *LISTED)
    assert Event.objects.count() == events  # and is at rest


def test_all_that_was_put_behind_a_message_moves_with_it(channel: Channel) -> None:
    listed = [say.wrote(str(n), external_id=f"m{n}", seconds=5, after=f"m{n - 1}") for n in range(4)]
    receive(channel, *listed, say.wrote("then", external_id="m9", seconds=5.96))

    receive(channel, say.wrote("0", external_id="m0", seconds=5.9))

    assert thread(channel) == ["0", "1", "2", "3", "then"]


def test_those_that_are_left_keep_their_order_where_others_of_their_second_were_withdrawn(
    channel: Channel,
) -> None:
    def listed(*texts: str) -> list[InboundMessage]:
        said = [say.wrote(text, external_id=text, seconds=5) for text in texts]
        return [replace(each, after=before) for each, before in zip(said, ("z", *texts), strict=False)]

    receive(channel, say.wrote("Z", external_id="z", seconds=4), *listed("A", "B", "E", "F"))

    for left in (("B", "E", "F"), ("E", "F")):
        receive(channel, *listed(*left))

        assert thread(channel) == ["Z", "A", "B", "E", "F"]
        assert Message.objects.values("sent_at").distinct().count() == 5


def test_a_reply_dated_by_our_clock_keeps_behind_what_it_followed(channel: Channel) -> None:
    receive(channel, say.wrote("Where is it?", external_id="q", seconds=5.4))
    conversation = Conversation.objects.get()
    [reply] = replying.queue_reply(
        conversation=conversation, by=agent_of(channel.brand), client_id=uuid.uuid4(), text="Here", written_against=conversation.seq,
        now=say.at(5.8),
    )  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=say.at(5.8))
    sending.mark_reply_sent(message_id=reply.pk, external_id="r", at=None, now=say.at(5.9))

    listed = say.echoed("Here", external_id="r", seconds=5)
    receive(channel, replace(listed, after="q"), say.wrote("Thanks", external_id="t", seconds=5, after="r"))

    assert thread(channel) == ["Where is it?", "Here", "Thanks"]
