"""What is there for keys alone is not seen, and takes no room."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from inbox.models import Conversation
from tests.browser.test_catching_up import pattern_of
from tests.browser.test_late_answers import at, hold, is_shown

Enter = Callable[..., Page]
SIZE = """() => {
  const { width, height, top } = document.activeElement.getBoundingClientRect()
  return [width <= 1 && height <= 1, top >= 0 && top < innerHeight]
}"""
SCROLLED = "document.scrollingElement.scrollTop + document.body.scrollTop + document.querySelector('workspace-shell').scrollTop"


def test_a_reply_to_a_row_that_is_not_open_moves_nothing(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    coming = hold(page, pattern_of(anna))
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.type("Hello")

    assert page.evaluate("document.activeElement.value") == "Hello"
    assert page.evaluate(SIZE) == [True, True]
    assert page.evaluate(SCROLLED) == 0
    coming.until_given()
    coming.let_go()
    is_shown(page, anna)
    expect(page.locator("#composer-text")).to_have_value("Hello")


def test_tab_to_attach_files_shows_no_field_over_the_counter(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    counter = page.locator("[data-counter]")
    before = counter.bounding_box()
    page.focus("#composer-text")
    page.keyboard.press("Tab")

    expect(page.locator("[data-file-input]")).to_be_focused()
    assert page.evaluate(SIZE) == [True, True]
    assert counter.bounding_box() == before
    assert (
        page.locator(".composer__attach").evaluate("button => getComputedStyle(button).outlineStyle")
        == "solid"
    )
