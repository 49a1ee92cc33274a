"""Drafts in the browser: kept while one types, there on the next device, and two windows never lose a word of each other's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Conversation, Direction, Draft, Message
from tests.browser.conftest import Outside

Enter = Callable[..., Page]
FIELD = "#composer-text"


@pytest.fixture
def conversation(outside: Outside) -> Conversation:
    outside.write("Where is my parcel?", who="anna")
    return Conversation.objects.get()


def opened(enter: Enter, conversation: Conversation) -> Page:
    return enter(f"/b/lumen/conversations/{conversation.public_id}/", new=True)


def saved(page: Page) -> None:
    expect(page.locator("[data-kept]")).to_have_text("Draft saved")


def test_a_draft_comes_back_on_another_device_and_marks_its_row_for_its_writer(
    enter: Enter, conversation: Conversation
) -> None:
    desk = opened(enter, conversation)
    mark = f"#row-{conversation.public_id} .row__draft"
    expect(desk.locator(mark)).to_be_hidden()
    desk.fill(FIELD, "A careful answer")
    saved(desk)
    expect(desk.locator(mark)).to_be_visible()
    desk.click("#tab-note")
    desk.fill(FIELD, "Ask the warehouse")
    saved(desk)

    phone = opened(enter, conversation)
    expect(phone.locator(FIELD)).to_have_value("A careful answer")
    expect(phone.locator(mark)).to_be_visible()
    phone.click("#tab-note")
    expect(phone.locator(FIELD)).to_have_value("Ask the warehouse")
    phone.keyboard.press("Control+Enter")
    expect(phone.locator(".message[data-side=note]")).to_contain_text("Ask the warehouse")
    phone.click("#tab-reply")
    phone.keyboard.press("Control+Enter")
    expect(phone.locator(".message[data-side=brand]")).to_contain_text("A careful answer")

    expect(phone.locator(mark)).to_be_hidden()
    assert not Draft.objects.exists()


def test_what_was_sent_elsewhere_does_not_come_back(enter: Enter, conversation: Conversation) -> None:
    desk = opened(enter, conversation)
    desk.fill(FIELD, "On its way")
    saved(desk)
    phone = opened(enter, conversation)
    expect(phone.locator(FIELD)).to_have_value("On its way")
    phone.focus(FIELD)
    phone.keyboard.press("Control+Enter")
    expect(phone.locator(".message[data-side=brand]")).to_have_count(1)

    desk.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(desk.locator(FIELD)).to_have_value("")
    assert not Draft.objects.exists()


def test_what_was_kept_without_the_page_hearing_so_does_not_come_back_once_sent(
    enter: Enter, conversation: Conversation
) -> None:
    desk = opened(enter, conversation)
    desk.route("**/drafts/reply/", lambda route: (route.fetch(), route.abort()))
    desk.fill(FIELD, "On its way")
    expect(desk.locator("[data-kept]")).to_have_text("Draft kept in this browser")
    assert Draft.objects.exists()

    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".message[data-side=brand]:not(.pending)")).to_have_count(1)

    assert not Draft.objects.exists()


def test_two_windows_lose_nothing_of_each_other(enter: Enter, conversation: Conversation) -> None:
    desk, phone = opened(enter, conversation), opened(enter, conversation)
    desk.fill(FIELD, "From the desk")
    saved(desk)

    phone.fill(FIELD, "From the phone")
    other = phone.locator("[data-other]")
    expect(other).to_contain_text("From the desk")
    expect(phone.locator(FIELD)).to_have_value("From the phone")
    phone.click("[data-use-other]")

    expect(phone.locator(FIELD)).to_have_value("From the desk")
    expect(other).to_contain_text("From the phone")
    phone.click("[data-drop-other]")
    expect(other).to_be_hidden()


def test_a_draft_older_than_the_thread_is_stopped_until_the_news_was_read(
    enter: Enter, conversation: Conversation, outside: Outside
) -> None:
    desk = opened(enter, conversation)
    desk.fill(FIELD, "It leaves today")
    saved(desk)
    desk.context.close()
    outside.write("Never mind, cancel it", who="anna")

    phone = opened(enter, conversation)
    expect(phone.locator(FIELD)).to_have_value("It leaves today")
    expect(phone.locator(".message[data-side=customer]")).to_have_count(2)
    phone.focus(FIELD)
    phone.keyboard.press("Control+Enter")

    expect(phone.locator(".stale")).to_contain_text("Never mind, cancel it")
    assert not Message.objects.filter(direction=Direction.OUT).exists()
    assert Draft.objects.exists()


LOCAL = {"text": "mine", "base": 5, "dirty": True, "at": 2000}
KEPT = {"text": "theirs", "version": 7, "at": 1000}
CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    (None, None, {"text": "", "base": 0, "dirty": False, "other": ""}),
    (None, KEPT, {"text": "theirs", "base": 7, "dirty": False, "other": ""}),
    (LOCAL, None, {"text": "mine", "base": 0, "dirty": True, "other": ""}),
    ({**LOCAL, "dirty": False}, None, {"text": "", "base": 0, "dirty": False, "other": ""}),
    ({**LOCAL, "base": 7}, KEPT, {"text": "mine", "base": 7, "dirty": True, "other": ""}),
    (LOCAL, KEPT, {"text": "mine", "base": 7, "dirty": True, "other": "theirs"}),
    (LOCAL, {**KEPT, "at": 3000}, {"text": "theirs", "base": 7, "dirty": False, "other": "mine"}),
    (LOCAL, {**KEPT, "text": "mine too"}, {"text": "mine too", "base": 7, "dirty": False, "other": ""}),
    (LOCAL, {**KEPT, "text": "min"}, {"text": "mine", "base": 7, "dirty": True, "other": ""}),
    ({"text": "from before", "at": 1}, None, {"text": "from before", "base": 0, "dirty": True, "other": ""}),
]  # fmt: skip


def test_this_browser_and_the_server_come_to_one_draft_and_say_what_stands_back(
    enter: Enter, conversation: Conversation
) -> None:
    page = enter("/b/lumen/inbox/open/")
    source = page.locator("script[src*='js/workspace']").get_attribute("src") or ""
    reconcile = "async ([src, cases]) => { const { reconcile } = await import(src); return cases.map(([a, b]) => reconcile(a, b)) }"
    address = page.evaluate(
        "() => performance.getEntriesByType('resource').map((each) => each.name).find((name) => /lib\\/drafts[^/]*\\.js/.test(name))"
    )
    assert source and address

    found = page.evaluate(reconcile, [address, [[local, kept] for local, kept, _ in CASES]])

    assert found == [expected for _, _, expected in CASES]
