"""Who writes with an input method (Japanese, Chinese, Korean …) presses Enter, Esc and arrows for it. They are no keys of the page meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Brand, Conversation, ConversationTag, Tag

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/?sort=newest"


def compose(page: Page, letters: str) -> None:
    """Letters that the input method still holds, as the browser's own line to it gives them."""
    line = page.context.new_cdp_session(page)
    end = len(letters)
    line.send("Input.imeSetComposition", {"text": letters, "selectionStart": end, "selectionEnd": end})


def test_esc_takes_back_a_conversion_and_the_hand_stays_in_the_reply(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.keyboard.press("r")
    field = page.locator("#composer-text")
    compose(page, "これは")
    expect(field).to_have_value("これは")

    page.keyboard.press("Escape")
    expect(field).to_be_focused()
    page.keyboard.press("e")

    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()
    expect(field).to_be_focused()


def test_enter_takes_the_letters_and_sets_no_tag(enter: Enter, anna: Conversation, brand: Brand) -> None:
    Tag.objects.create(brand=brand, name="返金")
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.keyboard.press("l")
    expect(page.locator("triage-picker .picker__filter")).to_be_focused()

    compose(page, "返金")
    expect(page.locator("triage-picker [aria-selected=true]")).to_contain_text("返金")
    page.keyboard.press("Enter")

    expect(page.locator("triage-picker [data-current]")).to_have_count(0)
    assert not ConversationTag.objects.exists()


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_the_palette_waits_for_the_letters(enter: Enter, anna: Conversation, key: str) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.keyboard.press("Control+k")
    compose(page, "resolve")
    expect(page.locator("#palette-options [aria-selected=true]")).to_contain_text("Resolve")

    page.keyboard.press(key)

    expect(page.locator("#palette-field")).to_be_visible()
    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()


def test_search_and_the_query_bar_stay_open(enter: Enter, anna: Conversation) -> None:
    page = enter(OPEN)
    page.keyboard.press("v")
    bar = page.locator("query-bar input")
    compose(page, "返")
    page.keyboard.press("Escape")
    expect(bar).to_be_focused()
    expect(bar).to_have_value("返")

    page = enter(OPEN)
    page.keyboard.press("/")
    field = page.locator("search-pane input")
    compose(page, "返")
    page.keyboard.press("Escape")

    expect(field).to_be_visible()
    expect(field).to_be_focused()


def test_the_enter_that_ends_it_in_safari_takes_no_choice(enter: Enter, anna: Conversation) -> None:
    page = enter(f"/b/lumen/conversations/{anna.public_id}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("resolve")
    expect(page.locator("#palette-options [aria-selected=true]")).to_contain_text("Resolve")

    page.locator("#palette-field").evaluate(
        """field => field.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }))"""
    )

    expect(page.locator("#palette-field")).to_be_visible()
    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()
