"""Small things that add up over a day."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.models import BulkRun, Channel, Conversation, ConversationTag, Tag
from tests.browser.test_late_answers import at, hold
from tests.factories import conversations as make

Enter = Callable[..., Page]


def test_a_key_pressed_twice_about_what_is_selected_is_one_run(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 3)
    page = enter("/b/lumen/inbox/open/")
    begun = hold(page, re.compile(r"/bulk/$"))
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    begun.until_given()
    page.keyboard.press("e")
    page.wait_for_timeout(300)
    begun.let_go()

    expect(page.locator("bulk-progress")).to_have_count(1)
    assert BulkRun.objects.count() == 1


@pytest.mark.parametrize("name", ["canned", "macros"])
def test_words_for_customers_are_written_in_their_own_direction(
    enter: Enter, channel: Channel, name: str
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto(f"/b/lumen/settings/{name}/new/")
    field = page.locator("textarea").first
    field.fill("\u0634\u0643\u0631\u0627")

    assert field.evaluate("field => field.matches(':dir(rtl)')")


def test_a_phone_does_not_zoom_into_what_is_typed_into(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), viewport={"width": 390, "height": 844}, has_touch=True)
    for place in (None, "/b/lumen/settings/canned/new/", "/accounts/password/change/"):
        if place:
            page.goto(place)
        sizes = page.evaluate(
            """() => [...document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")]
            .map((each) => [each.id, parseFloat(getComputedStyle(each).fontSize)])"""
        )

        assert len(sizes) > 2
        assert [name for name, size in sizes if size < 16] == []


CUT = "each => each.scrollWidth > each.clientWidth"
# By how much the hint of the field in hand is longer than its field. While a hand is in it, no ellipsis says so.
BEYOND = """() => {
  const field = document.activeElement
  const style = getComputedStyle(field)
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = `${style.fontSize} ${style.fontFamily}`
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
  return Math.max(0, pen.measureText(field.placeholder).width - room)
}"""
ON_TOP = """each => {
  const { x, y, width, height } = each.getBoundingClientRect()
  return document.elementFromPoint(x + width / 2, y + height / 2) === each
}"""


def test_the_tools_of_the_list_stand_at_its_end_also_where_nothing_is_counted(
    enter: Enter, channel: Channel
) -> None:
    page = enter("/b/lumen/inbox/open/")
    tool = page.locator(".list__head [data-command=focus]")
    where = tool.bounding_box()
    page.goto("/b/lumen/inbox/query/?q=is:unread")

    assert tool.bounding_box() == where


def test_while_one_selects_the_network_of_each_row_can_be_read(enter: Enter, channel: Channel) -> None:
    make.conversations(channel, 2)
    page = enter("/b/lumen/inbox/open/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".row[data-picked]")).to_have_count(1)

    assert [mark.evaluate(ON_TOP) for mark in page.locator(".row .avatar__mark").all()] == [True, True]


def test_beside_the_thread_a_tag_has_the_room_of_its_name(enter: Enter, anna: Conversation) -> None:
    tag = Tag.objects.create(brand=anna.brand, name="question about a product")
    ConversationTag.objects.create(conversation=anna, tag=tag, set_by="person", set_at=timezone.now())
    page = enter(at(anna))
    shown = page.locator(".triage__tags .tag")

    expect(shown).to_have_text("question about a product")
    assert not shown.evaluate(CUT)


AT_ONCE = """keys => keys.forEach(key => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""


def test_a_key_right_after_escape_is_not_lost_in_the_closed_dialog(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("h")
    expect(page.locator("#picker-filter")).to_be_focused()
    page.evaluate(AT_ONCE, ["Escape", "/"])

    expect(page.locator("#search-field")).to_be_focused()


def test_on_a_phone_a_hint_has_room_to_its_last_letter(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), viewport={"width": 390, "height": 844})
    page.keyboard.press("h")
    expect(page.locator("#picker-filter")).to_be_focused()
    hidden = page.evaluate(BEYOND)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#search-field")).to_be_focused()

    assert [hidden, page.evaluate(BEYOND)] == [0, 0]
