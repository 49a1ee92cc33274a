"""A browser's clock may be minutes off. What runs on the page runs by the server's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.models import Brand, Channel
from tests.factories import conversations as make

Enter = Callable[..., Page]
FAST = "const own = Date.now.bind(Date); Date.now = () => own() + 180_000"
STATE = re.compile(r"/composer/$")
LATER = """async () => {
  const clock = await import("/static/js/lib/clock.js")
  const at = (seconds) => new Date(clock.now() + seconds * 1000).toISOString()
  const place = document.createElement("div")
  place.innerHTML = `
    <window-chip until="${at(-1)}" then="${at(5 * 86400 + 60)}" state="open"></window-chip>
    <window-chip until="${at(-1)}" state="open"></window-chip>
    <window-chip until="${at(3 * 86400 + 60)}" state="human_agent"></window-chip>
    <lasting-time seconds="58" since="${at(-3.5)}" until="${at(99)}"></lasting-time>
    <lasting-time seconds="3598" since="${at(-99)}" until="${at(-96.5)}"></lasting-time>`
  document.body.append(place)
  const said = [...place.children].map((each) => each.textContent)
  place.remove()
  return said
}"""


def opened(enter: Enter, channel: Channel, *, left: timedelta, fast: bool) -> Page:
    """A conversation whose window is open for so long."""
    made = make.conversation(channel, window_opened_at=timezone.now() - timedelta(days=1) + left)
    make.messages(made, 1)
    page = enter(f"/b/lumen/conversations/{made.public_id}/")
    if fast:
        page.add_init_script(FAST)
        page.reload()
        page.wait_for_selector("state-line[data-state=live]", state="attached")
    return page


def test_a_reply_that_waits_may_be_taken_back_though_the_browsers_clock_is_fast(
    enter: Enter, channel: Channel, brand: Brand
) -> None:
    Brand.objects.filter(pk=brand.pk).update(reply_hold=30)
    page = opened(enter, channel, left=timedelta(hours=3), fast=True)

    page.keyboard.press("r")
    page.keyboard.type("On its way")
    page.keyboard.press("Control+Enter")

    expect(page.locator("hold-line")).to_contain_text("sending in")
    page.locator("hold-line button").click()
    expect(page.locator("#composer-text")).to_have_value("On its way")


def test_a_window_is_open_as_long_as_it_is_for_the_server(enter: Enter, channel: Channel) -> None:
    page = opened(enter, channel, left=timedelta(minutes=3, seconds=50), fast=True)

    # A minute is kept in hand.
    expect(page.locator("composer-state window-chip")).to_have_text("window 2 m")
    # Once it is over, a row goes on to when a person may answer still; and what a clock counts goes on until nothing is told any more.
    said = page.evaluate(LATER)
    assert said == ["window 5 d", "window closed", "window 3 d", "1 m 01 s", "1 h 00 m 00 s"]


def test_a_clock_that_jumps_does_not_make_the_page_ask_again_and_again(
    enter: Enter, channel: Channel
) -> None:
    page = opened(enter, channel, left=timedelta(minutes=2, seconds=50), fast=False)
    asked: list[str] = []
    page.on("request", lambda request: STATE.search(request.url) and asked.append(request.url))
    page.evaluate(FAST)

    page.evaluate("document.querySelector('composer-state window-chip').tell()")
    page.wait_for_timeout(2500)

    assert len(asked) == 1
