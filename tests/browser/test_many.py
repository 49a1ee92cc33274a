"""Ten thousand conversations and a thread of five thousand messages: the page holds a few hundred and never a slow frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from inbox.models import Channel
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]
MOST_IN_PAGE = 400
A_FRAME = 1000 / 60  # milliseconds

# Scrolls like a wheel, a step a frame, for so many frames or until something is there or nothing moves any more.
SCROLL = """async ([selector, items, step, until, frames]) => {
  const scroller = document.querySelector(selector)
  let most = 0, still = 0, found = false
  for (let turn = 0; turn < frames && !found; turn++) {
    const before = scroller.scrollTop
    scroller.scrollTop += step
    await new Promise(requestAnimationFrame)
    most = Math.max(most, scroller.querySelectorAll(items).length)
    still = Math.abs(scroller.scrollTop - before) < 1 ? still + 1 : 0
    found = Boolean(until && scroller.querySelector(until))
  }
  return { most, found, still }
}"""


@dataclass
class Scrolled:
    most: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def slowest(self, share: float) -> float:
        return sorted(self.milliseconds)[int(len(self.milliseconds) * share)]


def scroll(
    page: Page, selector: str, items: str, *, step: int, until: str = "", limit: int = 1500
) -> Scrolled:
    """What each frame cost the page's main thread in processor time, which a busy machine does not change."""
    line = page.context.new_cdp_session(page)
    line.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        return next(
            m["value"] for m in line.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
        )

    scrolled = Scrolled()
    before = spent()
    still = 0
    for _ in range(limit):
        told = page.evaluate(SCROLL, [selector, items, step, until, 1])
        now = spent()
        scrolled.milliseconds.append((now - before) * 1000)
        scrolled.most = max(scrolled.most, told["most"])
        before = now
        still = still + 1 if told["still"] else 0
        if told["found"] or still > 60:
            break
    line.detach()
    return scrolled


def test_ten_thousand_rows_scroll_to_the_end_and_back(enter: Enter, channel: Channel) -> None:
    made = make.conversations(channel, 10_000)
    page = enter("/b/lumen/inbox/open/")
    oldest, newest = f"#row-{made[-1].public_id}", f"#row-{made[0].public_id}"

    # Six hundred rows by a quick wheel (9,000 pixels a second) meet every way of loading and of dropping.
    down = scroll(page, "inbox-list", ".row", step=150, until=f"#row-{made[599].public_id}")
    up = scroll(page, "inbox-list", ".row", step=-150, until=newest)

    assert page.locator(newest).count() == 1
    assert max(down.most, up.most) <= MOST_IN_PAGE
    assert max(down.slowest(0.5), up.slowest(0.5)) < A_FRAME
    assert max(down.slowest(0.95), up.slowest(0.95)) < 2 * A_FRAME
    assert max(down.slowest(0.99), up.slowest(0.99)) < 50
    order = page.eval_on_selector_all(".row", "rows => rows.map((row) => row.dataset.sort)")
    assert order == sorted(order, reverse=True)
    assert len(order) == len(set(order))
    assert page.locator(oldest).count() == 0


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
    assert max(up.slowest(0.5), down.slowest(0.5)) < A_FRAME
    assert max(up.slowest(0.95), down.slowest(0.95)) < 2 * A_FRAME
    assert max(up.slowest(0.99), down.slowest(0.99)) < 50
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
