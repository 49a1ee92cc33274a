"""Two edits of one second, where the platform numbers none and tells no finer time."""

from __future__ import annotations

import pytest

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent
from inbox.models import Amendment, Channel, Event, Message
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db

SAID = say.wrote("at nine", seconds=0)
FIRST = say.edited(SAID, "at ten", seconds=7, version=0)
SECOND = say.edited(SAID, "at eight", seconds=7, version=0)


@pytest.fixture
def channel() -> Channel:
    channel = ChannelFactory()
    receive(channel, SAID)
    return channel


def receive(channel: Channel, *events: InboundEvent) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(8))


@pytest.mark.parametrize("batches", [[[FIRST], [SECOND]], [[FIRST, SECOND]], [[FIRST], [FIRST, SECOND]]])
def test_the_words_that_were_told_last_are_shown_in_whatever_batches(
    channel: Channel, batches: list[list[InboundEvent]]
) -> None:
    for batch in batches:
        receive(channel, *batch)

    message = Message.objects.get()
    assert (message.text, message.edit_count) == ("at eight", 2)


def test_either_told_once_more_changes_nothing(channel: Channel) -> None:
    receive(channel, FIRST, SECOND)
    events = Event.objects.count()

    receive(channel, FIRST)
    receive(channel, SECOND)
    receive(channel, SECOND, FIRST)

    assert Message.objects.get().text == "at eight"
    assert Event.objects.count() == events


def test_what_was_unsent_comes_back_by_neither(channel: Channel) -> None:
    receive(channel, FIRST, SECOND)
    receive(channel, say.unsent(SAID))
    events = Event.objects.count()

    receive(channel, SECOND)
    receive(channel, FIRST)

    assert set(Amendment.objects.filter(kind="edit").values_list("text", flat=True)) == {""}
    assert (Message.objects.get().text, Event.objects.count()) == ("", events)
