"""What a screen reader is told by itself: what is new, once. Not how things are getting on, nor what was said before."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from inbox.models import Channel, Conversation
from tests.browser.conftest import Outside
from tests.browser.test_late_answers import at
from tests.factories import conversations as make

Enter = Callable[..., Page]
HEARD = "[data-heard]"
# Every text that a live region has had since it was looked at.
LISTEN = """() => {
  window.heard = []
  const live = "[role=status], [role=log], [role=alert], [aria-live]"
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) {
      const region = (target.closest ? target : target.parentElement)?.closest(live)
      const words = [...addedNodes].map((each) => each.textContent.replace(/\\s+/g, " ").trim()).join(" ")
      if (words && region && region.getAttribute("aria-live") !== "off") window.heard.push(words)
    }
  }).observe(document.body, { childList: true, subtree: true })
}"""


def heard(page: Page) -> list[str]:
    return page.evaluate("window.heard")


def test_a_customers_message_is_read_out_once_and_ones_own_reply_not_again_with_each_of_its_states(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    page.evaluate(LISTEN)
    page.fill("#composer-text", "It left today")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("It left today")
    outside.write("Thank you!")
    expect(page.locator(HEARD)).to_have_text("Anna: Thank you!")

    assert not any("It left today" in words for words in heard(page))
    assert len([words for words in heard(page) if "Thank you!" in words]) == 1


def test_what_a_time_is_understood_as_is_said_in_a_line_that_stays(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("h")
    line = page.locator("#snooze-said")
    expect(line).to_be_attached()
    line.evaluate("line => (window.line = line)")
    page.keyboard.type("tomorrow 9")

    expect(line).not_to_be_empty()
    assert page.evaluate("window.line.isConnected")


def test_of_many_that_are_done_the_beginning_and_the_end_are_said_and_no_button(
    enter: Enter, channel: Channel
) -> None:
    make.conversations(channel, 3)
    page = enter("/b/lumen/inbox/open/")
    page.evaluate(LISTEN)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("e")
    expect(page.locator("bulk-progress")).to_be_visible()

    expect(page.locator("#bulk-said")).to_contain_text("of 2")
    assert not any("Undo" in words for words in heard(page))
