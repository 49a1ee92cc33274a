"""Ten thousand conversations and a thread of five thousand messages: the page holds a few hundred and never a slow frame."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import CDPSession, Page, expect

from inbox.models import Channel
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]
MOST_IN_PAGE = 400
A_PAGE = 25  # rows or messages that come while somebody scrolls

# Scrolls like a wheel, a step a frame, for so many frames or until something is there or nothing moves any more. `came`: whether a page has
# come since the call before.
SCROLL = """async ([selector, items, step, until, frames]) => {
  const scroller = document.querySelector(selector)
  let most = 0, still = 0, found = false, came = false
  for (let turn = 0; turn < frames && !found; turn++) {
    const before = scroller.scrollTop
    scroller.scrollTop += step
    await new Promise(requestAnimationFrame)
    const all = scroller.querySelectorAll(items)
    most = Math.max(most, all.length)
    const ends = `${all[0]?.id} ${all[all.length - 1]?.id}`
    came ||= Boolean(scroller.endsBefore) && scroller.endsBefore !== ends
    scroller.endsBefore = ends
    still = Math.abs(scroller.scrollTop - before) < 1 ? still + 1 : 0
    found = Boolean(until && scroller.querySelector(until))
  }
  return { most, found, still, came }
}"""

MORE = "document.querySelector('inbox-list').more"

# Shows as many copies of what is there as a page brings, in a place of their own: the least that any page must cost here.
SHOW = """async ([selector, items, count]) => {
  const models = [...document.querySelectorAll(`${selector} ${items}`)].slice(0, count)
  const place = document.createElement("div")
  place.style.cssText = "position: fixed; inset: 0 auto 0 0; inline-size: 380px; overflow: hidden; z-index: 99"
  for (let at = 0; at < count; at++) {
    const copy = models[at % models.length].cloneNode(true)
    copy.removeAttribute("id")
    place.append(copy)
  }
  document.body.append(place)
  await new Promise(requestAnimationFrame)
  await new Promise(requestAnimationFrame)
  place.remove()
  await new Promise(requestAnimationFrame)
}"""


@dataclass
class Scrolled:
    most: int = 0
    milliseconds: list[float] = field(default_factory=list)
    came: list[int] = field(default_factory=list)  # the frames in which a page was first there
    least: float = 0.0  # what showing a page costs, with as much in the page and as busy a machine

    def slowest(self, share: float) -> float:
        return sorted(self.milliseconds)[int(len(self.milliseconds) * share)]

    @property
    def with_a_page(self) -> float:
        """What a frame with a page costs: on a busy machine it may be there a frame before it is laid out."""
        return statistics.median(max(self.milliseconds[at : at + 2]) for at in self.came)


def meter(page: Page) -> tuple[CDPSession, Callable[[], float]]:
    """Seconds of processor time that the page's main thread has used."""
    line = page.context.new_cdp_session(page)
    line.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        return next(
            m["value"] for m in line.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
        )

    return line, spent


def cost_of_a_page(page: Page, selector: str, items: str) -> float:
    """Milliseconds that this browser on this machine needs to show one page of such items and nothing else."""
    line, spent = meter(page)
    costs = []
    for _ in range(15):
        before = spent()
        page.evaluate(SHOW, [selector, items, A_PAGE])
        costs.append((spent() - before) * 1000)
    line.detach()
    return statistics.median(costs)


def scroll(
    page: Page, selector: str, items: str, *, step: int, until: str = "", limit: int = 1500
) -> Scrolled:
    """What each frame cost the page's main thread in processor time, which a busy machine does not change."""
    line, spent = meter(page)
    scrolled = Scrolled()
    before = spent()
    still = 0
    for _ in range(limit):
        told = page.evaluate(SCROLL, [selector, items, step, until, 1])
        now = spent()
        scrolled.milliseconds.append((now - before) * 1000)
        scrolled.most = max(scrolled.most, told["most"])
        if told["came"]:
            scrolled.came.append(len(scrolled.milliseconds) - 1)
        before = now
        still = still + 1 if told["still"] else 0
        if told["found"] or still > 60:
            break
    line.detach()
    scrolled.least = cost_of_a_page(page, selector, items)
    return scrolled


