"""Search with the keys alone: found while typing, opened where it was said, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import indexing
from inbox.models import Brand, Channel, Conversation, Message, Person
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/"


def follow(brand: Brand) -> None:
    """What the worker does a moment after each message."""
    while not (batch := indexing.next_batch(brand.pk)).is_empty:
        indexing.index(batch)


def long_thread(channel: Channel) -> Conversation:
    conversation = make.conversation(
        channel, contact_name="Nora", last_message_at=timezone.now() - timedelta(hours=3)
    )
    lines = make.messages(conversation, 400)
    Message.objects.filter(pk=lines[150].pk).update(text="The code on the box is QX-7781")
    indexing._index_messages(channel.brand_id, [line.pk for line in lines])
    return conversation


def test_a_message_is_found_and_opened_where_it_was_said(
    enter: Enter, brand: Brand, channel: Channel
) -> None:
    long_thread(channel)
    page = enter(OPEN)

    page.keyboard.press("/")
    page.keyboard.type("qx7781")
    expect(page.locator("[data-hit] mark")).to_have_text("QX-7781")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    found = page.locator(".message[data-found]")
    expect(found).to_contain_text("QX-7781")
    expect(found).to_be_in_viewport()
    page.locator("message-thread").evaluate("thread => thread.dispatchEvent(new Event('wheel'))")
    page.locator("message-thread").evaluate("thread => { thread.scrollTop = 0 }")
    expect(page.locator(".message__text", has_text="Line 100").first).to_be_attached()
    page.locator("message-thread").evaluate("thread => { thread.scrollTop = thread.scrollHeight }")
    expect(page.locator(".message__text", has_text="Line 200").first).to_be_attached()


def test_the_keys_go_through_the_results_and_back_to_the_list(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    outside.write("My parcel is late", who="anna")
    outside.write("A parcel came broken", who="berta")
    outside.write("Nothing of the kind", who="carla")
    follow(brand)
    page = enter(OPEN)
    expect(page.locator(".row")).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("parcel")
    expect(page.locator("[data-hit]")).to_have_count(2)
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    expect(page.locator("[data-hit]:focus")).to_contain_text("Anna")
    page.keyboard.press("Enter")
    expect(page.locator(".head__name")).to_have_text("Anna")
    page.keyboard.press("k")
    expect(page.locator(".head__name")).to_have_text("Berta")
    page.keyboard.press("Escape")

    expect(page.locator(".search")).to_be_hidden()
    expect(page.locator(".row")).to_have_count(3)
    expect(page.locator(".head__name")).to_have_text("Berta")


def test_keys_are_about_the_result_in_hand(
    enter: Enter, outside: Outside, brand: Brand, mara: Person
) -> None:
    outside.write("A parcel came broken", who="berta")
    outside.write("My parcel is late", who="anna")
    follow(brand)
    anna, berta = (Conversation.objects.get(thread_key=who) for who in ("anna", "berta"))
    page = enter(OPEN)

    page.keyboard.press("/")
    page.keyboard.type("parcel")
    expect(page.locator("[data-hit]")).to_have_count(2)
    page.keyboard.press("Enter")
    page.keyboard.press("m")
    expect(page.locator("#notices")).to_contain_text("Assigned to Mara")
    page.keyboard.press("Enter")
    expect(page.locator(".head__name")).to_have_text("Anna")
    # Within the rest that a key held down is given, the thread is still that of the one before.
    page.keyboard.press("j")
    page.keyboard.press("e")

    expect(page.locator(".hit", has_text="Berta")).to_have_attribute("data-state", "resolved")
    expect(page.locator(".hit", has_text="Berta").locator(".hit__state")).to_have_text("resolved")
    anna.refresh_from_db()
    berta.refresh_from_db()
    assert (anna.state, anna.assignee, berta.state) == ("open", mara, "resolved")
    page.keyboard.press("e")
    expect(page.locator(".hit", has_text="Berta")).to_have_attribute("data-state", "open")
    expect(page.locator(".hit", has_text="Berta").locator(".hit__state")).to_be_hidden()


def test_a_reply_to_the_result_in_hand(enter: Enter, outside: Outside, brand: Brand) -> None:
    outside.write("My parcel is late", who="anna")
    follow(brand)
    page = enter(OPEN)

    page.keyboard.press("/")
    page.keyboard.type("parcel")
    expect(page.locator("[data-hit]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type("rOh dear")

    expect(page.locator(".head__name")).to_have_text("Anna")
    expect(page.locator("#composer-text")).to_have_value("Oh dear")


def test_people_are_found_and_a_search_can_be_kept_as_an_address(
    enter: Enter, outside: Outside, brand: Brand
) -> None:
    for number in range(6):
        outside.write("Hello", who=f"anna{number}")
    follow(brand)
    page = enter("/b/lumen/inbox/query/?q=is%3Aunread&sort=newest")
    page.keyboard.press("/")
    page.keyboard.type("ann")
    expect(page.locator(".hit--person")).to_have_count(5)

    page.reload()

    expect(page.locator(".hit--person")).to_have_count(5)
    page.get_by_role("link", name="More people").click()
    expect(page.locator(".hit--person")).to_have_count(6)
    expect(page.locator(".hit--person").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".head__name")).to_contain_text("Anna")
    page.go_back()
    expect(page.locator("#search-field")).to_have_value("ann")
    expect(page.locator(".thread .empty")).to_be_visible()
    page.locator("#search-field").press("Escape")
    expect(page).to_have_url(re.compile(r"/inbox/query/\?q=is%3Aunread&sort=newest$"))


def test_a_reply_from_the_middle_of_a_thread_is_shown_at_its_end(
    enter: Enter, brand: Brand, channel: Channel
) -> None:
    conversation = long_thread(channel)
    message = Message.objects.get(text__contains="QX-7781")
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/?at={message.public_id}")
    expect(page.locator(".message[data-found]")).to_be_in_viewport()

    page.keyboard.press("n")
    page.keyboard.type("Seen it")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message").last).to_contain_text("Seen it")
    expect(page.locator(".message__text", has_text="Line 399")).to_be_attached()


def test_who_writes_on_after_a_note_from_the_middle_of_a_thread_is_not_disturbed(
    enter: Enter, brand: Brand, channel: Channel
) -> None:
    conversation = long_thread(channel)
    message = Message.objects.get(text__contains="QX-7781")
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/?at={message.public_id}")
    expect(page.locator(".message[data-found]")).to_be_in_viewport()
    page.keyboard.press("n")
    page.keyboard.type("Seen it")
    page.keyboard.press("Control+Enter")

    page.keyboard.type("Ask ")
    expect(page.locator(".message").last).to_contain_text("Seen it")
    page.keyboard.type("Bea")

    expect(page.locator("#composer-text")).to_have_value("Ask Bea")
    expect(page.locator("reply-composer")).to_have_attribute("data-mode", "note")


def test_search_fits_a_phone(enter: Enter, outside: Outside, brand: Brand) -> None:
    outside.write("My parcel is late", who="anna")
    follow(brand)
    page = enter(OPEN, viewport={"width": 390, "height": 844})

    page.click("[data-command=search]")
    page.fill("#search-field", "parcel is:broken")
    expect(page.locator("[data-problem]")).to_contain_text("There is no")
    page.fill("#search-field", "parcel is:open")
    page.locator("[data-hit]").click()

    expect(page.locator(".message[data-found]")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click("[data-back]")
    expect(page.locator("[data-hit]")).to_be_visible()
    page.click("[data-search-close]")
    expect(page.locator(".row")).to_be_visible()
