"""The reports in a real browser: read by everybody at every width, drawn under the page's policy, and used by keys."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from analytics import metrics
from analytics.actions import recounting
from analytics.models import Export, Fact, Follower
from analytics.rollups import rebuild_due
from inbox.models import Brand, Channel, Membership, Person, Role
from tests.browser.test_accessibility import faults, out_of_sight
from tests.factories import conversations as make

Enter = Callable[..., Page]
PAGES = (
    "now/",
    "now/waiting/",
    "responses/",
    "volume/",
    "agents/",
    "tags/",
    "sla/",
    "files/",
    "mails/",
    "definitions/",
    "behind/?metric=first_response",
)


@pytest.fixture
def managed(channel: Channel, mara: Person) -> Channel:
    """A brand with some answers of today and yesterday, and somebody who waits; whoever enters manages it."""
    Membership.objects.filter(person=mara).update(role=Role.MANAGER)
    now = timezone.now()
    rows = make.conversations(
        channel,
        6,
        waiting_since=now - timedelta(minutes=20),
        due_at=now - timedelta(minutes=5),
        tags=["refund"],
    )
    Fact.objects.bulk_create(
        [
            Fact(
                brand=channel.brand, conversation=row, kind=kind, source=1, at=now - timedelta(hours=20 * (number % 2)), value=90.0 * (number + 1),
                business=60.0, hit=number > 1, channel_id=channel.pk, person_id=mara.pk, priority=3, tags=["refund"],
            )
            for number, row in enumerate(rows)
            for kind in metrics.FACTS
        ]
    )  # fmt: skip
    Follower.objects.create(brand=channel.brand, counted_at=now)
    recounting.mark_settings(brand=channel.brand, now=now)
    while rebuild_due(now=now + timedelta(hours=1)):
        pass
    return channel


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(enter: Enter, managed: Channel, scheme: str) -> None:
    page = enter("/b/lumen/inbox/open/", color_scheme=scheme)
    for name in PAGES:
        page.goto(f"/b/lumen/reports/{name}")
        expect(page.locator("h1")).to_be_visible()
        for chart in page.locator("report-chart").all():
            expect(chart).to_have_attribute("data-drawn", "")
        if folder := os.environ.get("PARLEY_PICTURES"):
            page.screenshot(
                path=Path(folder) / f"reports-{re.split('[/?]', name)[0]}-{scheme}.png", full_page=True
            )
        assert (name, faults(page)) == (name, [])
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for _ in range(40):  # a chart takes its new width a moment after its page
                if fits := page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                    break
                page.wait_for_timeout(50)
            assert (name, width, fits) == (name, width, True)
            assert (name, width, out_of_sight(page)) == (name, width, [])


# How many tiles stand in each line.
LINES = """() => {
  const tops = [...document.querySelectorAll(".tile")].map((each) => Math.round(each.getBoundingClientRect().top))
  return [...new Set(tops)].map((top) => tops.filter((each) => each === top).length)
}"""


CUT = "all => all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.ariaLabel)"


@pytest.mark.parametrize("width", [820, 1024, 1180, 1280, 1440, 1920])
def test_no_tile_stands_alone_in_its_line(enter: Enter, managed: Channel, width: int) -> None:
    page = enter("/b/lumen/inbox/open/", viewport={"width": width, "height": 900})
    for name in ("now/", "responses/", "volume/"):
        page.goto(f"/b/lumen/reports/{name}")
        lines = page.evaluate(LINES)
        assert min(lines) > 1, (name, lines)
        if name == "now/":
            assert len(set(lines)) == 1, lines
            assert page.locator(".chart__table").evaluate_all(CUT) == []


def test_every_column_is_in_sight_on_a_small_desk(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/", viewport={"width": 768, "height": 900})
    for name in ("now/waiting/", "responses/", "agents/", "sla/", "behind/?metric=first_response"):
        page.goto(f"/b/lumen/reports/{name}")
        # Hours of which each has a figure.
        page.evaluate(
            "document.querySelectorAll('tr > :nth-child(20)').forEach(({ parentNode }) => [...parentNode.querySelectorAll('td')].forEach(each => each.textContent = '12 m 45 s'))"
        )
        for width in (768, 1023, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert (name, width, out_of_sight(page)) == (name, width, [])


def test_on_a_phone_a_charts_table_is_read_downwards(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/", viewport={"width": 390, "height": 844})
    page.goto("/b/lumen/reports/volume/")
    table = page.locator("#chart-hours .chart__table")

    assert not table.evaluate("each => each.scrollWidth > each.clientWidth")
    cell = table.locator("td").first
    expect(cell).to_be_visible()
    assert cell.evaluate("each => getComputedStyle(each, '::before').content") == '"00: "'


def test_a_point_is_reached_and_opened_by_keys(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.click("a:has-text('Reports')")
    page.click("nav a:has-text('Response times')")
    chart = page.locator("#chart-spread report-chart")
    expect(chart).to_have_attribute("data-drawn", "")
    chart.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    said = chart.locator("[aria-live]")
    expect(said).to_have_text(re.compile(r"2 m – 5 m, Answers: \d"))

    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_contain_text("First response time")
    count = int(page.locator("[data-count]").get_attribute("data-count") or 0)
    assert count == page.locator("tr[data-fact]").count() > 0
    page.click("tr[data-fact] a >> nth=0")
    expect(page.locator("conversation-head")).to_be_visible()


# What is written on the canvas.
WRITTEN = "each => each.chart.getZr().storage.getDisplayList(true).filter(({ type }) => type === 'tspan').map(({ style }) => style.text)"


def test_every_bar_with_a_name_shows_it(enter: Enter, managed: Channel) -> None:
    tags = [f"{number} is what shops are asked for" for number in range(10, 32)]
    Fact.objects.filter(kind=metrics.OPENED).update(tags=tags)
    recounting.ask(brand=managed.brand, now=timezone.now())
    while rebuild_due(now=timezone.now() + timedelta(hours=1)):
        pass
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/reports/tags/")
    chart = page.locator("#chart-tags report-chart")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for named in (tags[:2], tags[:9], tags):
            chart.evaluate("(each, labels) => { each.told.labels = labels }", named)
            page.evaluate(
                "document.documentElement.dataset.theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'"
            )
            for _ in range(40):  # it is drawn a moment after that
                written = chart.evaluate(WRITTEN)
                begin = [text.rstrip(".…") for text in written if " is " in text]
                if len(begin) == len(named):
                    break
                page.wait_for_timeout(50)
            assert [
                label for label, text in zip(named, begin, strict=True) if not label.startswith(text)
            ] == [], width
        if folder := os.environ.get("PARLEY_PICTURES"):
            page.screenshot(path=Path(folder) / f"tags-{width}.png", full_page=True)


# Of what takes at most so many seconds.
TICKS = """(each, most) => {
  each.told.series.forEach((one) => { one.values = [most] })
  document.documentElement.dataset.theme = most % 2 ? "dark" : "light"
  return new Promise((done) => setTimeout(() => done(
    each.chart.getModel().getComponent("yAxis").axis.getViewLabels().map(({ formattedLabel }) => formattedLabel))))
}"""


def test_marks_of_a_time_axis_that_differ_have_different_words(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/reports/responses/")
    chart = page.locator("#chart-by report-chart")
    expect(chart).to_have_attribute("data-drawn", "")

    told = {most: chart.evaluate(TICKS, most) for most in (7, 88, 171, 4500, 7200, 100_001, 400_000)}

    assert told[88] == ["0 s", "15 s", "30 s", "45 s", "1 m", "1 m 15 s", "1 m 30 s"]
    assert told[4500] == ["0 s", "15 m", "30 m", "45 m", "1 h", "1 h 15 m"]
    assert [most for most, ticks in told.items() if len(ticks) != len(set(ticks))] == []


def test_the_board_follows_what_happens(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/reports/now/")
    late = page.locator("[data-key=late]")
    expect(late).to_have_text("6")
    meaning = page.locator("[data-meaning=there]")
    meaning.locator("summary").click()
    words = meaning.get_by_text("have one of its pages open")
    assert words.evaluate(
        "words => words.getBoundingClientRect().right < document.documentElement.clientWidth"
    )
    late.focus()

    managed.brand.conversations.filter(due_at__isnull=False).update(
        due_at=timezone.now() + timedelta(minutes=10)
    )

    expect(late).to_have_text("0", timeout=15000)
    expect(page.locator("[data-key=due15]")).to_have_text("6")
    expect(late).to_be_focused()
    expect(words).to_be_visible()


def test_the_board_leaves_its_reader_where_they_are_and_says_when_it_stands_still(
    enter: Enter, managed: Channel
) -> None:
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/reports/now/")
    # As low as for a brand with many agents, and much to scroll.
    page.evaluate(
        "document.styleSheets[0].insertRule('.chart__table { max-block-size: 30px !important; overflow: auto }')"
    )
    table = page.locator(".chart__table").last
    table.evaluate("table => { table.focus(); table.scrollTop = 12; table.toBeRenewed = true }")
    assert table.evaluate("table => table.scrollTop") == 12

    page.wait_for_timeout(6500)
    assert not table.evaluate("table => table.toBeRenewed")

    assert table.evaluate("table => table.scrollTop") == 12
    expect(table).to_be_focused()
    stale = page.get_by_text("Not up to date since")
    expect(stale).to_have_count(0)
    session = next(each for each in page.context.cookies() if each["name"].startswith("parley_session"))
    page.context.clear_cookies(name=session["name"])
    expect(stale).to_contain_text("You have been signed out", timeout=8000)
    expect(stale.get_by_role("link", name="Sign in")).to_be_visible()


def test_the_reader_of_the_list_of_files_is_left_where_they_are(
    enter: Enter, managed: Channel, mara: Person
) -> None:
    asked = {"from": "2026-11-01", "to": "2026-11-28"}
    Export.objects.create(brand=managed.brand, person=mara, asked=asked, created_at=timezone.now())
    page = enter("/b/lumen/inbox/open/")
    page.goto("/b/lumen/reports/files/")
    table = page.get_by_role("region", name="Files", exact=True)
    table.evaluate("table => { table.focus(); table.dataset.old = '' }")

    expect(page.locator("[data-old]")).to_have_count(0, timeout=8000)

    expect(table).to_be_focused()


def test_paper_is_light_and_has_every_table(enter: Enter, managed: Channel) -> None:
    page = enter("/b/lumen/inbox/open/", color_scheme="dark")
    page.goto("/b/lumen/reports/responses/?range=28")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    chart = page.locator("#chart-over-time report-chart")
    expect(chart).to_have_attribute("data-drawn", "")
    expect(page.locator("#chart-over-time table")).to_be_hidden()  # 28 rows
    ink = "document.querySelector('#chart-over-time report-chart').chart.getOption().textStyle.color"
    on_screen = page.evaluate(ink)

    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    expect(page.locator("#chart-over-time table")).to_be_visible()
    assert page.evaluate(ink) != on_screen
    paper, words = page.evaluate(
        "[getComputedStyle(document.querySelector('.chart')).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert paper == "rgb(255, 255, 255)"
    assert max(int(part) for part in re.findall(r"\d+", words)[:3]) < 100  # dark on it

    page.emulate_media(media="screen", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ink) == on_screen
    expect(page.locator("#chart-over-time table")).to_be_hidden()


def test_times_are_the_brands_wherever_it_is_read(enter: Enter, managed: Channel) -> None:
    Brand.objects.update(time_zone="Europe/Berlin")
    Fact.objects.exclude(kind=metrics.FIRST).delete()
    Fact.objects.update(at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    recounting.mark_settings(brand=Brand.objects.get(), now=timezone.now())
    while rebuild_due(now=timezone.now() + timedelta(hours=1)):
        pass

    page = enter("/b/lumen/inbox/open/", timezone_id="America/New_York", locale="en-GB", color_scheme="light")
    page.goto("/b/lumen/reports/behind/?metric=first_response&from=2026-11-24&to=2026-11-24")

    expect(page.locator("td local-time").first).to_have_text("24 Nov 2026, 00:30")
    expect(page.get_by_text("Times of Europe/Berlin.")).to_be_visible()
