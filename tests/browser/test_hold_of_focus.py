"""Who goes through a page by Tab and arrows reaches everything, and keeps their place when something is replaced."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.actions import assigning
from inbox.models import Brand, Conversation, ConversationTag, Person, Tag
from tests.browser.conftest import Outside
from tests.browser.test_late_answers import at

Enter = Callable[..., Page]


def test_the_note_is_reached_by_arrows(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.locator("#tab-reply").focus()
    page.keyboard.press("ArrowRight")

    expect(page.locator("#tab-note")).to_be_focused()
    expect(page.locator("#tab-note")).to_have_attribute("aria-selected", "true")
    expect(page.locator("reply-composer")).to_have_attribute("data-mode", "note")
    page.keyboard.press("Home")
    expect(page.locator("#tab-reply")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-note")).to_be_focused()
