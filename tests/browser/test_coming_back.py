"""Who leaves a conversation while something of it is under way, and comes back before it ends, loses nothing and sends nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from inbox.models import Brand, Conversation, Direction, Draft, Message
from tests.browser.test_drafts import FIELD, saved
from tests.browser.test_late_answers import REPLIES, at, hold, is_shown
from tests.browser.test_no_answer import until_asked
from tests.factories import conversations as make

pytestmark = pytest.mark.long  # answers that come late and pages that are lost, for seconds each

Enter = Callable[..., Page]
UPLOAD = re.compile(r"/attachments/$")


def there_and_back(page: Page, anna: Conversation, zoe: Conversation) -> None:
    page.click(f"#row-{zoe.public_id}")
    is_shown(page, zoe)
    page.click(f"#row-{anna.public_id}")
    is_shown(page, anna)


def answered(page: Page, anna: Conversation, zoe: Conversation) -> Route:
    """A reply that has not reached the server yet, though its writer has gone and come back."""
    page.fill(FIELD, "On its way")
    saved(page)
    under_way: list[Route] = []
    page.route(REPLIES, lambda route: under_way.append(route), times=1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("reply-composer[data-sending]")).to_be_attached()
    there_and_back(page, anna, zoe)
    expect(page.locator(FIELD)).to_have_value("On its way")
    [reply] = under_way
    return reply


def test_a_file_that_goes_up_meanwhile_stands_in_the_reply_and_what_was_written_since_stays(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    page.fill(FIELD, "See the film")
    saved(page)
    held = hold(page, UPLOAD)
    page.locator("[data-file-input]").set_input_files(
        {"name": "lamp.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 2000}
    )
    held.until_given()

    there_and_back(page, anna, zoe)
    expect(page.locator(".upload progress")).to_be_visible()
    expect(page.locator(".composer__send")).to_be_disabled()
    page.fill(FIELD, "See the film and tell me the colour")
    saved(page)
    held.let_go()

    expect(page.locator("[data-attachment]")).to_have_count(1)
    saved(page)
    expect(page.locator(FIELD)).to_have_value("See the film and tell me the colour")
    page.wait_for_timeout(1200)  # as long as an old save would need
    draft = Draft.objects.get()
    assert (draft.text, len(draft.files)) == ("See the film and tell me the colour", 1)


def test_a_reply_that_is_taken_after_the_return_does_not_stand_there_to_be_sent_again(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    reply = answered(page, anna, zoe)

    reply.continue_()

    expect(page.locator(FIELD)).to_have_value("")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("On its way")
    assert not Draft.objects.exists()


def test_what_was_written_since_the_return_stays_when_the_reply_is_taken(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    reply = answered(page, anna, zoe)
    page.fill(FIELD, "On its way\nAnything else?")

    reply.continue_()

    expect(page.locator(FIELD)).to_have_value("Anything else?")
    saved(page)
    assert Draft.objects.get().text == "Anything else?"


def test_a_reply_that_comes_back_does_not_overtake_what_was_written_since_the_return(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    reply = answered(page, anna, zoe)
    page.fill(FIELD, "On its way since Monday")

    reply.abort()

    expect(page.locator("#notices")).to_contain_text("No connection")
    page.wait_for_timeout(1200)
    expect(page.locator(FIELD)).to_have_value("On its way since Monday")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(300)
    expect(page.locator(FIELD)).to_have_value("On its way since Monday")


@pytest.mark.parametrize("arrives", ["before", "after"])
def test_what_was_leaving_when_its_page_went_is_offered_unless_it_is_there_and_is_one_message(
    enter: Enter, anna: Conversation, zoe: Conversation, arrives: str
) -> None:
    page = enter(at(anna))
    other, sent = page.locator("[data-other]"), page.locator(".message[data-side=brand][data-entry]")
    under_way: list[Route] = []
    page.route(REPLIES, lambda route: under_way.append(route), times=1)
    page.fill(FIELD, "It left today")
    page.keyboard.press("Control+Enter")
    expect(page.locator("reply-composer[data-sending]")).to_be_attached()
    page.keyboard.type("Anything else?")
    there_and_back(page, anna, zoe)
    expect(other).to_be_hidden()  # it has an answer to come
    [reply] = under_way
    if arrives == "before":
        reply.fetch()

    page.reload()

    expect(page.locator(FIELD)).to_have_value("Anything else?")
    if arrives == "after":
        expect(other).to_contain_text("This may not have been sent: It left today")
        page.click("[data-use-other]")
        expect(page.locator(FIELD)).to_have_value("It left today")
        page.keyboard.press("Control+Enter")
        expect(sent).to_have_count(1)
        reply.fetch()
        expect(other).to_contain_text("Anything else?")
        page.reload()
    expect(sent).to_have_count(1)
    expect(other).not_to_contain_text("It left today")
    assert Message.objects.filter(direction=Direction.OUT).count() == 1


@pytest.mark.parametrize("since", ["", "Anything else?"])
def test_what_was_leaving_when_its_page_went_has_the_quote_and_the_files_of_its_own(
    enter: Enter, anna: Conversation, since: str
) -> None:
    page = enter(at(anna))
    quote, files = page.locator("[data-quote]"), page.locator("ul[data-files] > [data-attachment]")
    page.fill(FIELD, "It left today")
    saved(page)
    under_way: list[Route] = []
    page.route(REPLIES, lambda route: under_way.append(route), times=1)
    page.locator("[data-file-input]").set_input_files(
        {"name": "lamp.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 2000}
    )
    expect(files).to_have_count(1)
    page.click("[data-quote-message]")
    page.keyboard.press("Control+Enter")
    until_asked(page, under_way)
    page.keyboard.type(since)

    page.reload()
    if since:
        expect(page.locator(FIELD)).to_have_value(since)
        expect(files).to_have_count(0)
        page.click("[data-use-other]")

    expect(page.locator(FIELD)).to_have_value("It left today")
    expect(quote).to_contain_text("Where is my parcel?")
    expect(files).to_have_count(1)
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand][data-entry] .message__quote")).to_have_count(1)
    if since:
        page.click("[data-use-other]")
    expect(page.locator(FIELD)).to_have_value(since)
    expect(quote).to_be_hidden()
    expect(files).to_have_count(0)
    assert Message.objects.exclude(reply_to="").get().attachments.count() == 1


def leaving(page: Page) -> Route:
    """A reply of which the server has not heard, and others are typed over it."""
    under_way: list[Route] = []
    page.route(REPLIES, lambda route: under_way.append(route), times=1)
    page.fill(FIELD, "It left today")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("Anything else?")
    return until_asked(page, under_way)


def test_what_was_leaving_is_offered_no_more_once_it_was_there_though_it_is_taken_back(
    enter: Enter, anna: Conversation
) -> None:
    Brand.objects.update(reply_hold=30)
    page = enter(at(anna))
    reply = leaving(page)
    page.reload()
    other = page.locator("[data-other]")
    expect(other).to_contain_text("It left today")
    saved(page)
    reply.fetch()
    expect(other).to_be_hidden()

    page.click("hold-line button")

    expect(page.locator(FIELD)).to_have_value("It left today\nAnything else?")
    page.click("#tab-note")
    page.click("#tab-reply")
    expect(other).to_be_hidden()


def test_what_is_leaving_in_another_window_is_offered_only_when_that_must_have_its_answer(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    leaving(page)
    window = page.context.new_page()
    window.clock.install()
    window.goto(page.url)
    other = window.locator("[data-other]")
    expect(window.locator(FIELD)).to_have_value("Anything else?")
    expect(other).to_be_hidden()

    window.clock.fast_forward(61_000)

    expect(other).to_contain_text("This may not have been sent: It left today")


def test_what_was_leaving_is_not_offered_where_the_newest_of_the_thread_are_not_loaded(
    enter: Enter, anna: Conversation
) -> None:
    oldest, *_ = make.messages(anna, 100)
    page = enter(at(anna))
    reply = leaving(page)
    address = f"{page.url}?at={oldest.public_id}"
    page.goto("about:blank")
    reply.fetch()

    page.goto(address)
    expect(page.locator(FIELD)).to_have_value("Anything else?")
    expect(page.locator("[data-other]")).to_be_hidden()
