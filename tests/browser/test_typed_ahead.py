"""Keys that are pressed while another list is on its way move in that list, and do nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from inbox.models import Channel, Conversation, Person
from tests.factories import conversations as make

Enter = Callable[..., Page]
OPEN = "/b/lumen/inbox/open/?sort=newest"
UNASSIGNED = re.compile(r"/inbox/unassigned/")
SLOW = 700  # milliseconds


@pytest.fixture
def six(channel: Channel, mara: Person) -> list[Conversation]:
    """The newest is Mara's, so that the list of what is nobody's begins with another."""
    each = [{"assignee": mara, "assignee_name": "Mara"}, *[{}] * 5]
    return make.conversations(channel, 6, each=each)


def slow(page: Page, address: re.Pattern[str] = UNASSIGNED) -> None:
    def wait(route: Route) -> None:
        page.wait_for_timeout(SLOW)
        route.continue_()

    page.route(address, wait)


def press(page: Page, *keys: str, pause: int = 0) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(pause)


def in_hand(page: Page, nth: int) -> None:
    expect(page.locator("inbox-list .row").nth(nth)).to_be_focused()


def test_they_move_in_the_list_that_comes_and_open_what_they_come_to(
    enter: Enter, six: list[Conversation]
) -> None:
    page = enter(OPEN)
    slow(page)
    press(page, "g", "u")
    press(page, "j", "j", "Enter", pause=50)

    page.wait_for_url(re.compile(r"/conversations/.*view=unassigned"))
    second = page.locator("inbox-list .row").nth(1).get_attribute("data-id") or ""
    expect(page.locator("conversation-pane")).to_have_attribute("data-id", second)
    page.reload()
    page.wait_for_selector("state-line[data-state=live]", state="attached")
    expect(page.locator("inbox-list .row:focus")).to_have_count(0)  # once, and never again


def test_none_is_lost_before_the_page_that_has_come_listens(enter: Enter, six: list[Conversation]) -> None:
    page = enter(OPEN)
    slow(page, re.compile(r"/js/workspace\b"))
    press(page, "g", "u")
    page.wait_for_url(UNASSIGNED, wait_until="commit")
    expect(page.locator("inbox-list .row")).to_have_count(5)
    assert page.evaluate("() => !customElements.get('workspace-shell')")
    press(page, "j", "j")

    in_hand(page, 1)


def test_they_go_on_through_one_list_to_the_next(enter: Enter, six: list[Conversation]) -> None:
    page = enter(OPEN)
    slow(page)
    press(page, "g", "u", "j", "g", "i", "j")

    page.wait_for_url(re.compile("/inbox/open/$"))
    in_hand(page, 0)


def test_nothing_is_done_to_what_nobody_has_seen(enter: Enter, six: list[Conversation]) -> None:
    page = enter(OPEN)
    page.keyboard.press("j")
    slow(page)
    press(page, "g", "u", "j", "e", "j", "Enter", "!")

    page.wait_for_url(UNASSIGNED)
    in_hand(page, 0)  # what follows a key that is not played was about what that would have done
    page.wait_for_timeout(300)
    expect(page.locator("conversation-pane")).to_have_count(0)
    assert not Conversation.objects.exclude(state="open").exists()


def test_a_click_to_another_list_takes_none_along(enter: Enter, six: list[Conversation]) -> None:
    page = enter(OPEN)
    mine = page.locator("[data-command=go-mine]").bounding_box()
    assert mine
    slow(page)
    press(page, "g", "u", "j")
    page.mouse.click(mine["x"] + 20, mine["y"] + 10)

    page.wait_for_url("**/inbox/mine/**")
    page.wait_for_selector("state-line[data-state=live]", state="attached")
    expect(page.locator("inbox-list .row:focus")).to_have_count(0)
    page.keyboard.press("j")
    in_hand(page, 0)
