"""A colleague who is mentioned is told once, wherever they are, until they have read it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import noting, reading, receiving
from inbox.actions.receiving import Arrival
from inbox.models import Brand, Conversation, Message, Notification, Person
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation() -> Conversation:
    channel = ChannelFactory(brand__slug="lumen")
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("Where is my parcel?"))], now=say.at(1))
    return Conversation.objects.get()


@pytest.fixture
def brand(conversation: Conversation) -> Brand:
    return conversation.brand


@pytest.fixture
def jo(brand: Brand) -> Person:
    return agent_of(brand, name="Jo")


@pytest.fixture
def mara(brand: Brand) -> Person:
    return agent_of(brand, name="Mara Lindt")


def note(conversation: Conversation, by: Person, text: str, seconds: float = 10) -> Message:
    return noting.add_note(
        conversation=conversation, by=by, client_id=uuid4(), text=text, now=say.at(seconds)
    )


def waiting_for(person: Person) -> int:
    return Notification.objects.filter(person=person, seen_at=None).count()


def test_who_is_mentioned_is_told_and_the_writer_is_not(
    conversation: Conversation, jo: Person, mara: Person
) -> None:
    written = note(conversation, jo, "@Mara Lindt and @Jo: see  order 1")

    told = Notification.objects.get()
    assert (told.person, told.actor, told.message, told.kind) == (mara, jo, written, "mention")
    assert told.text == "@Mara Lindt and @Jo: see order 1"
    assert (waiting_for(mara), waiting_for(jo)) == (1, 0)


def test_nobody_of_another_brand_or_who_left_is_told(conversation: Conversation, jo: Person) -> None:
    agent_of(ChannelFactory().brand, name="Stranger")
    agent_of(conversation.brand, name="Gone", is_active=False)

    note(conversation, jo, "@Stranger @Gone")

    assert not Notification.objects.exists()


def test_a_mention_is_seen_when_the_note_was_on_the_screen(
    conversation: Conversation, jo: Person, mara: Person
) -> None:
    first = note(conversation, jo, "@Mara Lindt one")
    second = note(conversation, jo, "@Mara Lindt two", 20)
    assert waiting_for(mara) == 2

    reading.mark_read(conversation=conversation, by=jo, up_to_seq=second.seq, now=say.at(30))
    assert waiting_for(mara) == 2
    reading.mark_read(conversation=conversation, by=mara, up_to_seq=first.seq, now=say.at(31))
    assert waiting_for(mara) == 1
    reading.mark_read(conversation=conversation, by=mara, up_to_seq=second.seq, now=say.at(32))
    assert waiting_for(mara) == 0


def test_the_same_note_again_tells_nobody_again(conversation: Conversation, jo: Person, mara: Person) -> None:
    told = {"conversation": conversation, "by": jo, "client_id": uuid4(), "text": "@Mara Lindt"}
    noting.add_note(**told, now=say.at(10))
    reading.mark_read(conversation=conversation, by=mara, up_to_seq=1_000, now=say.at(11))
    noting.add_note(**told, now=say.at(12))

    assert waiting_for(mara) == 0


def test_the_bell_names_who_mentioned_where_and_rests_when_it_was_read(
    conversation: Conversation, jo: Person, mara: Person, client: Client
) -> None:
    written = note(conversation, jo, "@Mara Lindt, can you?")
    client.force_login(mara)
    shown = client.get(reverse("inbox:notices", args=["lumen"])).content.decode()
    assert "Jo mentioned you: @Mara Lindt, can you?" in shown
    assert f'data-message="{written.public_id}"' in shown

    there = reverse("inbox:readings", args=["lumen", conversation.public_id])
    assert client.post(there, {"up_to_seq": written.seq - 1}).status_code == 204
    assert client.post(there, {"up_to_seq": written.seq}).content == b"nothing unseen"
