"""What is there for keys alone is not seen, and takes no room; what counts moves nothing that stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.models import Brand, Channel, Conversation
from tests.browser.test_catching_up import pattern_of
from tests.browser.test_late_answers import at, hold, is_shown
from tests.browser.test_triage import due

Enter = Callable[..., Page]
SIZE = """() => {
  const { width, height, top } = document.activeElement.getBoundingClientRect()
  return [width <= 1 && height <= 1, top >= 0 && top < innerHeight]
}"""
SCROLLED = "document.scrollingElement.scrollTop + document.body.scrollTop + document.querySelector('workspace-shell').scrollTop"


def test_a_reply_to_a_row_that_is_not_open_moves_nothing(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    coming = hold(page, pattern_of(anna))
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.type("Hello")

    assert page.evaluate("document.activeElement.value") == "Hello"
    assert page.evaluate(SIZE) == [True, True]
    assert page.evaluate(SCROLLED) == 0
    coming.until_given()
    coming.let_go()
    is_shown(page, anna)
    expect(page.locator("#composer-text")).to_have_value("Hello")


def test_tab_to_attach_files_shows_no_field_over_the_counter(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    counter = page.locator("[data-counter]")
    before = counter.bounding_box()
    page.focus("#composer-text")
    page.keyboard.press("Tab")

    expect(page.locator("[data-file-input]")).to_be_focused()
    assert page.evaluate(SIZE) == [True, True]
    assert counter.bounding_box() == before
    assert (
        page.locator(".composer__attach").evaluate("button => getComputedStyle(button).outlineStyle")
        == "solid"
    )


# Ticks chips to so many minutes after a time that they have, and tells what they say and where all of their line stands.
TICKS = """([name, minutes]) => {
  const [row] = [...document.querySelectorAll(".row")].filter((each) => each.querySelector(".row__name").textContent === name)
  const chips = [...row.querySelectorAll("due-chip, wait-chip, window-chip")]
  const since = new Date(["at", "since", "until"].map((each) => chips[0].getAttribute(each)).find(Boolean)).getTime()
  return minutes.map((each) => {
    chips.forEach((chip) => chip.tell(since + each * 60_000))
    const { bottom } = row.querySelector(".row__facts").getBoundingClientRect()
    const parts = [...row.querySelectorAll(".row__facts > *, .tag")].filter((part) => part.checkVisibility() && part.getBoundingClientRect().top < bottom)
    return [chips[0].textContent, parts.map((part) => [part.className, Math.round(part.getBoundingClientRect().left * 4) / 4])]
  })
}"""
WIDTHS = pytest.mark.parametrize("width", [1440, 390])


def said(ticks: list[list[object]]) -> list[object]:
    """What they said, once it is proved that nothing stood elsewhere meanwhile."""
    places = [where for _, where in ticks]
    assert len(places[0]) > 2  # there is something that might move
    assert [where for where in places if where != places[0]] == []
    return [words for words, _ in ticks]


@WIDTHS
def test_what_stands_beside_a_due_time_does_not_move_as_it_ticks(
    enter: Enter, channel: Channel, width: int
) -> None:
    long_ago = timezone.now() - timedelta(hours=3)
    due(channel, "Anna", 40, tags=["refund", "late"], waiting_since=long_ago, assignee_name="Mara")
    due(channel, "Zoe", 90, due_kind="window", tags=["refund", "late"], waiting_since=long_ago)
    page = enter("/b/lumen/inbox/open/", viewport={"width": width, "height": 900})

    # A narrow row has no room for hours while it says minutes: once an hour is full, it steps.
    hours = page.evaluate(TICKS, ["Anna", [-119, -80, -60]])
    assert said(hours) == ["1 h 59 m left", "1 h 20 m left", "1 h 00 m left"]
    anna = page.evaluate(TICKS, ["Anna", [-59.9, -14.9, -10, -1.5, -0.5, 0, 1.5, 10, 59.9]])
    assert said(anna) == [
        "59 m left", "14 m left", "10 m left", "1 m left", "< 1 m left", "< 1 m late", "1 m late", "10 m late", "59 m late",
    ]  # fmt: skip
    assert said(page.evaluate(TICKS, ["Anna", [60, 300]])) == ["1 h 00 m late", "5 h 00 m late"]
    later = page.evaluate(TICKS, ["Anna", [500, 599]])  # the wait has become ten hours meanwhile
    assert said(later) == ["8 h 20 m late", "9 h 59 m late"]
    zoe = page.evaluate(TICKS, ["Zoe", [-80, -59.9, -10, -1.5, -0.5, 0, 10]])
    assert said(zoe) == [
        "window 1 h 20 m", "window 59 m", "window 10 m", "window 1 m", "window < 1 m", "window closed", "window closed",
    ]  # fmt: skip


@WIDTHS
def test_what_stands_beside_a_wait_or_a_window_does_not_move_as_it_ticks(
    enter: Enter, channel: Channel, width: int
) -> None:
    now = timezone.now()
    due(channel, "Anna", None, tags=["refund", "late"], waiting_since=now)
    opened = now - timedelta(hours=22)
    due(channel, "Zoe", None, tags=["refund", "late"], waiting_since=None, window_opened_at=opened)
    page = enter("/b/lumen/inbox/open/", viewport={"width": width, "height": 900})

    minutes, hours, days = [0.5, 1, 9, 10, 11, 59.9], [61, 130, 599], [600, 2879, 3000, 99_000]
    assert said(page.evaluate(TICKS, ["Anna", minutes])) == [f"waits {length}" for length in ("< 1 m", "1 m", "9 m", "10 m", "11 m", "59 m")]  # fmt: skip
    assert said(page.evaluate(TICKS, ["Anna", hours])) == [
        f"waits {length}" for length in ("1 h 1 m", "2 h 10 m", "9 h 59 m")
    ]
    assert said(page.evaluate(TICKS, ["Anna", days])) == [
        f"waits {length}" for length in ("10 h", "47 h", "2 d", "68 d")
    ]
    window = page.evaluate(TICKS, ["Zoe", [-120, -119, -60, -29.5, -1.5, -0.5]])
    assert said(window) == [
        f"window {length}" for length in ("2 h", "1 h 59 m", "1 h", "29 m", "1 m", "< 1 m")
    ]


def test_what_stands_behind_a_length_does_not_move_as_its_digits_become_two(
    enter: Enter, brand: Brand
) -> None:
    page = enter("/b/lumen/inbox/open/")
    right = """([seconds, said]) => {
      document.querySelector("main").innerHTML = `<p><lasting-time seconds="${seconds}" since="2026-01-01" until="2026-01-01">${said}</lasting-time> of it</p>`
      return document.querySelector("lasting-time").getBoundingClientRect().right
    }"""

    for before, said, after in ((1, "1 s", 59), (60, "1 m 00 s", 3599), (3600, "1 h 00 m 00 s", 36_000)):
        widths = {page.evaluate(right, each) for each in ([before, "?"], [before, said], [after, "?"])}
        assert len(widths) == 1, (said, widths)  # whether the server has said it or the page does
