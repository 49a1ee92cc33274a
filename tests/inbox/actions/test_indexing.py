"""Search follows the events: forwards from where it stands, backwards through what was there before, and whoever does it twice."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from inbox.actions import closing, contacts, indexing, merging, noting, receiving, replying
from inbox.actions.receiving import Arrival
from inbox.models import (
    BrandSequence,
    Channel,
    Contact,
    ContactWords,
    Conversation,
    Handle,
    Message,
    MessageWords,
    SearchCursor,
)
from inbox.rules import eras, search_words
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def receive(channel: Channel, *events: object, seconds: float = 1) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(seconds))  # type: ignore[arg-type]


def follow(channel: Channel, *, limit: int = indexing.BATCH) -> int:
    batches = 0
    while not (batch := indexing.next_batch(channel.brand_id, limit=limit)).is_empty:
        assert indexing.index(batch)
        batches += 1
    return batches


def words() -> dict[str, set[str]]:
    """Of each message that can be found, by its text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.text, tsvector_to_array(w.words) FROM inbox_messagewords w JOIN inbox_message m ON m.id = w.message_id"
        )
        return {text: set(found) for text, found in cursor.fetchall()}


def expected() -> dict[str, set[str]]:
    return {
        message.text: search_words.lexemes(message.text)
        | set(eras.marks(message.conversation.brand_id, message.sent_at))
        for message in Message.objects.select_related("conversation")
        if search_words.lexemes(message.text)
    }


def test_whatever_happened_in_whatever_batches_the_words_are_those_of_the_messages(channel: Channel) -> None:
    first, second, third = (say.wrote(f"parcel {n}", seconds=n, who=f"who{n}") for n in range(3))
    receive(channel, first, second)
    follow(channel, limit=1)
    receive(channel, say.edited(first, "another word"), third, say.unsent(second), seconds=100)
    receive(channel, say.wrote("👍", seconds=5), say.echoed("on its way", to="who0", seconds=6), seconds=101)
    conversation = Conversation.objects.get(contact_name="Who0")
    jo = agent_of(channel.brand, name="Jo")
    noting.add_note(
        conversation=conversation, by=jo, client_id=uuid.uuid4(), text="she is a journalist", now=say.at(102)
    )
    follow(channel, limit=2)

    assert words() == expected()
    assert {"another word", "parcel 2", "on its way", "she is a journalist"} == set(words())


def test_what_was_there_before_search_is_read_backwards_after_the_news(channel: Channel) -> None:
    receive(channel, *(say.wrote(f"old {n}", seconds=n) for n in range(7)))
    last = BrandSequence.objects.get(brand=channel.brand).last
    SearchCursor.objects.create(
        brand=channel.brand, seq=last, older_than=last + 1
    )  # as the migration leaves it
    receive(channel, say.wrote("new", seconds=20), seconds=21)

    indexing.index(indexing.next_batch(channel.brand_id, limit=3))
    assert set(words()) == {"new"}
    indexing.index(indexing.next_batch(channel.brand_id, limit=3))
    assert set(words()) == {"new", "old 6", "old 5", "old 4"}
    assert channel.brand_id in indexing.behind()
    follow(channel, limit=3)

    assert words() == expected()
    assert channel.brand_id not in indexing.behind()


def test_the_cursor_moves_once_though_two_read_the_same(channel: Channel) -> None:
    receive(channel, say.wrote("parcel"))
    one, other = indexing.next_batch(channel.brand_id), indexing.next_batch(channel.brand_id)

    assert (indexing.index(one), indexing.index(other)) == (True, False)
    assert words() == expected()


