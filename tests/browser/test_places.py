"""Where the rows of a long list stand, and from where one goes on, while rows leave, are held, are dropped and come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inbox import realtime
from inbox.models import BrandSequence, Channel, Conversation
from tests.browser.conftest import Outside
from tests.browser.test_late_answers import hold, is_shown
from tests.browser.test_many import SCROLL
from tests.browser.test_shift import NEWEST, TOP_OF, a_shift, in_order, last_of
from tests.factories import conversations as make

Enter = Callable[..., Page]
WAITING = "/b/lumen/inbox/open/?sort=waiting"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DONE = {"state": "resolved", "resolved_at": make.NEWEST, "waiting_since": None}
SAID_BELOW = "getComputedStyle(document.querySelector('.list__rows'), '::after').content"
SEEN = "seq => document.querySelector('state-line').seen >= seq"

# Feeds the list the same hundred rows one by one, as pushes do within a frame or two, and counts how often the layout is asked.
COUNT_LAYOUTS = """html => {
  const list = document.querySelector("inbox-list")
  const rows = new DOMParser().parseFromString(html, "text/html").querySelectorAll(".row")
  let asked = 0
  const spied = []
  for (const [of, name] of [[Element.prototype, "scrollTop"], [Element.prototype, "scrollHeight"], [Element.prototype, "clientHeight"]]) {
    const was = Object.getOwnPropertyDescriptor(of, name)
    spied.push([of, name, was])
    Object.defineProperty(of, name, { ...was, get() { asked += 1; return was.get.call(this) } })
  }
  const { getBoundingClientRect } = Element.prototype
  Element.prototype.getBoundingClientRect = function () { asked += 1; return getBoundingClientRect.call(this) }
  for (const row of rows) list.receive([document.adoptNode(row)])
  for (const [of, name, was] of spied) Object.defineProperty(of, name, was)
  Element.prototype.getBoundingClientRect = getBoundingClientRect
  return [rows.length, asked]
}"""


def tell(channel: Channel, rows: list[Conversation], **fields: Any) -> int:
    """They are changed in one transaction, and every page is told. Returns the number of the last."""
    last = BrandSequence.objects.get(brand=channel.brand).last
    for number, row in enumerate(rows, last + 1):
        Conversation.objects.filter(pk=row.pk).update(seq=number, **fields)
    make.advance(channel, last + len(rows))
    realtime.push_rows(channel.brand_id, [row.pk for row in rows], last + 1, last + len(rows))
    return last + len(rows)


def row_of(conversation: Conversation) -> str:
    return f"#row-{conversation.public_id}"


def is_open(page: Page, conversation: Conversation) -> None:
    is_shown(page, conversation)
    page.mouse.move(900, 400)


def order(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(".row", "rows => rows.map((row) => row.id)")
    return found


# A list that gets shorter.


def test_a_list_that_gets_shorter_is_filled_up_without_a_hand(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 120)
    page = enter(NEWEST)
    page.mouse.move(900, 400)
    expect(page.locator(".row")).to_have_count(50)
    held = hold(page, re.compile("older_than="))

    tell(channel, made[:50], **DONE)
    expect(page.locator(".row")).to_have_count(0)
    held.until_given()
    assert page.evaluate(SAID_BELOW) == "none"
    held.let_go()

    expect(page.locator(row_of(made[50]))).to_be_visible()
    expect(page.locator(row_of(made[70]))).to_be_attached()
    tell(channel, made[50:], **DONE)
    expect(page.locator(".row")).to_have_count(0)
    page.wait_for_function(f"() => {SAID_BELOW} === '\"Nobody waits here.\"'")


# A row that stands where it was.


def test_a_row_that_stands_where_it_was_is_no_measure_for_others(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 5)[::-1]
    page = enter(WAITING)
    page.click(row_of(made[0]))
    is_open(page, made[0])
    tell(channel, [made[0]], **DONE)
    expect(page.locator(f"{row_of(made[0])}[data-left]")).to_be_attached()

    last = make.conversation(channel, age=timedelta(minutes=-5))
    tell(channel, [last])

    expect(page.locator(row_of(last))).to_be_attached()
    assert order(page) == [f"row-{each.public_id}" for each in [*made, last]]


def test_a_row_next_to_one_that_stands_where_it_was_keeps_its_place(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 5)[::-1]
    page = enter(WAITING)
    page.click(row_of(made[1]))
    is_open(page, made[1])
    tell(channel, [made[1]], **DONE)
    expect(page.locator(f"{row_of(made[1])}[data-left]")).to_be_attached()
    page.hover(row_of(made[3]))

    tell(channel, [made[2]], last_message_text="And the lamp?")

    expect(page.locator(row_of(made[2]))).to_contain_text("And the lamp?")
    expect(page.locator("[data-pill]")).to_be_hidden()
    assert page.evaluate("document.querySelector('inbox-list').held.size") == 1


def test_what_comes_above_an_open_row_that_has_left_where_its_place_is_stands_above_it(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 5)
    page = enter(NEWEST)
    page.click(row_of(made[0]))
    is_open(page, made[0])
    tell(channel, [made[0]], **DONE)
    expect(page.locator(f"{row_of(made[0])}[data-left]")).to_be_attached()

    newer = make.conversation(channel, age=timedelta(minutes=-5))
    tell(channel, [newer])

    expect(page.locator(row_of(newer))).to_be_attached()
    assert order(page) == [f"row-{each.public_id}" for each in [newer, *made]]


# The open one.


def test_the_row_of_the_open_one_is_marked_when_it_is_fetched_back_and_j_goes_on_from_it(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 420)
    page = enter(NEWEST)
    page.click(row_of(made[2]))
    is_open(page, made[2])
    page.evaluate(SCROLL, ["inbox-list", ".row", 400, row_of(made[-1]), 3000])
    expect(page.locator(row_of(made[2]))).to_have_count(0)

    assert page.evaluate(SCROLL, ["inbox-list", ".row", -400, row_of(made[0]), 3000])["found"]

    expect(page.locator(row_of(made[2]))).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")
    is_shown(page, made[3])


def test_where_the_row_of_the_open_one_was_dropped_one_goes_on_from_its_neighbourhood(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 60)
    page = enter(NEWEST)
    page.click(row_of(made[4]))
    is_open(page, made[4])
    last_of(page, a_shift(channel, 700))
    expect(page.locator(row_of(made[4]))).to_have_count(0)
    lowest = order(page)[-1].removeprefix("row-")

    page.keyboard.press("k")

    expect(page.locator("conversation-pane")).to_have_attribute("data-id", lowest)


def test_an_answer_that_moves_the_open_one_below_what_is_loaded_leaves_its_neighbours_next(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 120)[::-1]
    page = enter(WAITING)
    page.click(row_of(made[2]))
    is_open(page, made[2])

    tell(channel, [made[2]], waiting_since=None, last_message_from="brand")
    expect(page.locator(row_of(made[2]))).to_have_count(0)
    page.keyboard.press("j")

    is_shown(page, made[3])


def test_the_open_one_stays_marked_when_the_page_of_its_new_place_brings_it(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 120)
    page = enter(NEWEST)
    page.click(row_of(made[9]))
    is_shown(page, made[9])
    page.hover(row_of(made[5]))
    seq = tell(channel, [made[9]], last_message_at=made[60].last_message_at - timedelta(seconds=30))
    page.wait_for_function(SEEN, arg=seq)

    assert page.evaluate(SCROLL, ["inbox-list", ".row", 400, row_of(made[-1]), 900])["found"]

    expect(page.locator(row_of(made[9]))).to_have_attribute("aria-current", "true")


# A list that is hidden.


def test_a_list_that_was_scrolled_is_not_moved_or_read_anew_behind_a_thread_on_a_phone(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 420)
    page = enter(NEWEST, **PHONE)
    assert page.evaluate(SCROLL, ["inbox-list", ".row", 400, row_of(made[370]), 3000])["found"]
    page.locator(row_of(made[340])).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.tap(row_of(made[340]))
    is_shown(page, made[340])

    told = a_shift(channel, 310)
    page.wait_for_function(SEEN, arg=told[-1].seq)
    page.wait_for_timeout(1500)
    page.tap("[data-back]")

    expect(page.locator(row_of(made[340]))).to_be_in_viewport()


def test_rows_that_come_above_what_was_looked_at_on_a_phone_wait_until_it_is_back(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 60)
    page = enter(NEWEST, **PHONE)
    page.locator(row_of(made[30])).scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    top = page.evaluate(TOP_OF, row_of(made[30]))
    page.tap(row_of(made[30]))
    is_shown(page, made[30])

    told = a_shift(channel, 20)
    page.wait_for_function(SEEN, arg=told[-1].seq)
    page.tap("[data-back]")
    page.wait_for_timeout(300)

    assert page.evaluate(TOP_OF, row_of(made[30])) == top


def test_a_hundred_rows_one_by_one_ask_the_layout_no_more_than_now_and_then(
    enter: Enter, channel: Channel
) -> None:
    make.conversations(channel, 60)
    page = enter(NEWEST)
    page.mouse.move(900, 400)
    last_of(page, a_shift(channel, 290))
    last = BrandSequence.objects.get(brand=channel.brand).last
    make.conversations(
        channel, 50, ages=[timedelta(minutes=-10 - number) for number in range(50)], each=[{"seq": last}] * 50
    )
    html = page.request.get("/b/lumen/inbox/open/rows/newest/").text()

    rows, asked = page.evaluate(COUNT_LAYOUTS, html)

    assert rows == 50
    assert asked <= rows / 2
    in_order(page)


@pytest.mark.parametrize(("what", "in_hand"), [("left", "anna"), ("moved", "bob")])
def test_esc_gives_the_hand_back_to_the_row_or_to_the_next_where_it_leaves_the_view(
    enter: Enter, outside: Outside, what: str, in_hand: str
) -> None:
    for who in ("anna", "bob", "zoe"):
        outside.write("Where is my parcel?", who=who)
    row = {each.thread_key: row_of(each) for each in Conversation.objects.all()}
    page = enter("/b/lumen/inbox/open/?sort=newest")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".head__name")).to_have_text("Bob")
    if what == "left":
        page.keyboard.press("e")
        expect(page.locator(f"{row['bob']}[data-left]")).to_be_visible()
    else:
        outside.write("And the lamp?", who="bob")
        expect(page.locator("[data-pill]")).to_have_text("1 new")

    page.keyboard.press("Escape")

    expect(page.locator(row[in_hand])).to_be_focused()
    page.keyboard.press("k" if what == "left" else "j")
    expect(page.locator(row["zoe"])).to_be_focused()


def test_esc_gives_the_hand_to_a_row_that_has_moved_where_all_others_have(
    enter: Enter, outside: Outside
) -> None:
    for who in ("anna", "bob"):
        outside.write("Where is my parcel?", who=who)
    row = {each.thread_key: row_of(each) for each in Conversation.objects.all()}
    page = enter("/b/lumen/inbox/open/?sort=newest")
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".head__name")).to_have_text("Bob")
    outside.write("And the lamp?", who="anna")
    expect(page.locator("[data-pill]")).to_have_text("1 new")
    page.keyboard.press("e")
    expect(page.locator(f"{row['bob']}[data-left]")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator(row["anna"])).to_be_focused()
