"""Answering another conversation of the same person here, through the door and on an open page's parts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, ConversationMerge
from tests.factories import exchange as say
from tests.factories.people import BrandFactory, ChannelFactory, agent_of


@pytest.fixture
def elsewhere(channel: Channel, conversation: Conversation) -> Conversation:
    """Of the same person, on another network."""
    other = ChannelFactory(brand=channel.brand, platform="x")
    message = say.wrote("And on X", who="mara.x", seconds=1)
    receiving.receive(arrivals=[Arrival(other.pk, message)], now=say.at(2))
    Conversation.objects.filter(channel=other).update(contact=conversation.contact)
    return Conversation.objects.get(channel=other)


def at(conversation: Conversation, other: object = None) -> str:
    where = [conversation.brand.slug, conversation.public_id]
    return reverse("inbox:join", args=[*where, other]) if other else reverse("inbox:conversation", args=where)


def test_it_is_offered_done_shown_and_taken_back(
    page: Client, conversation: Conversation, elsewhere: Conversation
) -> None:
    assert f'data-join="{elsewhere.public_id}"' in page.get(at(conversation)).content.decode()

    done = page.post(at(conversation, elsewhere.public_id)).content.decode()
    assert "Merged" in done and "data-undo" in done
    shown = page.get(at(conversation)).content.decode()
    merge = ConversationMerge.objects.get()
    assert "And on X" in shown and ">on X<" in shown and f'data-unjoin="{merge.public_id}"' in shown
    assert "The one on X is answered here" in shown and "data-join=" not in shown
    assert f'data-open-other="{conversation.public_id}"' in page.get(at(elsewhere)).content.decode()

    assert page.delete(at(conversation, merge.public_id)).status_code == 200
    assert page.get(at(conversation)).content.decode().count('class="message"') == 1
    again = page.delete(at(conversation, merge.public_id))
    assert (again.status_code, "taken back already" in again.content.decode()) == (422, True)


def test_the_other_conversations_are_asked_for_alone_in_a_few_questions_and_by_its_brand_only(
    page: Client, conversation: Conversation, elsewhere: Conversation, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    there = reverse("inbox:others", args=[conversation.brand.slug, conversation.public_id])
    page.get(there)

    with django_assert_max_num_queries(7):
        shown = page.get(there).content.decode()

    assert shown.startswith("<section") and "And on X" in shown
    stranger = Client()
    stranger.force_login(agent_of(BrandFactory()))
    assert stranger.get(there).status_code == 404


def test_older_messages_of_both_come_by_key(
    page: Client, conversation: Conversation, elsewhere: Conversation
) -> None:
    page.post(at(conversation, elsewhere.public_id))
    newest = elsewhere.messages.get()

    older = page.get(
        reverse("inbox:messages", args=["lumen", conversation.public_id]), {"older_than": newest.public_id}
    )

    assert "Where is my parcel?" in older.content.decode()


def test_nobody_of_another_brand_can_join_or_part(
    page: Client, client: Client, conversation: Conversation, elsewhere: Conversation
) -> None:
    theirs = ChannelFactory(brand=BrandFactory(slug="theirs"))
    receiving.receive(arrivals=[Arrival(theirs.pk, say.wrote(who="mara"))], now=say.at(3))
    strange = Conversation.objects.get(brand=theirs.brand)
    assert page.post(at(conversation, strange.public_id)).status_code == 404
    page.post(at(conversation, elsewhere.public_id))
    merge = ConversationMerge.objects.get()

    client.force_login(agent_of(theirs.brand))
    assert client.post(at(conversation, elsewhere.public_id)).status_code == 404
    assert client.delete(at(conversation, merge.public_id)).status_code == 404
    assert client.delete(at(strange, merge.public_id)).status_code == 404
    merge.refresh_from_db()
    assert merge.undone_at is None
