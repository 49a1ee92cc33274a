"""Somebody types on while an answer is on its way: what they type stays, and goes where they type it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from inbox.models import Brand, Conversation, Macro
from tests.browser.conftest import Outside
from tests.browser.test_drafts import saved
from tests.browser.test_late_answers import at, hold, is_shown

Enter = Callable[..., Page]
FIELD = "#composer-text"
PICKER = "#picker"


def test_what_is_typed_behind_a_macro_that_runs_stays(enter: Enter, brand: Brand, anna: Conversation) -> None:
    Macro.objects.create(brand=brand, name="Close", note="Closed")
    page = enter(at(anna))
    field = page.locator(FIELD)
    field.press_sequentially("So it is done. /close")
    expect(page.locator("[data-plan-place] [data-does]")).to_be_visible()
    ran = hold(page, re.compile("/macros/"))
    page.keyboard.press("Enter")
    ran.until_given()
    page.keyboard.type(" Thank you!")
    ran.let_go()

    expect(field).to_have_value("So it is done.  Thank you!")
    page.keyboard.type(" And good night.")
    expect(field).to_have_value("So it is done.  Thank you! And good night.")


def test_a_sign_that_is_not_there_any_more_is_not_cut(enter: Enter, brand: Brand, anna: Conversation) -> None:
    Macro.objects.create(brand=brand, name="Close", note="Closed")
    page = enter(at(anna))
    field = page.locator(FIELD)
    field.press_sequentially("/close")
    expect(page.locator("[data-plan-place] [data-does]")).to_be_visible()
    ran = hold(page, re.compile("/macros/"))
    page.keyboard.press("Enter")
    ran.until_given()
    field.fill("Other words")
    ran.let_go()

    expect(page.locator(".message[data-side=note]")).to_contain_text("Closed")
    expect(field).to_have_value("Other words")


def test_a_list_that_comes_late_opens_over_nobody_who_writes(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    told = hold(page, re.compile("/notices/"))
    page.keyboard.press("g")
    page.keyboard.press("n")
    told.until_given()
    page.keyboard.press("r")
    page.keyboard.type("Hello ")
    told.let_go()
    page.wait_for_timeout(300)
    page.keyboard.type("Anna")

    expect(page.locator(FIELD)).to_have_value("Hello Anna")
    expect(page.locator(PICKER)).to_be_hidden()


def test_a_form_for_a_view_that_comes_late_opens_over_nobody_who_writes(
    enter: Enter, anna: Conversation
) -> None:
    page = enter("/b/lumen/inbox/query/?q=tag%3Anone")
    form = hold(page, re.compile(r"/lumen/views/$"))
    page.click("[data-save]")
    form.until_given()
    page.click("#query")
    page.keyboard.press("End")
    page.keyboard.type(" is:un")
    form.let_go()
    page.wait_for_timeout(300)
    page.keyboard.type("read")

    expect(page.locator("#query")).to_have_value("tag:none is:unread")
    expect(page.locator(PICKER)).to_be_hidden()


def test_what_is_pressed_behind_a_query_that_is_being_read_is_not_typed_into_it(
    enter: Enter, anna: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/")
    reading = hold(page, re.compile("/query/reading/"))
    field = page.locator("#query")
    page.keyboard.press("v")
    page.keyboard.type("from:anna")
    page.keyboard.press("Enter")
    reading.until_given()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(field).to_have_value("from:anna")
    reading.let_go()

    page.wait_for_url(
        re.compile(rf"{at(anna)}.*q=from%3Aanna")
    )  # the list has come, and what was meant for it is done
    is_shown(page, anna)


def test_a_query_that_is_refused_or_not_wanted_any_more_is_typed_on(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    field = page.locator("#query")
    page.keyboard.press("v")
    page.keyboard.type("is:nread")
    reading = hold(page, re.compile("/query/reading/"))
    page.keyboard.press("Enter")
    reading.until_given()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    page.keyboard.type("x")
    expect(field).to_have_value("is:nreadx")
    reading.let_go()
    page.keyboard.press("Backspace")

    refused = hold(page, re.compile("/query/reading/"))
    page.keyboard.press("Enter")
    refused.until_given()
    page.keyboard.press("j")
    refused.let_go()
    expect(page.locator("#query-said")).to_contain_text("Did you mean")
    expect(field).to_be_focused()
    expect(field).to_have_value("is:nread")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")

    page.keyboard.type("t")
    expect(field).to_have_value("its:nread")


def test_an_older_draft_does_not_come_over_words_that_were_saved_since_it_was_asked_for(
    enter: Enter, anna: Conversation, outside: Outside
) -> None:
    page = enter(at(anna))
    page.fill(FIELD, "It left")
    saved(page)
    asked = hold(page, re.compile(r"/drafts/$"))
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    asked.until_given()
    page.locator(FIELD).press_sequentially(" this morning")
    saved(page)
    asked.let_go()
    page.wait_for_timeout(300)
    page.click("#tab-note")
    page.click("#tab-reply")

    expect(page.locator(FIELD)).to_have_value("It left this morning")
