"""axe-core finds nothing serious on any page, in either colours, at either width."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.exchange import MessageKind
from inbox.models import Conversation, Message
from tests.browser.conftest import Outside
from tests.factories import conversations as make

Enter = Callable[..., Page]


COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


def faults(page: Page) -> list[tuple[str, str]]:
    # What a page is made of is the same in the dark: only its colours are looked at again.
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = Axe().run(page, **({"options": COLOURS} if dark else {})).response["violations"]
    return [
        (fault["id"], node["html"][:160])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


OUT_OF_SIGHT = """() => [...document.querySelectorAll("main :is(th, td, label, input, select, textarea, button)")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && getComputedStyle(each.closest("thead") ?? each).clipPath === "none")
  .filter((each) => Math.round(each.getBoundingClientRect().right) > innerWidth || Math.round(each.getBoundingClientRect().left) < 0)
  .map((each) => each.outerHTML.slice(0, 120))"""


def out_of_sight(page: Page) -> list[str]:
    """What one would have to push a part of the page aside for: columns of a table, fields of a form."""
    found: list[str] = page.evaluate(OUT_OF_SIGHT)
    return found


@pytest.fixture
def conversation(outside: Outside) -> Conversation:
    outside.write("Where is my parcel? https://example.com/track")
    outside.write(
        "About your story", kind=MessageKind.STORY_REPLY, card={"type": "story", "url": "https://example.com"}
    )
    conversation = Conversation.objects.get()
    Conversation.objects.update(
        tags=["refund", "vip", "damaged"], window_opened_at=timezone.now() - timedelta(hours=23)
    )
    asked = Message.objects.earliest("pk").external_id
    for state, fields in (
        ("failed", {"state_reason": "The person has left"}),
        ("uncertain", {}),
        ("queued", {"text": "It is here: https://example.com/here", "reply_to": asked}),
    ):
        make.messages(
            conversation, 1, direction="out", state=state, external_id=None, author_name="Mara", **fields
        )
    make.messages(conversation, 1, direction="note", state="noted", external_id=None, author_name="Mara")
    Message.objects.filter(kind="story_reply").update(reactions=[{"emoji": "❤️", "actor": "a", "name": "Jo"}])
    make.conversations(conversation.channel, 3)
    return conversation


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1000, 390])
def test_the_workspace(enter: Enter, conversation: Conversation, scheme: str, width: int) -> None:
    page = enter("/b/lumen/inbox/open/", color_scheme=scheme, viewport={"width": width, "height": 900})
    assert faults(page) == []

    page.click(f"#row-{conversation.public_id}")
    page.wait_for_selector(".message")
    assert faults(page) == []

    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_selector(".picker__option")
    assert faults(page) == []
    if width < 1440:
        return
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.wait_for_selector(".row[data-left]")
    page.locator("#composer-text").focus()
    page.keyboard.type("{{")
    page.wait_for_selector(".offers__list .offer")
    assert faults(page) == []
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".offers__list")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#composer-text")).to_be_focused()
    expect(page.locator(".offer").nth(1)).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_around_it(enter: Enter, conversation: Conversation, scheme: str) -> None:
    page = enter("/b/lumen/inbox/open/", color_scheme=scheme)
    for address in (
        "/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/",
        "/accounts/logout/", "/nothing/here/",
    ):  # fmt: skip
        page.goto(address)
        assert (address, faults(page)) == (address, [])
    page.context.clear_cookies()
    for address in ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"):
        page.goto(address)
        assert (address, faults(page)) == (address, [])
