"""A page that is open for a whole shift: however much the pushes bring, it holds no more than one that is scrolled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from inbox import realtime
from inbox.models import BrandSequence, Channel, Conversation
from inbox.queries.thread_news import Said
from tests.browser.conftest import Outside
from tests.browser.test_many import MORE, MOST_IN_PAGE, SCROLL
from tests.factories import conversations as make

Enter = Callable[..., Page]
NEWEST = "/b/lumen/inbox/open/?sort=newest"
AT_ONCE = 50
PLACES = "rows => rows.map((row) => row.dataset.sortNewest)"
TOP_OF = "selector => document.querySelector(selector).getBoundingClientRect().top"

# How often a place is looked at while what waits behind the pill is put in.
SETTLE = """() => {
  const list = document.querySelector("inbox-list")
  let looks = 0
  const { place } = list
  list.place = function (row) {
    looks += 1
    return place.call(this, row)
  }
  const all = list.held.size + list.entries.length
  looks = 0
  list.settle({ toTop: true })
  delete list.place
  return looks / all
}"""


def a_shift(channel: Channel, count: int, *, newest: int = 0) -> list[Conversation]:
    """So many new conversations come, each newer than all before it."""
    last = BrandSequence.objects.get(brand=channel.brand).last
    made = make.conversations(
        channel, count,
        ages=[timedelta(seconds=-1 - number - newest) for number in range(count)],
        each=[{"seq": last + 1 + number} for number in range(count)],
    )  # fmt: skip
    for at in range(0, count, AT_ONCE):
        told = made[at : at + AT_ONCE]
        make.advance(channel, told[-1].seq)  # with each push, so that no pulse tells of what is still to come
        realtime.push_rows(channel.brand_id, [each.pk for each in told], told[0].seq, told[-1].seq)
    return made


def last_of(page: Page, made: list[Conversation]) -> None:
    """All of it is told, and the newest stands there."""
    page.wait_for_function("seq => document.querySelector('state-line').seen >= seq", arg=made[-1].seq)
    expect(page.locator(f"#row-{made[-1].public_id}")).to_be_attached()
    expect(page.locator("state-line[data-state=live]")).to_be_attached()


def in_order(page: Page) -> list[str]:
    places: list[str] = page.eval_on_selector_all(".row", PLACES)
    assert places == sorted(places, reverse=True)
    assert len(places) == len(set(places))
    return places


def test_rows_that_come_all_day_leave_no_more_in_the_page_than_scrolling_does(
    enter: Enter, channel: Channel
) -> None:
    before = make.conversations(channel, 60)
    page = enter(NEWEST)
    page.mouse.move(900, 400)

    made = a_shift(channel, 400)
    last_of(page, made)

    assert len(in_order(page)) <= MOST_IN_PAGE
    assert page.evaluate(MORE) == {"start": False, "end": True}
    oldest = f"#row-{before[-1].public_id}"
    down = page.evaluate(SCROLL, ["inbox-list", ".row", 400, oldest, 3000])
    assert down["found"] and down["most"] <= MOST_IN_PAGE
    below = in_order(page)
    up = page.evaluate(SCROLL, ["inbox-list", ".row", -400, f"#row-{made[-1].public_id}", 3000])
    assert up["found"]
    assert len({*below, *in_order(page)}) == 460


def test_rows_that_come_while_somebody_reads_far_down_move_nothing_and_are_not_all_kept(
    enter: Enter, channel: Channel
) -> None:
    before = make.conversations(channel, 60)
    page = enter(NEWEST)
    page.evaluate("document.querySelector('inbox-list').scrollTop = 1200")
    page.hover(f"#row-{before[25].public_id}")
    read = f"#row-{before[25].public_id}"
    top = page.evaluate(TOP_OF, read)

    a_shift(channel, 250)
    expect(page.locator("[data-pill]")).to_have_text("250 new")
    made = a_shift(channel, 150, newest=250)
    expect(page.locator("[data-pill]")).to_have_text("New")
    page.wait_for_timeout(300)

    assert page.evaluate(TOP_OF, read) == top
    assert page.evaluate("document.querySelector('inbox-list').held.size") <= 300
    page.click("[data-pill]")
    last_of(page, made)
    expect(page.locator("[data-pill]")).to_be_hidden()
    in_order(page)


def test_behind_an_open_thread_on_a_phone_the_list_holds_no_more_and_is_whole_when_it_is_back(
    enter: Enter, channel: Channel
) -> None:
    before = make.conversations(channel, 60)
    page = enter(NEWEST, viewport={"width": 390, "height": 844}, has_touch=True)
    page.tap(f"#row-{before[5].public_id}")
    expect(page.locator(".list")).to_be_hidden()

    made = a_shift(channel, 400)
    page.wait_for_function("seq => document.querySelector('state-line').seen >= seq", arg=made[-1].seq)
    assert page.locator(".row").count() <= MOST_IN_PAGE

    page.tap("[data-back]")
    newest = f"#row-{made[-1].public_id}"
    assert page.evaluate(SCROLL, ["inbox-list", ".row", -400, newest, 600])["found"]
    above = in_order(page)
    assert page.evaluate(SCROLL, ["inbox-list", ".row", 400, f"#row-{before[-1].public_id}", 600])["found"]
    assert len({*above, *in_order(page)}) == 460


def test_behind_a_thread_on_a_phone_no_more_of_the_list_is_loaded(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 300)

    page = enter(
        f"/b/lumen/conversations/{made[5].public_id}/", viewport={"width": 390, "height": 844}, has_touch=True
    )
    page.wait_for_timeout(1500)

    assert page.locator(".row").count() == 50
    page.tap("[data-back]")
    assert page.evaluate(SCROLL, ["inbox-list", ".row", 400, f"#row-{made[-1].public_id}", 900])["found"]


def test_what_waits_is_put_in_by_looking_at_each_row_and_not_at_each_pair(
    enter: Enter, channel: Channel
) -> None:
    make.conversations(channel, 60)
    page = enter(NEWEST)
    page.hover(".row >> nth=1")
    made = a_shift(channel, 250)
    expect(page.locator("[data-pill]")).to_have_text("250 new")

    looks = page.evaluate(SETTLE)

    assert looks < 30
    assert page.locator(".row").first.get_attribute("data-id") == str(made[-1].public_id)
    assert len(in_order(page)) >= 250


def test_a_row_at_the_end_that_falls_below_what_is_loaded_leaves_no_hole(
    enter: Enter, channel: Channel
) -> None:
    made = make.conversations(channel, 80)
    page = enter(NEWEST)
    page.mouse.move(900, 400)
    [last] = Conversation.objects.filter(pk=made[49].pk)
    seq = BrandSequence.objects.get(brand=channel.brand).last + 1
    Conversation.objects.filter(pk=last.pk).update(
        seq=seq, last_message_at=last.last_message_at - timedelta(minutes=20, seconds=30)
    )
    make.advance(channel, seq)
    realtime.push_rows(channel.brand_id, [last.pk], seq, seq)
    page.wait_for_timeout(500)

    down = page.evaluate(SCROLL, ["inbox-list", ".row", 400, f"#row-{made[-1].public_id}", 600])

    assert down["found"]
    assert len(in_order(page)) == 80


@pytest.fixture
def talk(channel: Channel, outside: Outside) -> Conversation:
    outside.write("The newest")
    return channel.conversations.get()


def say(conversation: Conversation, count: int) -> None:
    """So many messages come, each newer than all before it."""
    conversation.last_message_at += timedelta(minutes=count)
    last = BrandSequence.objects.get(brand=conversation.brand).last
    said = make.messages(conversation, count, seq=last)
    for at in range(0, count, AT_ONCE):
        ids = [each.pk for each in said[at : at + AT_ONCE]]
        realtime.push_messages([Said(conversation.pk, ids, last)])


def shown(page: Page) -> list[Any]:
    found: list[Any] = page.eval_on_selector_all(
        ".message", "all => all.map((one) => Number(one.dataset.at))"
    )
    assert found == sorted(found)
    return found


def test_messages_that_come_all_day_leave_no_more_in_the_page_than_scrolling_does(
    enter: Enter, talk: Conversation
) -> None:
    page = enter(f"/b/lumen/conversations/{talk.public_id}/")

    say(talk, 400)

    newest = page.locator(".message", has_text="Line 399")
    expect(newest).to_be_in_viewport()
    assert len(shown(page)) <= MOST_IN_PAGE
    expect(page.locator("message-thread [data-items] > :first-child")).to_have_class("day")
    above = shown(page)
    page.evaluate(SCROLL, ["message-thread", ".message", -400, "", 400])
    expect(page.locator(".message").first).to_contain_text("The newest")
    assert len({*above, *shown(page)}) == 401


def test_messages_that_come_while_older_ones_are_read_move_nothing_and_are_not_all_kept(
    enter: Enter, talk: Conversation
) -> None:
    make.messages(talk, 120, text="Earlier")
    page = enter(f"/b/lumen/conversations/{talk.public_id}/")
    page.evaluate("document.querySelector('message-thread').scrollTop = 400")
    read = f"#message-{talk.messages.in_thread_order()[105].public_id}"
    expect(page.locator(read)).to_be_attached()
    page.wait_for_timeout(300)
    top = page.evaluate(TOP_OF, read)

    say(talk, 400)
    expect(page.locator("[data-below]")).to_have_text("400 new below")

    assert page.evaluate(TOP_OF, read) == top
    assert len(shown(page)) <= MOST_IN_PAGE
    page.click("[data-below]")
    expect(page.locator(".message", has_text="Line 399")).to_be_in_viewport()