def assert_no_slow_frame(*ways: Scrolled) -> None:
    """Frames cost next to nothing, and one in which a page arrives not much more than showing such a page must cost here.

    Processor time, and a ratio within one run, so that neither a slow machine nor a busy one makes a difference. Medians of both: how many
    frames go by between two pages depends on the machine, so a share of all frames (the slowest twentieth) is one with a page here and one
    without there. A page costs 2.2 times the least, as it also takes out what is far away.
    """
    for way in ways:
        assert way.slowest(0.5) < 0.5 * way.least
        assert len(way.came) >= 5
        assert way.with_a_page < 2.75 * way.least
        assert way.slowest(0.99) < 4 * way.least


def test_a_list_is_scrolled_to_its_end_and_back(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 420)
    page = enter("/b/lumen/inbox/open/?sort=newest")
    newest, oldest = (f"#row-{each.public_id}" for each in (made[0], made[-1]))
    asked: list[str] = []

    down = page.evaluate(SCROLL, ["inbox-list", ".row", 400, oldest, 3000])
    page.on("request", lambda each: asked.append(each.url))
    end = page.evaluate(SCROLL, ["inbox-list", ".row", 400, "", 40])

    assert down["found"] and end["still"]
    assert page.evaluate(MORE) == {"start": True, "end": False}
    assert [url for url in asked if "older_than" in url] == []
    assert page.locator(newest).count() == 0

    up = page.evaluate(SCROLL, ["inbox-list", ".row", -400, newest, 3000])

    assert up["found"]
    assert page.evaluate(MORE) == {"start": False, "end": True}
    assert max(down["most"], up["most"]) <= MOST_IN_PAGE
    order = page.eval_on_selector_all(".row", "rows => rows.map((row) => row.id)")
    assert order == [f"row-{each.public_id}" for each in made[: len(order)]]


@pytest.mark.long  # a minute of scrolling each
def test_ten_thousand_rows_scroll_down_and_back_without_a_slow_frame(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 10_000)
    page = enter("/b/lumen/inbox/open/?sort=newest")
    oldest, newest = f"#row-{made[-1].public_id}", f"#row-{made[0].public_id}"

    # Six hundred rows by a quick wheel (9,000 pixels a second) meet every way of loading and of dropping.
    down = scroll(page, "inbox-list", ".row", step=150, until=f"#row-{made[599].public_id}")
    up = scroll(page, "inbox-list", ".row", step=-150, until=newest)

    assert page.locator(newest).count() == 1
    assert max(down.most, up.most) <= MOST_IN_PAGE
    assert_no_slow_frame(down, up)
    order = page.eval_on_selector_all(".row", "rows => rows.map((row) => row.dataset.sortNewest)")
    assert order == sorted(order, reverse=True)
    assert len(order) == len(set(order))
    assert page.locator(oldest).count() == 0


@pytest.mark.long
def test_five_thousand_messages_scroll_up_and_back(enter: Enter, channel: Channel, outside: Outside) -> None:
    outside.write("The newest")
    [conversation] = channel.conversations.all()
    make.messages(conversation, 5000)
    page = enter(f"/b/lumen/conversations/{conversation.public_id}/")
    expect(page.locator(".message").last).to_be_in_viewport()

    up = scroll(page, "message-thread", ".message", step=-150, limit=500)
    text = page.locator(".message").first.locator(".message__text").inner_text()
    down = scroll(page, "message-thread", ".message", step=150, limit=900)

    assert int(text.removeprefix("Line ")) < 4800
    assert max(up.most, down.most) <= MOST_IN_PAGE
    assert_no_slow_frame(down, up)
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
    expect(page.locator(".message").last).to_be_in_viewport()

    moved = page.evaluate(
        """async () => {
          const thread = document.querySelector("message-thread")
          const frame = () => new Promise(requestAnimationFrame)
          thread.scrollTop = 950
          await frame().then(frame)
          const view = thread.getBoundingClientRect()
          const one = [...thread.querySelectorAll(".message")].find((each) => each.getBoundingClientRect().top > view.top)
          const before = one.getBoundingClientRect().top
          const count = thread.querySelectorAll(".message").length
          thread.scrollTop -= 100
          for (let wait = 0; wait < 60 && thread.querySelectorAll(".message").length === count; wait++)
            await new Promise((done) => setTimeout(done, 50))
          await frame()
          return [one.getBoundingClientRect().top - before - 100, thread.querySelectorAll(".message").length - count]
        }"""
    )

    assert abs(moved[0]) <= 2
    assert moved[1] > 0
