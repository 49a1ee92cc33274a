"""What an open page makes of the news."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import Edited, InboundMessage, Origin, Party, ProfileSeen
from inbox.models import Channel, Conversation, ConversationState, Person
from tests.browser.conftest import Outside

Enter = Callable[..., Page]


@pytest.fixture
def conversation(outside: Outside) -> Conversation:
    outside.write("Where is my parcel?")
    return Conversation.objects.get()


def thread_of(conversation: Conversation) -> str:
    return f"/b/lumen/conversations/{conversation.public_id}/"


def test_a_name_that_is_told_later_is_that_of_the_window_and_of_the_thread(
    enter: Enter, channel: Channel, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    expect(page).to_have_title(re.compile("^Anna · "))

    with transaction.atomic():
        seen = ProfileSeen(Party("anna", name="Anna Lind"))
        receiving.receive(arrivals=[Arrival(channel.pk, seen)], now=timezone.now())

    expect(page.locator(".head__name")).to_have_text("Anna Lind")
    expect(page).to_have_title(re.compile("^Anna Lind · "))
    expect(page.locator("#messages")).to_have_attribute("aria-label", "Messages with Anna Lind")


def test_resolving_past_an_unseen_message_is_stopped_with_a_choice(
    enter: Enter, outside: Outside, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    expect(page.locator(".row .badge")).to_have_count(0)
    page.evaluate("document.querySelector('state-line').socket.onmessage = () => {}")
    outside.write("WAIT, cancel it!")

    page.keyboard.press("e")

    expect(page.locator(".stale")).to_contain_text("WAIT, cancel it!")
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.OPEN

    page.click("[data-resolve-anyway]")
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    expect(page.locator(".stale")).to_have_count(0)


def test_an_edit_that_is_on_the_page_stops_no_reply_and_one_that_is_not_stops_it_with_a_choice(
    enter: Enter, conversation: Conversation, channel: Channel
) -> None:
    page = enter(thread_of(conversation))

    change_words(channel, conversation, "Cancel it, please")
    expect(page.locator(".message[data-side=customer]")).to_contain_text("Cancel it, please")
    page.wait_for_timeout(900)  # a glance
    send(page, "Cancelled")
    expect(page.locator(".message[data-side=brand]")).to_have_count(1)
    expect(page.locator(".stale")).to_have_count(0)

    page.evaluate("document.querySelector('state-line').socket.onmessage = () => {}")
    change_words(channel, conversation, "No, keep it")
    send(page, "It is cancelled")
    expect(page.locator(".stale")).to_contain_text("No, keep it (edited)")
    expect(page.locator(".message[data-side=brand]")).to_have_count(1)


def change_words(channel: Channel, conversation: Conversation, words: str) -> None:
    now = timezone.now()
    edit = Edited(conversation.messages.get(direction="in").external_id or "", words, now, thread_id="anna")
    with transaction.atomic():
        receiving.receive(arrivals=[Arrival(channel.pk, edit)], now=now)


def send(page: Page, words: str) -> None:
    page.locator("#composer-text").fill(words)
    page.locator("#composer-text").press("Control+Enter")


def test_an_echo_that_was_our_own_reply_leaves_the_page(
    enter: Enter, conversation: Conversation, mara: Person, channel: Channel
) -> None:
    now = timezone.now()
    [reply] = replying.queue_reply(
        conversation=conversation, by=mara, client_id=uuid.uuid4(), text="see https://shop.example/1", attachments=[],
        written_against=conversation.public_seq, now=now,
    )  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=now)
    echoed = InboundMessage(
        external_id="p1", thread_id="anna", sent_at=now, author=Party("brand"), counterpart=Party("anna"),
        text="see https://t.co/abc", outbound=True, origin=Origin.OTHER_CLIENT,
    )  # fmt: skip
    with transaction.atomic():
        receiving.receive(arrivals=[Arrival(channel.pk, echoed)], now=now)
    page = enter(thread_of(conversation))
    expect(page.locator(".message[data-side=brand]")).to_have_count(2)

    sending.mark_reply_sent(message_id=reply.pk, external_id="p1", at=None, now=now)

    expect(page.locator(".message[data-side=brand]")).to_have_count(1)
    expect(page.locator(".message[data-side=brand]")).to_contain_text("shop.example")


def test_the_facts_beside_the_thread_follow_without_a_reload(
    enter: Enter, outside: Outside, conversation: Conversation
) -> None:
    page = enter(thread_of(conversation))
    facts = page.locator("#conversation-facts")
    before = facts.bounding_box()
    assert before

    outside.write("Hello?")
    expect(facts).to_contain_text("Messages2")
    page.keyboard.press("m")
    expect(facts).to_contain_text("Assigned toMara")
    expect(page.locator(".row .badge")).to_have_count(0)  # it has been seen
    page.keyboard.press("e")
    expect(facts).to_contain_text("StateResolved")

    # News may replace the element between two questions, so they are asked in one turn of the page's loop.
    after = page.evaluate("document.querySelector('#conversation-facts').getBoundingClientRect().toJSON()")
    assert {side: after[side] for side in before} == before


def test_the_number_of_news_covers_no_row(enter: Enter, outside: Outside, conversation: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.hover(".row >> nth=0")
    before = page.locator(".list__title").bounding_box()
    outside.write("Me first!", who="zoe")

    expect(page.locator("[data-pill]")).to_have_text("1 new")
    pill, row = page.locator("[data-pill]").bounding_box(), page.locator(".row >> nth=0").bounding_box()

    assert pill and row
    assert pill["y"] + pill["height"] <= row["y"]
    assert page.locator(".list__title").bounding_box() == before


def test_news_of_the_row_in_hand_leaves_the_hand_on_it(
    enter: Enter, outside: Outside, conversation: Conversation
) -> None:
    outside.write("Another parcel", who="zoe")
    page = enter("/b/lumen/inbox/open/?sort=newest")
    page.keyboard.press("j")
    page.keyboard.press("j")
    held = page.locator(".row:focus")
    expect(held).to_contain_text("Where is my parcel?")

    # In one turn of the page's loop: no key can come between the news and the look.
    in_hand = page.evaluate(
        """() => {
            const row = document.activeElement
            const newer = row.cloneNode(true)
            newer.dataset.seq = Number(row.dataset.seq) + 1
            document.querySelector("inbox-list").receive([newer])
            return [document.activeElement === newer, row.isConnected]
        }"""
    )

    assert in_hand == [True, False]
