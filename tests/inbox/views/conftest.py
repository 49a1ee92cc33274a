from __future__ import annotations

import pytest
from django.test import Client

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, Person
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory(brand__slug="lumen")


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Where is my parcel?"))], now=say.at(1))
    return Conversation.objects.get()


@pytest.fixture
def page(client: Client, jo: Person) -> Client:
    """Jo's browser, signed in."""
    client.force_login(jo)
    return client
