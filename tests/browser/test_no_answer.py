"""A line that is half open answers nothing: what was asked for ends, and what waits behind it goes on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from inbox.models import Brand, Conversation, ConversationState, Direction, Draft, Message
from tests.browser.test_late_answers import RESOLUTION, at, hold, is_shown
from tests.factories import conversations as make

Enter = Callable[..., Page]
FIELD = "#composer-text"
SOONER = """() => {
  const real = AbortSignal.timeout
  AbortSignal.timeout = (milliseconds) => real.call(AbortSignal, milliseconds / 40)
}"""


def never_answered(page: Page, address: re.Pattern[str], *, sooner: bool = True) -> list[Route]:
    """The next request of this address stays under way. The others are answered."""
    kept: list[Route] = []

    def keep(route: Route) -> None:
        if kept:
            route.fallback()
        else:
            kept.append(route)

    page.route(address, keep)
    if sooner:
        page.evaluate(SOONER)
    return kept


def until_asked(page: Page, kept: list[Route]) -> Route:
    for _ in range(100):
        if kept:
            return kept[0]
        page.wait_for_timeout(50)
    raise AssertionError("nothing was asked for")


def test_a_reply_that_is_never_answered_comes_back_to_its_writer(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    kept = never_answered(page, re.compile(r"/replies/$"))
    page.fill(FIELD, "It left today")
    page.keyboard.press("Control+Enter")
    until_asked(page, kept)

    expect(page.locator("#notices")).to_contain_text(
        "Parley has not answered. What you typed is kept; look whether it was done before you try again."
    )
    expect(page.locator(FIELD)).to_have_value("It left today")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("It left today")
    assert Message.objects.filter(direction=Direction.OUT).count() == 1


def test_a_save_that_is_never_answered_does_not_hold_the_reply_back(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    kept = never_answered(page, re.compile(r"/drafts/reply/$"))
    page.fill(FIELD, "It left today")
    until_asked(page, kept)
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=brand][data-entry]")).to_contain_text("It left today")


def test_an_undo_that_is_never_answered_holds_no_later_one(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("e")
    expect(page.locator("conversation-head[data-state=resolved]")).to_be_visible()
    kept = never_answered(page, re.compile(r"/undo/$"))
    page.keyboard.press("z")
    until_asked(page, kept)
    page.keyboard.press("z")

    expect(page.locator("conversation-head[data-state=open]")).to_be_visible()


def test_an_undo_pressed_before_the_act_has_arrived_takes_back_that_act(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    page.keyboard.press("m")
    expect(page.locator("conversation-head[data-mine]")).to_be_visible()
    kept: list[Route] = []
    page.route(RESOLUTION, lambda route: kept.append(route) if not kept else route.fallback())
    page.keyboard.press("e")
    resolution = until_asked(page, kept)
    page.keyboard.press("z")
    page.wait_for_timeout(300)
    anna.refresh_from_db()
    assert anna.assignee_name == "Mara"
    resolution.continue_()

    expect(page.locator("#notices")).to_contain_text("Undone")
    expect(page.locator("conversation-head[data-state=open][data-mine]")).to_be_visible()
    anna.refresh_from_db()
    assert (anna.state, anna.assignee_name) == (ConversationState.OPEN, "Mara")


def kept_back(page: Page, address: re.Pattern[str]) -> list[Route]:
    """The next request of this address does not reach the server before it is let go."""
    kept: list[Route] = []
    page.route(address, lambda route: route.fallback() if kept else kept.append(route))
    return kept


@pytest.mark.parametrize("by", ["the button", "its key"])
def test_a_reply_is_taken_back_at_once_though_something_else_has_no_answer(
    enter: Enter, anna: Conversation, zoe: Conversation, brand: Brand, by: str
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    page = enter(at(anna))
    kept = kept_back(page, RESOLUTION)
    page.keyboard.press("e")
    until_asked(page, kept)
    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)
    page.fill(FIELD, "It left today")
    page.keyboard.press("Control+Enter")
    button = page.locator("hold-line button")
    expect(button).to_be_visible()
    if by == "the button":
        button.click()
    else:
        page.keyboard.press("Escape")
        page.keyboard.press("z")

    expect(page.locator(FIELD)).to_have_value("It left today")
    assert not Message.objects.filter(direction=Direction.OUT).exists()


def test_an_undo_that_waits_takes_back_what_was_meant_and_not_what_was_done_since(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    held = hold(page, RESOLUTION)
    page.keyboard.press("e")
    held.until_given()
    page.keyboard.press("z")
    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)
    page.keyboard.press("m")
    expect(page.locator("conversation-head[data-mine]")).to_be_visible()
    held.let_go()

    expect(page.locator("#notices")).to_contain_text("Undone")
    anna.refresh_from_db()
    zoe.refresh_from_db()
    assert (anna.state, zoe.assignee_name) == (ConversationState.OPEN, "Mara")


def test_an_undo_of_what_was_not_done_takes_back_nothing_else(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("m")
    expect(page.locator("conversation-head[data-mine]")).to_be_visible()
    kept = kept_back(page, RESOLUTION)
    page.keyboard.press("e")
    resolution = until_asked(page, kept)
    page.keyboard.press("z")
    resolution.abort()

    expect(page.locator("#notices")).to_contain_text("No connection")
    expect(page.locator("#notices")).to_contain_text("Nothing was taken back.")
    page.wait_for_timeout(300)
    anna.refresh_from_db()
    assert anna.assignee_name == "Mara"


def test_a_retry_that_is_never_answered_says_so(enter: Enter, anna: Conversation) -> None:
    make.messages(anna, 1, direction="out", state="failed", external_id=None, author_name="Mara", attempts=1)
    page = enter(at(anna))
    kept = kept_back(page, re.compile(r"/attempt/$"))
    page.evaluate("htmx.config.timeout /= 40")
    page.get_by_role("button", name="Retry").click()
    until_asked(page, kept)

    expect(page.locator("#notices")).to_contain_text("Parley has not answered.")


def left_and_come_back(page: Page, zoe: Conversation, anna: Conversation) -> Route:
    """To the other one and back, while a save of what was typed here is under way."""
    kept = never_answered(page, re.compile(r"/drafts/reply/$"), sooner=False)
    page.fill(FIELD, "It left today")
    save = until_asked(page, kept)
    for other in (zoe, anna):
        page.click(f"#row-{other.public_id}")
        expect(page.locator("conversation-pane")).to_have_attribute("data-id", str(other.public_id))
    expect(page.locator(FIELD)).to_have_value("It left today")
    return save


def test_a_save_without_an_answer_does_not_bring_back_words_that_were_sent_since(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    save = left_and_come_back(page, zoe, anna)
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand][data-entry]")).to_contain_text("It left today")
    save.abort()
    page.wait_for_timeout(1600)

    assert not Draft.objects.exists()
    expect(page.locator(f"#row-{anna.public_id} .row__draft")).to_be_hidden()


def test_a_save_without_an_answer_does_not_stand_over_what_was_written_since(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    save = left_and_come_back(page, zoe, anna)
    page.fill(FIELD, "It leaves tomorrow")
    expect(page.locator("[data-kept]")).to_have_text("Draft saved")
    save.abort()
    page.wait_for_timeout(2400)

    assert Draft.objects.get().text == "It leaves tomorrow"
