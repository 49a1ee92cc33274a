from __future__ import annotations

import pytest

from inbox.actions import contacts, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, Party
from inbox.models import Channel, Conversation, Handle, Message
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    channel = ChannelFactory()
    nameless = InboundMessage("m1", "9273", say.at(0), Party("9273"), "Hello?")
    receiving.receive(arrivals=[Arrival(channel.pk, nameless)], now=say.at(1))
    return channel


def test_a_name_found_later_stands_on_the_row_and_on_the_messages(channel: Channel) -> None:
    contacts.update_profile(
        channel_id=channel.pk, party=Party("9273", name="Mara", username="mara.k"), now=say.at(2)
    )

    conversation, message = Conversation.objects.get(), Message.objects.get()
    assert (conversation.contact_name, message.author_name) == ("Mara", "Mara")
    assert conversation.seq == message.seq > 1
    assert Handle.objects.get().looked_up_at == say.at(2)


def test_a_profile_that_says_nothing_new_makes_no_news(channel: Channel) -> None:
    contacts.update_profile(channel_id=channel.pk, party=Party("9273", name="Mara"), now=say.at(2))
    before = Conversation.objects.get().seq

    contacts.update_profile(channel_id=channel.pk, party=Party("9273", name="Mara"), now=say.at(3))

    assert Conversation.objects.get().seq == before


def test_who_writes_again_can_be_written_to_again(channel: Channel) -> None:
    contacts.mark_unavailable(
        channel_id=channel.pk, external_id="9273", reason="They blocked you.", now=say.at(2)
    )

    again = InboundMessage("m2", "9273", say.at(5), Party("9273"), "Still there?")
    receiving.receive(arrivals=[Arrival(channel.pk, again)], now=say.at(6))

    assert Handle.objects.get().unavailable_reason == ""
