"""Ten thousand conversations and a thread of five thousand messages: the page holds a few hundred and never a slow frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from inbox.models import Channel
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]
MOST_IN_PAGE = 400

# Scrolls like a wheel, one step a frame, and tells the frames that took long and how many items the page held at most.
SCROLL = """async ([selector, items, step, until, limit]) => {
  const scroller = document.querySelector(selector)
  const frames = []
  let most = 0, still = 0
  let last = await new Promise(requestAnimationFrame)
  for (let turn = 0; turn < limit && still < 60; turn++) {
    const before = scroller.scrollTop
    scroller.scrollTop += step
    const now = await new Promise(requestAnimationFrame)
    frames.push(now - last)
    last = now
    most = Math.max(most, scroller.querySelectorAll(items).length)
    still = Math.abs(scroller.scrollTop - before) < 1 ? still + 1 : 0
    if (until && scroller.querySelector(until)) break
  }
  frames.sort((a, b) => a - b)
  return { most, turns: frames.length, p95: frames[Math.floor(frames.length * 0.95)], p99: frames[Math.floor(frames.length * 0.99)] }
}"""


# The same loop where nothing is loaded or dropped: what this machine needs for a frame at this moment.
FLOOR = """async ([selector, step]) => {
  const scroller = document.querySelector(selector)
  const middle = scroller.scrollHeight / 2
  const frames = []
  let last = await new Promise(requestAnimationFrame)
  for (let turn = 0; turn < 200; turn++) {
    scroller.scrollTop = middle + ((turn % 4) - 2) * step
    const now = await new Promise(requestAnimationFrame)
    frames.push(now - last)
    last = now
  }
  frames.sort((a, b) => a - b)
  return frames[Math.floor(frames.length * 0.95)]
}"""


def allowed(page: Page, selector: str, *, step: int) -> float:
    """Milliseconds a frame may take: three frames of a screen, or, on a machine that is busy, twice what it needs for nothing."""
    return max(50.0, 2 * float(page.evaluate(FLOOR, [selector, step])))


def scroll(
    page: Page, selector: str, items: str, *, step: int, until: str = "", limit: int = 6000
) -> dict[str, Any]:
    return dict(page.evaluate(SCROLL, [selector, items, step, until, limit]))


def test_ten_thousand_rows_scroll_to_the_end_and_back(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 10_000)
    page = enter("/b/lumen/inbox/open/")
    oldest, newest = f"#row-{made[-1].public_id}", f"#row-{made[0].public_id}"

    # The first thousand by wheel is enough to see every way of loading and dropping; the frames are measured here.
    down = scroll(page, "inbox-list", ".row", step=400, until=f"#row-{made[999].public_id}")
    up = scroll(page, "inbox-list", ".row", step=-400, until=newest)

    assert page.locator(newest).count() == 1
    assert max(down["most"], up["most"]) <= MOST_IN_PAGE
    assert max(down["p95"], up["p95"]) <= allowed(page, "inbox-list", step=400), (down, up)
    order = page.eval_on_selector_all(".row", "rows => rows.map((row) => row.dataset.sort)")
    assert order == sorted(order, reverse=True)
    assert len(order) == len(set(order))
    assert page.locator(oldest).count() == 0


def test_five_thousand_messages_scroll_up_and_back(enter: Enter, channel: Channel, outside: Outside) -> None:
    outside.write("The newest")
    [conversation] = channel.conversations.all()
    make.messages(conversation, 5000)
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    page.wait_for_timeout(300)
    expect(page.locator(".message").last).to_be_in_viewport()

    up = scroll(page, "message-thread", ".message", step=-300, limit=900)
    text = page.locator(".message").first.locator(".message__text").inner_text()
    down = scroll(page, "message-thread", ".message", step=400, until="#message-thread-end")

    assert int(text.removeprefix("Line ")) < 4500
    assert max(up["most"], down["most"]) <= MOST_IN_PAGE
    assert max(up["p95"], down["p95"]) <= allowed(page, "message-thread", step=400), (up, down)
    expect(page.locator(".message").last).to_contain_text("The newest")
    shown = page.eval_on_selector_all(".message", "all => all.map((one) => Number(one.dataset.at))")
    assert shown == sorted(shown)


def test_older_messages_do_not_move_what_is_being_read(
    enter: Enter, channel: Channel, outside: Outside
) -> None:
    outside.write("The newest")
    [conversation] = channel.conversations.all()
    make.messages(conversation, 300)
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    page.wait_for_timeout(300)
    page.evaluate("document.querySelector('message-thread').scrollTop = 950")
    page.wait_for_timeout(200)

    moved = page.evaluate(
        """async () => {
          const thread = document.querySelector("message-thread")
          const view = thread.getBoundingClientRect()
          const one = [...thread.querySelectorAll(".message")].find((each) => each.getBoundingClientRect().top > view.top)
          const before = one.getBoundingClientRect().top
          const count = thread.querySelectorAll(".message").length
          thread.scrollTop -= 100
          for (let wait = 0; wait < 60 && thread.querySelectorAll(".message").length === count; wait++)
            await new Promise((done) => setTimeout(done, 50))
          await new Promise(requestAnimationFrame)
          return [one.getBoundingClientRect().top - before - 100, thread.querySelectorAll(".message").length - count]
        }"""
    )

    assert abs(moved[0]) <= 2
    assert moved[1] > 0
