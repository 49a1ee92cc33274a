"""The stage, where one is the customer: what a thread shows them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.house.source import ROOT

SCRIPT = (ROOT / "simulator" / "stage" / "thread.js").read_text(encoding="utf-8")


def said(name: str, *, own: bool = True, deleted: bool = False) -> dict[str, Any]:
    return {
        "id": name, "text": name, "own": own, "mine": own, "deleted": deleted, "edited": False, "author": "Mara", "at_ms": 1,
        "attachments": [], "reactions": [], "kind": "text", "reply_to": "", "story": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "seen", "shown"),
    [
        ([said("one"), said("two")], "two", "two"),
        ([said("one"), said("two")], "one", ""),
        ([said("one"), said("two", deleted=True)], "two", "one"),
        ([said("mine"), said("another's", own=False)], "another's", "mine"),
    ],
    ids=["newest", "not yet", "unsent", "group"],
)
def test_seen_stands_below_the_last_of_mine_that_the_brand_has_seen(
    browser: Browser, messages: list[dict[str, Any]], seen: str, shown: str
) -> None:
    page = browser.new_page()
    page.set_content("<ol></ol>")
    page.add_script_tag(type="module", content=SCRIPT + "\nwindow.draw = draw")

    page.wait_for_function("() => Boolean(window.draw)")
    page.evaluate(
        "([messages, seen]) => draw(document.querySelector('ol'), { messages, seen }, { abilities: {}, act() {}, group: true })",
        [messages, seen],
    )

    below = page.locator("li:has(.below:text('Seen'))")
    expect(below).to_have_count(1 if shown else 0)
    assert [each.get_attribute("data-id") for each in below.all()] == [shown] * bool(shown)
    page.close()
