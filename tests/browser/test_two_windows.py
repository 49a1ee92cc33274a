"""A window that is duplicated begins with a copy of all that the first one keeps, and is another window all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Conversation
from tests.browser.test_coming_back import leaving
from tests.browser.test_drafts import FIELD
from tests.browser.test_late_answers import at

Enter = Callable[..., Page]


def duplicated(page: Page) -> Page:
    """As a browser does it: with a copy of the store."""
    with page.expect_popup() as opening:
        page.evaluate("window.open(location.href)")
    return opening.value


@pytest.mark.parametrize("standing", ["in the thread", "elsewhere"])
def test_what_is_leaving_in_the_first_window_is_not_offered_in_its_duplicate(
    enter: Enter, anna: Conversation, standing: str
) -> None:
    page = enter(at(anna))
    leaving(page)
    if standing == "elsewhere":
        page.goto("/b/lumen/settings/canned/")

    window = duplicated(page)
    window.goto(at(anna))

    expect(window.locator(FIELD)).to_have_value("Anything else?")
    expect(window.locator("[data-other]")).to_be_hidden()
    page.goto(at(anna))
    expect(page.locator("[data-other]")).to_contain_text("This may not have been sent: It left today")
