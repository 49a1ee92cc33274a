"""A reply of files without words is kept over a lost page as any other: it is offered, or stands there again, and is one message."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from inbox.models import Conversation, Direction, Message
from tests.browser.test_coming_back import there_and_back
from tests.browser.test_drafts import FIELD
from tests.browser.test_late_answers import REPLIES, at
from tests.browser.test_no_answer import until_asked

Enter = Callable[..., Page]
FILES = "ul[data-files] > [data-attachment]"
SENT = ".message[data-side=brand][data-entry]"


def leaving(page: Page) -> Route:
    """A picture that leaves alone, and of which the server has not heard."""
    under_way: list[Route] = []
    page.route(REPLIES, lambda route: under_way.append(route), times=1)
    page.locator("[data-file-input]").set_input_files(
        {"name": "lamp.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 2000}
    )
    expect(page.locator(FILES)).to_have_count(1)
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    return until_asked(page, under_way)


def sends(page: Page) -> None:
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator(SENT)).to_have_count(1)


def is_one_message_with_its_file() -> bool:
    return Message.objects.get(direction=Direction.OUT).attachments.count() == 1


def test_files_that_were_leaving_when_their_page_went_stand_there_again(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    reply = leaving(page)

    page.reload()

    expect(page.locator(FILES)).to_have_count(1)
    expect(page.locator("[data-other]")).to_be_hidden()
    sends(page)
    reply.fetch()
    assert is_one_message_with_its_file()


def test_files_that_were_leaving_are_offered_where_other_words_were_typed_since(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    other = page.locator("[data-other]")
    reply = leaving(page)
    page.keyboard.type("Anything else?")

    page.reload()

    expect(page.locator(FIELD)).to_have_value("Anything else?")
    expect(page.locator(FILES)).to_have_count(0)
    expect(other).to_contain_text("This may not have been sent: lamp.png")
    page.click("[data-use-other]")
    expect(page.locator(FIELD)).to_have_value("")
    expect(page.locator(FILES)).to_have_count(1)
    sends(page)
    reply.fetch()
    expect(other).to_contain_text("Anything else?")
    assert is_one_message_with_its_file()


def test_files_that_have_arrived_are_not_offered(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    reply = leaving(page)
    page.keyboard.type("Anything else?")
    reply.fetch()

    page.reload()

    expect(page.locator(SENT)).to_have_count(1)
    expect(page.locator(FIELD)).to_have_value("Anything else?")
    expect(page.locator(FILES)).to_have_count(0)
    expect(page.locator("[data-other]")).to_be_hidden()


def test_words_typed_behind_files_that_come_back_stand_alone(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    reply = leaving(page)
    page.keyboard.type("Anything else?")

    reply.abort()

    expect(page.locator("#notices")).to_contain_text("No connection")
    expect(page.locator(FIELD)).to_have_value("Anything else?")


def test_files_alone_come_back_to_a_writer_who_has_left_their_reply_and_come_back(
    enter: Enter, anna: Conversation, zoe: Conversation
) -> None:
    page = enter(at(anna))
    reply = leaving(page)
    there_and_back(page, anna, zoe)
    expect(page.locator(FILES)).to_have_count(0)

    reply.abort()

    expect(page.locator("#notices")).to_contain_text("No connection")
    expect(page.locator(FILES)).to_have_count(1)
    sends(page)
    assert is_one_message_with_its_file()
