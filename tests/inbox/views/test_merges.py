"""Beside the thread: somebody else is the same person, or was not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import MessageKind, Party, ThreadKind
from inbox.models import Channel, Contact, ContactMerge, Conversation
from tests.factories import exchange as say
from tests.factories.people import BrandFactory, ChannelFactory, agent_of


@pytest.fixture
def elsewhere(channel: Channel, conversation: Conversation) -> Conversation:
    """Somebody of the same name on another network."""
    other = ChannelFactory(brand=channel.brand, platform="x")
    message = say.wrote("Me again", who="mara.lindt")
    receiving.receive(arrivals=[Arrival(other.pk, message)], now=say.at(2))
    found = Conversation.objects.exclude(pk=conversation.pk).get()
    found.contact.handles.update(name="Mara", username="mara.lindt")  # type: ignore[union-attr]
    return found


def at(conversation: Conversation, other: object = None) -> str:
    where = [conversation.brand.slug, conversation.public_id]
    return reverse("inbox:merge", args=[*where, other]) if other else reverse("inbox:merges", args=where)


def test_the_same_name_elsewhere_is_offered_and_any_name_is_found(
    page: Client, conversation: Conversation, elsewhere: Conversation
) -> None:
    Contact.objects.filter(pk=elsewhere.contact_id).update(name="Mara L.")

    offered = page.get(at(conversation)).content.decode()
    found = page.get(at(conversation) + "?q=@MARA.L").content.decode()
    nobody = page.get(at(conversation) + "?q=zzz%25").content.decode()

    assert "Mara L." in offered and "@mara.lindt" in offered
    assert "Mara L." in found and "<input" not in found
    assert "Nobody&#x27;s name begins like that." in nobody or "Nobody's name begins like that." in nobody


def test_who_mentioned_the_account_under_the_same_name_is_offered_and_not_taken_for_the_same(
    page: Client, channel: Channel, conversation: Conversation
) -> None:
    """Instagram tells a mention's author by name alone."""
    conversation.contact.handles.update(username="mara.k")  # type: ignore[union-attr]
    author = Party("author-of:17870000000000031", name="mara.k", username="mara.k")
    said = say.wrote(
        "@acme.shop look",
        thread_id="comment:mention:1",
        kind=MessageKind.MENTION,
        thread_kind=ThreadKind.COMMENT,
    )
    receiving.receive(arrivals=[Arrival(channel.pk, replace(said, author=author))], now=say.at(2))
    mention = Conversation.objects.exclude(pk=conversation.pk).get()

    offered = page.get(at(conversation)).content.decode()

    assert mention.contact_id != conversation.contact_id
    assert str(mention.contact.public_id) in offered  # type: ignore[union-attr]


def test_a_sign_that_no_name_has_finds_nobody(page: Client, conversation: Conversation) -> None:
    answer = page.get(at(conversation) + "?q=ma%00ra")

    assert (answer.status_code, "name begins like that." in answer.content.decode()) == (200, True)


def test_two_become_one_and_two_again(
    page: Client, conversation: Conversation, elsewhere: Conversation
) -> None:
    other = elsewhere.contact
    assert other is not None
    shown = page.post(at(conversation, other.public_id)).content.decode()

    elsewhere.refresh_from_db()
    assert elsewhere.contact_id == conversation.contact_id
    assert "Me again" in shown and "One person with" in shown
    merge = ContactMerge.objects.get()

    shown = page.delete(at(conversation, merge.public_id)).content.decode()
    elsewhere.refresh_from_db()
    assert elsewhere.contact == other
    assert "Me again" not in shown and "One person with" not in shown


def test_who_is_somebody_already_is_refused_in_words(page: Client, conversation: Conversation) -> None:
    contact = conversation.contact
    assert contact is not None
    answer = page.post(at(conversation, contact.public_id))

    assert answer.status_code == 422
    assert "same person already" in answer.content.decode()


def test_nobody_of_another_brand_can_be_found_merged_or_parted(
    page: Client, client: Client, conversation: Conversation, elsewhere: Conversation
) -> None:
    theirs = ChannelFactory(brand=BrandFactory(slug="theirs"))
    receiving.receive(arrivals=[Arrival(theirs.pk, say.wrote(who="mara"))], now=say.at(3))
    stranger = Conversation.objects.get(brand=theirs.brand).contact
    mine = elsewhere.contact
    assert stranger is not None and mine is not None
    page.post(at(conversation, mine.public_id))
    merge = ContactMerge.objects.get()

    assert page.post(at(conversation, stranger.public_id)).status_code == 404
    assert str(stranger.public_id) not in page.get(at(conversation) + "?q=mara").content.decode()

    client.force_login(agent_of(theirs.brand))
    assert client.get(at(conversation)).status_code == 404
    assert client.post(at(conversation, mine.public_id)).status_code == 404
    assert client.delete(at(conversation, merge.public_id)).status_code == 404
    merge.refresh_from_db()
    assert merge.undone_at is None
