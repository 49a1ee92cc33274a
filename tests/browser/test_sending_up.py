"""Files on their way up: they hold back the reply they belong to and nothing else, and can be taken out."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction
from playwright.sync_api import Page, Route, expect

from inbox.models import Attachment, Conversation
from tests.browser.test_late_answers import at

Enter = Callable[..., Page]
FIELD = "#composer-text"
SEND = ".composer__send"
PICTURE = {"name": "wrong.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(64)}


def on_its_way(page: Page) -> list[Route]:
    """A file that does not arrive."""
    kept: list[Route] = []
    page.route("**/attachments/", lambda route: kept.append(route))
    page.locator("[data-file-input]").set_input_files(PICTURE)
    expect(page.locator(".upload progress")).to_be_visible()
    return kept


def test_a_file_on_its_way_up_is_taken_out_and_the_reply_goes_without_it(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    on_its_way(page)
    page.fill(FIELD, "It left today")
    expect(page.locator(SEND)).to_be_disabled()
    expect(page.locator(SEND)).to_have_attribute("title", "A file is still on its way up. Wait for it, or take it out.")  # fmt: skip
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notices")).to_contain_text("A file is still on its way up")

    page.get_by_role("button", name="Remove wrong.png").click()

    expect(page.locator(".upload")).to_have_count(0)
    expect(page.locator("#notices")).not_to_contain_text("No connection")
    page.focus(FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message[data-side=brand]")).to_contain_text("It left today")
    assert not Attachment.objects.exists()


def test_a_note_does_not_wait_for_a_file_of_the_reply(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    on_its_way(page)
    page.click("#tab-note")
    page.fill(FIELD, "Ask the warehouse")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".message[data-side=note]")).to_contain_text("Ask the warehouse")
    expect(page.locator(".upload progress")).to_have_count(1)


def test_a_file_that_has_gone_up_and_is_stored_slowly_is_waited_for(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.evaluate("""() => {
      const real = window.setTimeout
      window.setTimeout = (act, milliseconds, ...more) => real(act, milliseconds / (milliseconds < 60_000 ? 1 : 100), ...more)
    }""")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Attachment._meta.db_table} IN SHARE MODE")
        page.locator("[data-file-input]").set_input_files(PICTURE)
        expect(page.locator(".upload progress")).to_be_visible()
        page.wait_for_timeout(1500)
        expect(page.locator("#notices")).to_have_text("")

    expect(page.locator("[data-files] [data-attachment]")).to_have_count(1)
    assert Attachment.objects.count() == 1


def test_a_file_that_arrives_while_a_note_leaves_is_kept_with_the_reply(
    enter: Enter, anna: Conversation
) -> None:
    page = enter(at(anna))
    [file], notes = on_its_way(page), list[Route]()
    page.route("**/notes/", lambda route: notes.append(route))
    page.click("#tab-note")
    page.fill(FIELD, "Ask the warehouse")
    page.keyboard.press("Control+Enter")
    expect(page.locator("reply-composer[data-sending]")).to_be_visible()
    file.fallback()
    expect(page.locator(".upload progress")).to_have_count(0)
    [note] = notes
    note.fallback()
    expect(page.locator(".message[data-side=note][data-entry]")).to_contain_text("Ask the warehouse")
    page.wait_for_timeout(1500)
    page.reload()

    expect(page.locator(".upload")).to_contain_text("wrong.png")