def test_a_message_that_cannot_be_written_keeps_no_other_from_being_found(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(
        channel,
        say.wrote("poison", seconds=1),
        say.wrote("parcel", seconds=2),
        say.wrote("letter", seconds=3),
    )
    cut = search_words.lexemes

    def breaks(text: str) -> set[str]:
        if text == "poison":
            raise ValueError(text)
        return cut(text)

    monkeypatch.setattr(search_words, "lexemes", breaks)
    follow(channel)

    assert set(words()) == {"parcel", "letter"}
    assert channel.brand_id not in indexing.behind()


def test_words_go_with_their_message_whoever_takes_it_away(channel: Channel) -> None:
    receive(channel, say.wrote("parcel"))
    follow(channel)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_event SET message_id = NULL")
        cursor.execute("DELETE FROM inbox_message")

    assert not MessageWords.objects.exists()


def test_words_follow_their_message_into_another_conversation(channel: Channel) -> None:
    receive(channel, say.wrote("parcel", who="anna"), say.wrote("letter", who="berta"))
    follow(channel)
    here, there = Conversation.objects.order_by("pk")

    Message.objects.filter(conversation=here).update(conversation=there)

    assert set(MessageWords.objects.values_list("conversation", flat=True)) == {there.pk}


def test_two_people_who_are_one_are_found_by_all_their_names(channel: Channel) -> None:
    receive(channel, say.wrote("Hi", who="anna"), say.wrote("Hi", who="berta"))
    follow(channel)
    anna, berta = Contact.objects.order_by("name")

    merge = merging.merge(kept=anna, absorbed=berta, by=agent_of(channel.brand), now=say.at(50))
    follow(channel)
    assert {"anna", "@hberta.k"} <= set(ContactWords.objects.get(contact=anna).words.replace("'", "").split())
    merging.part(merge=merge, by=agent_of(channel.brand), now=say.at(60))
    follow(channel)

    assert "@hberta.k" not in ContactWords.objects.get(contact=anna).words


def anna_and_berta(channel: Channel) -> tuple[Contact, Contact]:
    """Two people, the newer conversation Berta's."""
    receive(channel, say.wrote("Hi", who="anna"))
    receive(channel, say.wrote("Hi", who="berta", seconds=5), seconds=6)
    anna, berta = Contact.objects.order_by("name")
    return anna, berta


def names_of(contact: Contact) -> set[str]:
    """What search finds them by, but for the mark of their brand."""
    found = ContactWords.objects.get(contact=contact).words.replace("'", "").split()
    return {word for word in found if word != f"@{contact.brand_id}"}


def test_two_people_again_are_found_by_their_own_names_whose_conversations_are_closed(
    channel: Channel,
) -> None:
    anna, berta = anna_and_berta(channel)
    jo = agent_of(channel.brand)
    for conversation in Conversation.objects.all():
        closing.resolve(conversation=conversation, by=jo, now=say.at(20))
    follow(channel)
    before = names_of(anna), names_of(berta)
    merge = merging.merge(kept=anna, absorbed=berta, by=jo, now=say.at(50))
    follow(channel)
    assert before[1] < names_of(anna)

    merging.part(merge=merge, by=jo, now=say.at(60))
    follow(channel)

    assert (names_of(anna), names_of(berta)) == before


def test_a_name_that_may_be_kept_no_longer_goes_also_from_whoever_was_said_to_be_another(
    channel: Channel,
) -> None:
    """…however often that was said."""
    anna, berta = anna_and_berta(channel)
    receive(channel, say.wrote("Hi", who="carla", seconds=7), seconds=8)
    carla = Contact.objects.get(name="Carla")
    follow(channel)
    jo = agent_of(channel.brand)
    merging.merge(kept=anna, absorbed=berta, by=jo, now=say.at(50))
    merging.merge(kept=carla, absorbed=anna, by=jo, now=say.at(51))
    follow(channel)
    Handle.objects.filter(external_id="berta").update(looked_up_at=say.at(0))

    assert contacts.forget_profile(
        channel_id=channel.pk, external_id="berta", before=say.at(1), now=say.at(60)
    )
    follow(channel)

    assert names_of(berta) == set()
    assert not ContactWords.objects.filter(words__icontains="berta").exists()


def test_a_queued_reply_is_found_before_it_has_left(channel: Channel) -> None:
    receive(channel, say.wrote("Where is it?"))
    conversation = Conversation.objects.get()
    replying.queue_reply(
        conversation=conversation, by=agent_of(channel.brand), client_id=uuid.uuid4(), text="On Tuesday",
        written_against=conversation.public_seq, now=say.at(60),
    )  # fmt: skip
    follow(channel)

    assert "On Tuesday" in words()
