"""The sync console in a real browser: read by everybody, moving while a run moves, and a range asked for and stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from connectors import sealing
from connectors.actions import backfilling, planning
from connectors.models import (
    ChannelHealth,
    Credential,
    DeadItem,
    Gap,
    PlatformApp,
    RateBudget,
    RunState,
    SyncRun,
    SyncSchedule,
    Task,
)
from inbox.models import Channel, Membership, Person, Role
from tests.browser.test_accessibility import faults, out_of_sight

Enter = Callable[..., Page]
PAGES = ("channels/", "sync/schedules/", "sync/runs/", "sync/coverage/", "sync/dead-items/", "audit/")
# Labels that stand on another line than their fields.
APART = """() => [...document.querySelectorAll(".console__filter label")]
  .filter((label) => label.getBoundingClientRect().bottom < label.control.getBoundingClientRect().top)
  .map((label) => label.textContent)"""


@pytest.fixture
def run(channel: Channel, mara: Person) -> SyncRun:
    """A channel with something on every page, and a backfill under way."""
    Membership.objects.filter(person=mara).update(role=Role.OPERATIONS)
    now = timezone.now()
    app = PlatformApp.objects.create(platform=channel.platform, sealed=sealing.seal({"client_secret": "s"}))
    Credential.objects.create(
        channel=channel, app=app, sealed=sealing.seal({"access": "a"}), issued_at=now, expires_at=now - timedelta(hours=1)
    )  # fmt: skip
    ChannelHealth.objects.create(
        channel=channel, complete_until=now, subscribed=False, subscription_said="Switched off."
    )
    planning.give_defaults(channel, now)
    SyncSchedule.objects.filter(task=Task.RECONCILE).update(
        last_error="The role was lost.", last_remedy="reconnect", failures=4
    )
    Gap.objects.create(channel=channel, cause="disconnected", since=now - timedelta(hours=2), found_at=now)
    DeadItem.objects.create(
        channel=channel,
        payload={"payload": {"text": "x"}, "account_ids": []},
        reason="It has no sender.",
        created_at=now,
    )
    run = backfilling.ask(channel=channel, since=now - timedelta(days=30), until=None, by=mara, now=now)
    SyncRun.objects.filter(pk=run.pk).update(share=0.25, events=500)
    SyncSchedule.objects.filter(task=Task.BACKFILL).update(next_run_at=None)  # nobody runs it here
    SyncRun.objects.create(
        schedule=SyncSchedule.objects.get(task=Task.RECONCILE), channel=channel, task=Task.RECONCILE, state=RunState.FAILED,
        started_at=now, ended_at=now, error="The platform asks for the permission again, which ran out.", remedy="reconnect",
    )  # fmt: skip
    RateBudget.objects.create(
        channel=channel, bucket="direct messages", remaining=12, resets_at=now, seen_at=now
    )
    SyncSchedule.objects.exclude(task__in=[Task.RECONCILE, Task.BACKFILL]).update(is_slow=True)
    return run


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_every_page_can_be_read_by_everybody(
    enter: Enter, channel: Channel, run: SyncRun, scheme: str, width: int
) -> None:
    page = enter("/b/lumen/inbox/open/", color_scheme=scheme, viewport={"width": width, "height": 900})
    schedule = SyncSchedule.objects.get(task=Task.RECONCILE)
    gaps = f"sync/coverage/{channel.public_id}/"
    more = (f"channels/{channel.public_id}/", gaps, f"sync/schedules/{schedule.pk}/", f"sync/runs/{run.pk}/")

    for place in (*PAGES, *more):
        page.goto(f"/b/lumen/{place}")
        assert faults(page) == [], place
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        assert (place, out_of_sight(page)) == (place, [])
        assert (place, page.evaluate(APART)) == (place, [])
        for name in page.locator(".plan__name").all():
            assert (name.bounding_box() or {})["width"] > 90, place


def test_a_run_moves_before_ones_eyes_and_is_stopped(enter: Enter, run: SyncRun) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto(f"/b/lumen/sync/runs/{run.pk}/")
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "25")

    SyncRun.objects.filter(pk=run.pk).update(share=0.5, events=1000)

    expect(bar).to_have_attribute("value", "50")
    expect(page.get_by_text("1000 read")).to_be_visible()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("Mara stopped it.")).to_be_visible()
    expect(page.get_by_text("What it has brought stays.")).to_be_visible()


def test_what_stands_still_says_since_when_and_why(enter: Enter, channel: Channel, run: SyncRun) -> None:
    page = enter("/b/lumen/inbox/open/", new=True)
    page.clock.install()
    page.goto(f"/b/lumen/sync/runs/{run.pk}/")
    stale = page.get_by_text("Not up to date since")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "25")
    expect(stale).to_have_count(0)

    page.route("**/sync/runs/**", lambda route: route.abort())

    expect(stale).to_have_text(re.compile(r"Not up to date since \d\d:\d\d.*Parley does not answer"))
    page.unroute("**/sync/runs/**")
    expect(stale).to_have_count(0)

    session = next(each for each in page.context.cookies() if each["name"].startswith("parley_session"))
    page.context.clear_cookies(name=session["name"])

    expect(stale).to_contain_text("You have been signed out")
    link = stale.get_by_role("link", name="Sign in")
    expect(link).to_be_visible()
    assert faults(page) == []
    link.focus()
    page.clock.fast_forward("00:20")
    expect(stale).to_contain_text("You have been signed out")
    expect(link).to_be_focused()


def test_what_somebody_opened_stays_and_says_that_it_stands_still(enter: Enter, run: SyncRun) -> None:
    page = enter("/b/lumen/inbox/open/", new=True)
    page.clock.install()
    page.goto("/b/lumen/sync/schedules/")
    stale = page.get_by_text("Not up to date since")

    page.get_by_text("Next five runs").first.click()
    page.clock.fast_forward("00:20")

    expect(stale).to_contain_text("stands still while something")
    page.get_by_text("Next five runs").first.click()
    page.locator("h1").click()
    page.clock.fast_forward("00:06")
    expect(stale).to_have_count(0)


def test_a_range_is_asked_for_with_the_keyboard(
    enter: Enter, channel: Channel, run: SyncRun, mara: Person
) -> None:
    backfilling.stop(run=run, by=mara, now=timezone.now())
    page = enter("/b/lumen/inbox/open/")
    page.goto(f"/b/lumen/channels/{channel.public_id}/")
    expect(page.get_by_text("things want attention")).to_be_visible()

    page.get_by_label("From", exact=True).fill("2026-11-01")
    page.get_by_label("Up to and with").fill("2026-11-20")
    page.get_by_label("Up to and with").press("Enter")

    expect(page.get_by_role("heading", name="Backfill the past")).to_be_visible()
    asked = SyncRun.objects.latest("pk")
    assert (asked.since.date().isoformat(), asked.until.date().isoformat(), asked.asked_by) == (
        "2026-11-01",
        "2026-11-21",
        mara,
    )
