"""What counts as seen in the list: what somebody had before their eyes, not what the page has heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Conversation, ConversationState
from tests.browser.conftest import Outside
from tests.browser.test_hands import OPEN, work

Enter = Callable[..., Page]
GLANCE = 900  # milliseconds; a row counts as seen after 700
# As fast as a finger that was on its way: in the same breath in which the row tells the new words.
PRESS_AS_IT_COMES = """([words, key]) => {
  new MutationObserver((_, watch) => {
    if (!document.activeElement.textContent.includes(words)) return
    watch.disconnect()
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }))
  }).observe(document.querySelector("inbox-list"), { childList: true, subtree: true })
}"""


def test_words_that_come_into_the_row_in_hand_with_the_key_are_shown_before_it_is_resolved(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    page.wait_for_timeout(GLANCE)
    page.evaluate(PRESS_AS_IT_COMES, ["One more thing", "e"])

    outside.write("One more thing")

    expect(page.locator(".stale")).to_contain_text("The conversation is still open")
    anna.refresh_from_db()
    assert anna.state == ConversationState.OPEN


def test_words_that_have_stood_there_for_a_glance_are_seen(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    outside.write("One more thing")
    expect(page.locator(".row")).to_contain_text("One more thing")
    page.wait_for_timeout(GLANCE)

    page.keyboard.press("e")

    expect(page.locator("#notices")).to_contain_text("Resolved")
    anna.refresh_from_db()
    assert anna.state == ConversationState.RESOLVED


@pytest.mark.parametrize("keys", [["x", "Shift+J"], ["x", "*"]], ids=["one by one", "the whole view"])
def test_what_a_customer_writes_after_it_was_selected_is_not_buried(
    enter: Enter, anna: Conversation, zoe: Conversation, outside: Outside, keys: list[str]
) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator(".row[data-picked]")).to_have_count(2)
    outside.write("Wait, one more thing", who="anna")
    expect(page.locator(f"#row-{anna.public_id}")).to_contain_text("Wait, one more thing")
    page.wait_for_timeout(GLANCE)  # the page has heard all of it

    page.keyboard.press("e")
    expect(page.locator("bulk-progress")).to_be_visible()
    run = work()

    assert (run.done, run.reasons) == (1, {"the customer has written since": 1})
    assert Conversation.objects.get(pk=anna.pk).state == ConversationState.OPEN
