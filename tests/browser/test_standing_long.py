"""Pages that stand open for days say the same as one that was opened just now."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from connectors.models import RunState, SyncRun
from inbox.models import Brand, Conversation, Tag
from tests.browser.test_console import run
from tests.browser.test_views import tell

pytestmark = pytest.mark.long  # answers that come late and pages that are lost, for seconds each

__all__ = ["run"]
Enter = Callable[..., Page]
TODAY = """async ([days, at, now]) => {
  const { judge, moment } = await import("/static/js/lib/view-checks.js")
  const checks = [{ kind: "today", of: "due" }]
  return at.map((due) => judge(checks, { due }, moment(days, now)).holds)
}"""
HOUR = 3_600_000


def test_a_clock_time_becomes_a_weekday_when_its_day_is_over(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/", new=True)
    page.clock.install()
    page.goto("/b/lumen/inbox/open/")
    told = page.locator(".row local-time").first
    expect(told).to_have_text(re.compile(r"^\d\d:\d\d$"))
    page.clock.fast_forward("24:00:00")

    expect(told).to_have_text(re.compile(r"^[A-Z][a-z]+$"))


def test_today_is_a_day_also_when_the_page_has_no_midnight_left(enter: Enter, anna: Conversation) -> None:
    page = enter("/b/lumen/inbox/open/")
    last = int(datetime(2026, 11, 25).timestamp() * 1000)
    days = [last - 24 * HOUR, last]
    now = last + 50 * HOUR  # two days later, at two
    held = page.evaluate(
        TODAY, [days, [last, now - 3 * HOUR, now - HOUR, now + 21 * HOUR, now + 23 * HOUR], now]
    )

    assert held == [False, False, True, True, False]


def test_a_tag_made_meanwhile_is_completed(enter: Enter, anna: Conversation, brand: Brand) -> None:
    page = enter("/b/lumen/inbox/open/", new=True)
    page.clock.install()
    page.goto("/b/lumen/inbox/open/")
    page.wait_for_selector("state-line[data-state=live]", state="attached")
    tell(page, "tag:")
    expect(page.locator(".query__choice")).to_have_text(["none"])
    Tag.objects.create(brand=brand, name="refund")
    page.clock.fast_forward("01:30")
    tell(page, "tag:")

    expect(page.locator(".query__choice")).to_have_text(["refund", "none"])


def test_a_run_that_has_ended_is_not_asked_for_any_more(enter: Enter, run: SyncRun) -> None:
    page = enter("/b/lumen/inbox/open/", new=True)
    page.clock.install()
    page.goto(f"/b/lumen/sync/runs/{run.pk}/")
    SyncRun.objects.filter(pk=run.pk).update(
        state=RunState.DONE, ended_at=run.started_at + timedelta(minutes=1)
    )
    expect(page.locator("live-part [data-run-state=done]")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(10_000)
    page.wait_for_timeout(300)

    assert asked == []
