"""Writing by keys: canned replies with their preview, variables, and what stops a half-filled reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Brand, CannedReply, Channel, Conversation, Direction, Message
from tests.browser.conftest import Outside

Enter = Callable[..., Page]
FIELD = "#composer-text"


@pytest.fixture
def conversation(outside: Outside) -> Conversation:
    outside.write("Where is order #10423?", who="anna")
    return Conversation.objects.get()


def canned(brand: Brand, name: str, text: str, **fields: Any) -> CannedReply:
    return CannedReply.objects.create(brand=brand, name=name, text=text, **fields)


def opened(enter: Enter, conversation: Conversation, **more: Any) -> Page:
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/", **more)
    page.keyboard.press("r")
    expect(page.locator(FIELD)).to_be_focused()
    return page


def test_a_canned_reply_is_found_seen_and_inserted_by_keys(
    enter: Enter, brand: Brand, conversation: Conversation
) -> None:
    canned(brand, "Thanks", "Thank you!", used=9)
    reply = canned(
        brand,
        "Where it is",
        "Hello {{contact.first_name|there}}, order {{contact.orders.last}} is on its way.",
    )
    page = opened(enter, conversation)

    page.keyboard.type("/")
    options = page.locator("composer-picker [role=option]")
    expect(options.locator(".offer__name")).to_have_text(["Thanks", "Where it is"])
    expect(page.locator(".offers__words")).to_have_text("Thank you!")

    page.keyboard.press("ArrowDown")
    expect(page.locator(".offers__words")).to_have_text("Hello Anna, order 10423 is on its way.")
    expect(page.locator(".offers__fit")).to_contain_text("/ 1,000 bytes")
    assert page.get_attribute(FIELD, "aria-activedescendant") == f"offer-{reply.public_id}"
    page.keyboard.press("Enter")

    expect(page.locator(FIELD)).to_have_value("Hello Anna, order 10423 is on its way.")
    expect(page.locator("composer-picker")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand] .message__text")).to_have_text(
        "Hello Anna, order 10423 is on its way."
    )
    reply.refresh_from_db()
    assert reply.used == 1


def test_typing_narrows_and_esc_leaves_the_text_alone(
    enter: Enter, brand: Brand, conversation: Conversation
) -> None:
    canned(brand, "Refund", "Money is on its way.", shortcut="money")
    canned(brand, "Return", "Send it back.")
    page = opened(enter, conversation)

    page.keyboard.type("Well /mon")
    expect(page.locator("composer-picker .offer__name")).to_have_text(["Refund"])
    page.keyboard.press("Escape")
    expect(page.locator("composer-picker")).to_be_hidden()
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.type("e")
    expect(page.locator("composer-picker")).to_be_hidden()
    expect(page.locator(FIELD)).to_have_value("Well /mone")

    page.keyboard.type(" or 1/2 and/or ")
    expect(page.locator("composer-picker")).to_be_hidden()
    page.keyboard.type("/money")
    page.keyboard.press("Enter")
    expect(page.locator(FIELD)).to_have_value("Well /mone or 1/2 and/or Money is on its way.")


def test_what_the_platform_would_not_take_is_said_before_it_is_inserted(
    enter: Enter, brand: Brand, conversation: Conversation
) -> None:
    canned(brand, "Long", "ü" * 501)
    page = opened(enter, conversation)

    page.keyboard.type("/long")

    expect(page.locator(".offers__fit")).to_have_text("2 bytes too long for Instagram")


def test_a_variable_that_is_not_known_stops_the_reply_until_it_is_filled(
    enter: Enter, brand: Brand, conversation: Conversation
) -> None:
    Message.objects.update(text="Hello")
    canned(brand, "Order", "About {{contact.orders.last}}: done.")
    page = opened(enter, conversation)

    page.keyboard.type("/order")
    page.keyboard.press("Enter")
    expect(page.locator(FIELD)).to_have_value("About {{contact.orders.last}}: done.")
    expect(page.locator("[data-unfilled]")).to_contain_text("Fill in {{contact.orders.last}} first")
    expect(page.locator(".composer__send")).to_be_disabled()
    page.keyboard.press("Control+Enter")

    page.keyboard.type("10423")  # it was selected to be written over
    expect(page.locator(FIELD)).to_have_value("About 10423: done.")
    expect(page.locator("[data-unfilled]")).to_be_hidden()
    assert Message.objects.filter(direction=Direction.OUT).count() == 0
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand] .message__text")).to_have_text("About 10423: done.")


def test_a_variable_is_chosen_and_stands_as_text(enter: Enter, conversation: Conversation) -> None:
    page = opened(enter, conversation)

    page.keyboard.type("Dear {{first")
    expect(page.locator("composer-picker .offer__name")).to_have_text(
        ["contact.first_name", "agent.first_name"]
    )
    page.keyboard.press("Enter")

    expect(page.locator(FIELD)).to_have_value("Dear Anna")


def test_on_a_phone_the_choices_stand_over_the_thread(
    enter: Enter, brand: Brand, channel: Channel, conversation: Conversation
) -> None:
    canned(brand, "Thanks", "Thank you!")
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/", viewport={"width": 390, "height": 844})

    page.locator(FIELD).press_sequentially("/")
    expect(page.locator("composer-picker .offer")).to_have_count(1)
    page.locator("composer-picker .offer").click()

    expect(page.locator(FIELD)).to_have_value("Thank you!")
    expect(page.locator(FIELD)).to_be_focused()
