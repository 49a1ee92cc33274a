"""Whoever goes through a page by its landmarks meets one main part, and tells the others apart by their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from connectors.models import SyncRun, SyncSchedule
from inbox.models import Channel, Conversation, Membership, Role
from tests.browser.test_console import PAGES as CONSOLE
from tests.browser.test_console import run as console_run
from tests.browser.test_figures import PAGES as REPORTS
from tests.browser.test_figures import managed as managed_figures
from tests.browser.test_settings import managed as managed_settings

Enter = Callable[..., Page]
run, figures, settings = console_run, managed_figures, managed_settings

LANDMARKS = {
    "runOnly": [
        "landmark-one-main", "landmark-no-duplicate-main", "landmark-main-is-top-level", "landmark-unique",
        "landmark-complementary-is-top-level", "landmark-no-duplicate-banner", "region",
    ],
    "resultTypes": ["violations"],
}  # fmt: skip
# Those that a page has several of, or that are none without a name.
UNNAMED = """() => [...document.querySelectorAll("nav, aside, form[role], [role=region], [role=search]")]
  .filter((each) => !each.ariaLabel && !document.getElementById(each.getAttribute("aria-labelledby"))?.textContent.trim())
  .map((each) => each.outerHTML.slice(0, 120))"""
SETTINGS = (
    "priority", "replies", "keys", "policies", "policies/new", "tags", "tags/new", "canned", "canned/new", "macros", "macros/new",
    "hours", "hours/new", "teams", "teams/new", "people", "people/new", "routing",
)  # fmt: skip


def amiss(page: Page) -> list[str]:
    found = Axe().run(page, options=LANDMARKS).response["violations"]
    told = [f"{fault['id']}: {node['html'][:120]}" for fault in found for node in fault["nodes"]]
    return [*told, *page.evaluate(UNNAMED)]


def walk(page: Page, addresses: list[str]) -> dict[str, list[str]]:
    """What is amiss, by address."""
    found = {}
    for address in addresses:
        page.goto(address)
        assert page.locator("main").count() == 1, address
        if wrong := amiss(page):
            found[address] = wrong
    return found


@pytest.mark.parametrize("width", [1440, 390])
def test_the_workspace(enter: Enter, anna: Conversation, width: int) -> None:
    page = enter("/b/lumen/inbox/open/", viewport={"width": width, "height": 844})
    wrong = walk(page, [f"/b/lumen/conversations/{anna.public_id}/", "/b/lumen/search/?q=anna"])

    assert wrong == {}


def test_the_settings(enter: Enter, settings: Channel) -> None:
    Membership.objects.update(role=Role.ADMINISTRATOR)
    page = enter("/b/lumen/inbox/open/")

    assert walk(page, [f"/b/lumen/settings/{name}/" for name in SETTINGS]) == {}


def test_the_reports(enter: Enter, figures: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")

    assert walk(page, [f"/b/lumen/reports/{name}" for name in REPORTS]) == {}


def test_the_console(enter: Enter, channel: Channel, run: SyncRun) -> None:
    page = enter("/b/lumen/inbox/open/")
    schedule = SyncSchedule.objects.order_by("pk")[0]
    more = (
        f"channels/{channel.public_id}/", f"sync/coverage/{channel.public_id}/", f"sync/schedules/{schedule.pk}/", f"sync/runs/{run.pk}/",
    )  # fmt: skip

    assert walk(page, [f"/b/lumen/{place}" for place in (*CONSOLE, *more)]) == {}


def test_the_way_in_and_ones_own_account(enter: Enter, channel: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    wrong = walk(
        page, ["/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/logout/", "/nothing/here/"]
    )  # fmt: skip
    page.context.clear_cookies()
    wrong |= walk(page, ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"])

    assert wrong == {}
