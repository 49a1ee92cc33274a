"""What styles alone decide: what can be read in the dark, what has room, and what is promised to a thumb."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from inbox.models import Channel, Conversation, Membership, Role
from tests.browser.test_accessibility import faults
from tests.browser.test_late_answers import at

Enter = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
PROMISED = "() => [...document.querySelectorAll('workspace-shell kbd')].filter((each) => each.checkVisibility()).map((each) => each.parentElement.textContent)"
PLACEHOLDER = """() => {
  const ink = document.body.appendChild(Object.assign(document.createElement("i"), { style: "color: var(--color-ink-faint)" }))
  return [getComputedStyle(document.querySelector("input[type=password]"), "::placeholder").color, getComputedStyle(ink).color]
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_on_its_way_can_be_read(enter: Enter, anna: Conversation, scheme: str) -> None:
    page = enter(at(anna), color_scheme=scheme)
    page.keyboard.press("n")
    page.keyboard.type("Ask the warehouse")
    slow: list[Route] = []
    page.route(re.compile(r"/notes/$"), lambda route: slow.append(route))
    page.keyboard.press("Control+Enter")

    expect(page.locator(".pending")).to_be_visible()
    assert faults(page) == []
    slow[0].continue_()
    icon = page.locator(".message[data-side=note] .message__head > .icon")
    assert icon.evaluate("icon => getComputedStyle(icon).marginInlineEnd") == "4px"


def test_fields_have_room_and_say_in_the_dark_what_they_want(
    enter: Enter, channel: Channel, anna: Conversation
) -> None:
    Membership.objects.update(role=Role.MANAGER)
    page = enter(at(anna), color_scheme="dark")
    page.goto("/b/lumen/settings/tags/new/")
    words = page.locator(".settings__form textarea").first
    assert words.evaluate("each => getComputedStyle(each).paddingBlockStart") == "8px"

    page.goto("/accounts/password/change/")
    said, ink = page.evaluate(PLACEHOLDER)
    assert said == ink


def test_a_thumb_is_promised_no_keys(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), **PHONE)
    page.locator("[data-context]").click()
    expect(page.locator(".triage__change").first).to_be_visible()

    assert page.evaluate(PROMISED) == []


def test_times_side_by_side_are_of_one_clock(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna), locale="en-US")

    assert page.locator("local-time[format=full]").count() > 0
    told = page.locator("local-time").evaluate_all(
        "all => all.flatMap((each) => [each.textContent, each.title])"
    )
    assert not [each for each in told if re.search("[AP]M", each)]


def test_a_picker_says_that_nothing_is_called_so(enter: Enter, anna: Conversation) -> None:
    page = enter(at(anna))
    page.keyboard.press("a")
    none = page.locator("#picker .picker__none")
    expect(page.locator("#picker [role=option]").first).to_be_visible()
    expect(none).to_be_hidden()

    page.fill("#picker-filter", "zzz")
    expect(none).to_have_text("Nothing is called so.")
    page.fill("#picker-filter", "")
    expect(none).to_be_hidden()
