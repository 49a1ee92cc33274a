"""Where the rows of a long list stand, and from where one goes on, while rows leave, are held, are dropped and come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from inbox import realtime
from inbox.models import BrandSequence, Channel, Conversation
from tests.browser.test_late_answers import hold, is_shown
from tests.browser.test_shift import NEWEST
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
