"""Esc ends first what lies over the rest, and Back leads to the list out of everything."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from inbox.models import Conversation, Focus
from tests.browser.test_focus import NEWEST, until
from tests.browser.test_late_answers import at, is_shown

Enter = Callable[..., Page]


def test_esc_puts_the_person_away_before_the_conversation(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), viewport={"width": 1280, "height": 800})
    page.keyboard.press("i")
    expect(page.locator(".context")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator(".context")).to_be_hidden()
    is_shown(page, anna)
    page.keyboard.press("Escape")
    expect(page.locator("conversation-pane")).to_have_count(0)


def test_where_the_person_stands_beside_the_thread_esc_closes_the_conversation(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna), viewport={"width": 1280, "height": 800})
    page.keyboard.press("i")
    page.set_viewport_size({"width": 1440, "height": 800})
    page.keyboard.press("Escape")

    expect(page.locator("conversation-pane")).to_have_count(0)


def test_the_drawer_takes_the_hand_and_gives_it_back_with_esc(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), viewport={"width": 1000, "height": 800})
    button = page.locator("[data-menu]")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".views a:focus")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(page.locator(".views")).to_be_hidden()
    expect(button).to_be_focused()
    is_shown(page, anna)


def test_back_out_of_focus_leads_to_the_list_and_gives_back_what_was_held(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(NEWEST)
    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)
    page.keyboard.press("f")
    page.wait_for_selector("focus-bar[data-ready]")
    page.go_back()

    expect(page).to_have_url(re.compile("/inbox/open/"))
    expect(page.locator("workspace-shell[data-focus]")).to_have_count(0)
    expect(page.locator(f"#row-{anna.public_id}")).to_be_visible()
    expect(page.locator("conversation-pane")).to_have_count(0)
    until(lambda: not Focus.objects.exists())
