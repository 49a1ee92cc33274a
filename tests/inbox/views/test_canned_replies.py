"""Canned replies: whose they are, in which language and channel they are offered, and what is refused before it is kept."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Party, ThreadKind
from inbox.models import Brand, CannedReply, Channel, Conversation, Macro, Membership, Message, Person, Role
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

REPLY = {
    "name": "Refund",
    "shortcut": "/Refund",
    "text": "Hello {{contact.first_name|there}}, it is on its way.",
}


@pytest.fixture
def brand(channel: Channel) -> Brand:
    return channel.brand


@pytest.fixture
def manager(page: Client, jo: Person, brand: Brand) -> Client:
    Membership.objects.filter(person=jo).update(role=Role.MANAGER)
    return page


def at(name: str, *more: Any) -> str:
    return reverse(f"inbox:{name}", args=["lumen", *more])


def canned(brand: Brand, name: str = "Refund", **fields: Any) -> CannedReply:
    return CannedReply.objects.create(brand=brand, name=name, **{"text": "On its way.", **fields})


def offered(page: Client, conversation: Conversation) -> str:
    answer = page.get(at("writing", conversation.public_id), headers={"X-Parley-Fragment": "1"})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_an_agent_keeps_replies_of_their_own(page: Client, jo: Person, brand: Brand) -> None:
    assert page.post(at("settings-canned-new"), {**REPLY, "for_all": "on"}).status_code == 302

    reply = CannedReply.objects.get()
    assert (reply.owner, reply.shortcut) == (jo, "refund")
    assert "Refund" in page.get(at("settings-canned")).content.decode()


def test_whoever_sets_up_the_brand_keeps_replies_for_all(manager: Client, brand: Brand) -> None:
    manager.post(at("settings-canned-new"), {**REPLY, "for_all": "on", "text-de": "Hallo!"})

    reply = CannedReply.objects.get()
    assert (reply.owner, reply.translations) == (None, {"de": "Hallo!"})


def test_an_agent_reads_the_brands_replies_and_changes_none(page: Client, brand: Brand) -> None:
    reply = canned(brand)

    assert "On its way." in page.get(at("settings-canned")).content.decode()
    assert page.get(at("settings-canned-reply", reply.public_id)).status_code == 404
    assert page.post(at("settings-canned-reply", reply.public_id), REPLY).status_code == 404
    assert page.post(at("settings-canned-removal", reply.public_id)).status_code == 404
    assert CannedReply.objects.get().text == "On its way."


def test_nobody_sees_a_colleagues_own(manager: Client, brand: Brand, conversation: Conversation) -> None:
    reply = canned(brand, "Secret", owner=agent_of(brand))

    assert "Secret" not in manager.get(at("settings-canned")).content.decode()
    assert "Secret" not in offered(manager, conversation)
    for name in ("settings-canned-reply", "settings-canned-removal", "canned-use"):
        assert manager.post(at(name, reply.public_id)).status_code == 404


def test_nobody_sees_another_brands(page: Client, conversation: Conversation) -> None:
    canned(ChannelFactory().brand, "Theirs")

    assert "Theirs" not in offered(page, conversation)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": "Hello {{contact.nme}}"}, "Did you mean {{contact.name}}?"),
        ({"text-de": "Hallo {{contact.name"}, "is no variable"),
        ({"text": ""}, "required"),
        ({"shortcut": "two words"}, "one word"),
        ({"name": "Taken"}, "already"),
        ({"shortcut": "taken"}, "already"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words_and_stays_in_the_form(
    page: Client, brand: Brand, jo: Person, changed: dict[str, str], words: str
) -> None:
    canned(brand, "Taken", shortcut="taken", owner=jo)

    answer = page.post(at("settings-canned-new"), {**REPLY, **changed})

    shown = unescape(answer.content.decode())
    assert answer.status_code == 422 and words in shown
    assert all(value in shown for value in changed.values())
    assert CannedReply.objects.count() == 1


def test_one_is_changed_and_removed(page: Client, brand: Brand, jo: Person) -> None:
    reply = canned(brand, owner=jo, translations={"pt": "A caminho"})
    assert "A caminho" in page.get(at("settings-canned-reply", reply.public_id)).content.decode()

    page.post(at("settings-canned-reply", reply.public_id), {**REPLY, "name": "Back"})
    reply.refresh_from_db()
    assert (reply.name, reply.owner, reply.translations) == ("Back", jo, {})

    page.post(at("settings-canned-removal", reply.public_id))
    assert not CannedReply.objects.exists()


def test_it_is_offered_filled_in_and_in_the_customers_language(
    page: Client, brand: Brand, conversation: Conversation
) -> None:
    canned(
        brand,
        text="Hi {{contact.first_name|there}}",
        translations={"fr": "Bonjour {{contact.first_name}} de {{brand.name}}"},
    )
    assert 'data-text="Hi Mara"' in offered(page, conversation)

    Conversation.objects.update(language="fr")
    assert f'data-text="Bonjour Mara de {brand.name}"' in offered(page, conversation)
    assert '<span class="offer__note">French</span>' in offered(page, conversation)
    Conversation.objects.update(language="de")
    assert 'data-text="Hi Mara"' in offered(page, conversation)


@pytest.mark.parametrize(
    ("party", "kind", "username"),
    [
        (Party("noor", name="Noor Ali", username="noor.a"), ThreadKind.GROUP, "{{contact.username}}"),
        (Party("noor"), ThreadKind.GROUP, "{{contact.username}}"),
        (Party("noor", username="noor.k92"), ThreadKind.DIRECT, "noor.k92"),
        (Party("hidden:1", name="LinkedIn member", stand_in=True), ThreadKind.DIRECT, "{{contact.username}}"),
        (Party("author-of:1", name="Somebody on Instagram", username="noor.a"), ThreadKind.COMMENT, "noor.a"),
        (Party("author-of:1", name="noor.k92", username="noor.k92"), ThreadKind.COMMENT, "noor.k92"),
    ],
)
def test_nobody_is_greeted_by_what_is_no_name(
    page: Client, brand: Brand, party: Party, kind: ThreadKind, username: str
) -> None:
    """A group has a title, of some people their handle alone is known, and of some nothing."""
    network = "linkedin" if party.stand_in else "instagram"
    said = replace(say.wrote("Hello", who="noor", thread_kind=kind), author=party)
    receiving.receive(
        arrivals=[Arrival(ChannelFactory(brand=brand, platform=network).pk, said)], now=say.at(1)
    )
    canned(brand, text="Hi {{contact.first_name|there}}, {{contact.first_name}}, {{contact.name}}")
    canned(brand, "Handle", text="@{{contact.username}}")

    shown = offered(page, Conversation.objects.get())

    assert 'data-text="Hi there, {{contact.first_name}}, {{contact.name}}"' in shown
    assert f'data-text="@{username}"' in shown


@pytest.mark.parametrize("kind", [ThreadKind.DIRECT, ThreadKind.COMMENT])
def test_whose_name_is_also_their_handle_is_greeted_by_it(
    page: Client, brand: Brand, kind: ThreadKind
) -> None:
    said = replace(
        say.wrote("Hello", who="42", thread_kind=kind), author=Party("42", name="Lumen", username="Lumen")
    )
    receiving.receive(arrivals=[Arrival(ChannelFactory(brand=brand, platform="x").pk, said)], now=say.at(1))
    canned(brand, text="Hi {{contact.first_name|there}}, {{contact.first_name}}, {{contact.name}}")

    assert 'data-text="Hi Lumen, Lumen, Lumen"' in offered(page, Conversation.objects.get())


def test_what_a_customer_is_called_is_text_and_nothing_else(
    page: Client, brand: Brand, conversation: Conversation
) -> None:
    Conversation.objects.update(contact_name='{{agent.name}}"><script>alert(1)</script>')
    canned(brand, text="Hi {{contact.name}}")

    raw = page.get(at("writing", conversation.public_id), headers={"X-Parley-Fragment": "1"}).content.decode()

    assert "<script>" not in raw and "Hi { {agent.name}}&quot;&gt;&lt;script&gt;" in raw


def test_a_channel_that_it_is_not_for_does_not_offer_it(
    page: Client, brand: Brand, channel: Channel, conversation: Conversation
) -> None:
    other = ChannelFactory(brand=brand)
    canned(brand, "Here", channels=[channel.pk, other.pk])
    canned(brand, "Elsewhere", channels=[other.pk])

    shown = offered(page, conversation)
    assert "Here" in shown and "Elsewhere" not in shown


def test_those_used_most_stand_first(page: Client, brand: Brand, conversation: Conversation) -> None:
    canned(brand, "Alpha")
    omega = canned(brand, "Omega")
    assert offered(page, conversation).index("Alpha") < offered(page, conversation).index("Omega")

    assert page.post(at("canned-use", omega.public_id)).status_code == 204
    assert offered(page, conversation).index("Omega") < offered(page, conversation).index("Alpha")


def test_variables_show_what_they_are_here(page: Client, brand: Brand, conversation: Conversation) -> None:
    Message.objects.update(text="Where is order #10423?")

    shown = offered(page, conversation)

    for value in ("Mara", "mara.k", "10423", "Jo", brand.name, "Instagram"):
        assert f'data-text="{value}"' in shown


def test_colleagues_are_not_found_by_what_all_their_addresses_share(
    page: Client, brand: Brand, conversation: Conversation
) -> None:
    for name in ("Ada Agent", "Rosa Rey"):
        agent_of(brand, email=f"{name.split()[0].lower()}.x@parley.test", name=name)

    shown = offered(page, conversation)

    assert 'data-words="ada agent ada.x"' in shown and 'data-words="rosa rey rosa.x"' in shown


def test_the_number_of_replies_costs_no_queries(
    page: Client, brand: Brand, conversation: Conversation, django_assert_num_queries: Any
) -> None:
    for number in range(30):
        canned(brand, f"Reply {number}", text="{{contact.orders.last|none}} {{contact.name}}")

    # session, person, conversation with its channel and brand; order numbers, replies, colleagues and whether one is of them, macros
    with django_assert_num_queries(8):
        offered(page, conversation)


def test_a_reply_with_a_variable_in_it_is_not_sent(page: Client, conversation: Conversation) -> None:
    Conversation.objects.update(window_opened_at=timezone.now())
    said = {
        "client_id": str(conversation.public_id), "text": "Hi {{contact.first_name}}", "written_against": conversation.seq,
    }  # fmt: skip
    answer = page.post(at("replies", conversation.public_id), said)

    assert answer.status_code == 422 and "Fill in {{contact.first_name}} first" in unescape(
        answer.content.decode()
    )
    assert Message.objects.filter(direction="out").count() == 0


@pytest.mark.parametrize(
    "whose", ["the brand's", "Bea's", "of somebody who is locked out", "of somebody who has left"]
)
def test_one_that_a_macro_answers_with_is_removed_once_nobody_can_change_the_macro(
    whose: str, manager: Client, brand: Brand
) -> None:
    reply = canned(brand)
    bea = agent_of(brand, name="Bea")
    Macro.objects.create(
        brand=brand, owner=None if whose == "the brand's" else bea, name="Close", reply=reply, resolves=True
    )
    if whose == "of somebody who has left":
        Membership.objects.filter(person=bea).delete()
    if whose == "of somebody who is locked out":
        Person.objects.filter(pk=bea.pk).update(is_active=False)

    answer = manager.post(at("settings-canned-removal", reply.public_id), follow=True)

    said = unescape(answer.content.decode())
    if whose == "of somebody who has left":
        assert not CannedReply.objects.exists() and not Macro.objects.exists()
        return
    assert CannedReply.objects.exists() and Macro.objects.get().reply == reply
    words = {
        "the brand's": "The macro “Close” answers with it",
        "Bea's": "Bea's own macro “Close” answers with it. Ask them to change it first.",
        "of somebody who is locked out": "Bea's own macro “Close” answers with it. They are locked out for now",
    }
    assert words[whose] in said
