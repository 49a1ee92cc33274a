"""Syncs against the real processes: a long past through a kill and a lost grant, a storm of faults, and a platform that hangs."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browsing import Agent
from tests.journeys.desk import Desk, calm
from tests.journeys.outside import PLATFORMS, Outside
from tests.journeys.running import Demo
from tests.journeys.waiting import eventually

PAST = int(os.environ.get("JOURNEY_PAST", "10000"))
STORM_SECONDS = float(os.environ.get("JOURNEY_STORM_SECONDS", "600"))
STORM_RATE = 50  # customers' messages a second
PEOPLE = 200
DAY_MS = 86_400_000
FORGET = "from inbox.models import Channel; Channel.objects.filter(platform='x', brand__slug='acme').delete()"
KEPT = """SELECT count(*) FROM inbox_message m JOIN inbox_channel c ON c.id = m.channel_id
           WHERE c.platform = 'x' AND c.name = 'Acme' AND m.direction = 'in'"""
RUN = """SELECT r.state, r.error, r.new_messages FROM connectors_syncrun r JOIN inbox_channel c ON c.id = r.channel_id
          WHERE r.task = 'backfill' AND c.platform = 'x' AND c.name = 'Acme' ORDER BY r.id DESC LIMIT 1"""


@pytest.fixture
def quiet_demo(tmp_path: Path) -> Iterator[Demo]:
    """One of its own: its X account is taken away, and its processes are killed."""
    limits = dict.fromkeys(
        ["SIMULATOR_X_SEND_LIMIT", "SIMULATOR_X_READ_LIMIT", "SIMULATOR_INSTAGRAM_READS"], "100000"
    )
    demo = Demo(tmp_path / "home", **limits, PARLEY_SETTLE_PERCENT="10").start()
    try:
        yield demo.await_ready(within=300)
        demo.stop()
    finally:
        demo.end_all()


def unsubscribe_x(demo: Demo) -> None:
    """The platform forgets our webhooks, as if nobody had ever connected."""
    app = httpx.get(f"{demo.control}/control/apps", trust_env=False).json()["x"]
    with httpx.Client(
        base_url=app["origins"]["api"],
        headers={"Authorization": f"Bearer {app['app_bearer']}"},
        trust_env=False,
    ) as api:
        for hook in api.get("/2/webhooks").json().get("data", []):
            api.delete(f"/2/webhooks/{hook['id']}").raise_for_status()


def write_the_past(outside: Outside) -> None:
    """Spread over three weeks, in two hundred threads."""
    now = int(time.time() * 1000)
    for number in range(PAST):
        at = now - 21 * DAY_MS + number * (20 * DAY_MS // PAST)
        outside.dm("x", f"From the past {number}", who=f"Customer {number % PEOPLE}", at_ms=at)


def connect(page: Page, url: str, press: str) -> None:
    page.get_by_role("button", name=press).first.click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(re.compile(f"^{re.escape(url)}/b/acme/channels/"))
    expect(page.get_by_text("Acme on X is connected.")).to_be_visible(timeout=60_000)


@pytest.mark.browser
def test_an_x_account_with_a_long_past_comes_in_whole_whatever_happens_on_the_way(
    quiet_demo: Demo, browser: Browser
) -> None:
    demo, outside = quiet_demo, Outside(quiet_demo.control)
    url = demo.url
    assert demo.manage("shell", "-c", FORGET).returncode == 0
    unsubscribe_x(demo)
    write_the_past(outside)
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    Agent(page, url).sign_in("ops@parley.test")

    # Connected in the browser, with thirty days of its past.
    page.goto(f"{url}/b/acme/channels/")
    page.get_by_label("and bring in").nth(-1).wait_for()
    form = page.locator("form", has=page.get_by_role("button", name="Connect X"))
    form.get_by_role("combobox").select_option("30")
    connect(page, url, "Connect X")
    page.goto(f"{url}/b/acme/sync/runs/")
    page.get_by_role("link", name="Backfill the past").first.click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible(timeout=60_000)

    # Killed in the middle: the run goes on where it stood.
    kept = eventually(
        lambda: (n := demo.sql(KEPT)[0][0]) > PAST // 10 and n, within=300, told="a tenth of the past"
    )
    assert kept < PAST, "it was too quick to be killed in the middle"
    pid = demo.kill("sync")
    demo.await_restart("sync", after=pid, within=60)

    # A token that ends is renewed on the way; where what renews it has ended as well, the channel waits for somebody.
    outside.expire_token("x")
    outside.dm("x", "Written while the token had ended", who="Mara Lindt")
    eventually(
        lambda: demo.sql(KEPT)[0][0] > kept and demo.sql(RUN)[0][1] == "", within=300, told="the run goes on"
    )
    outside.expire_token("x", for_good=True)
    # Whoever asks X next finds out: the backfill, or, where a small one is over by now, the next comparison.
    demo.sql("UPDATE connectors_syncschedule SET next_run_at = now() WHERE task = 'reconcile'")
    state = "SELECT state FROM inbox_channel WHERE platform = 'x' AND name = 'Acme'"
    eventually(lambda: demo.sql(state) == [("needs_reconnect",)], within=300, told="the disconnect")
    outside.dm("x", "Written while it was disconnected", who="Mara Lindt")
    page.goto(f"{url}/b/acme/channels/")
    page.locator(".channel", has_text="X").get_by_role(
        "link", name=re.compile("Connection page")
    ).last.click()
    expect(page.get_by_text("Each red line says its fix.")).to_be_visible(timeout=60_000)
    mails = demo.home / "mail"
    eventually(
        lambda: any("disconnected" in each.read_text() for each in mails.glob("*")), within=120, told="a mail"
    )

    connect(page, url, "Connect again")

    eventually(lambda: demo.sql(RUN)[0][0] == "done", within=900, told="the end of the backfill")
    assert demo.sql(KEPT)[0][0] >= PAST
    assert demo.manage("completeness", "--wait", "60", within=400).returncode == 0
    news = demo.sql("SELECT historical FROM inbox_message WHERE text LIKE 'From the past %%'")
    assert {each for (each,) in news} == {True}
    page.goto(f"{url}/b/acme/sync/coverage/")
    expect(page.locator("tr[data-state=open]")).to_have_count(0)
    expect(page.get_by_text("The channel was disconnected").first).to_be_visible()


# Instagram's tokens are renewed by nothing once they have ended, and LinkedIn is called too seldom for one call in fifty to be refused.
STORM: list[tuple[str, dict[str, Any]]] = [
    ("drop", {"rate": 0.1}),
    # Each stays off until a comparison asks for it again, and strikes soon after.
    ("webhook.disabled", {"rate": min(0.05, 0.6 / STORM_SECONDS), "platform": "x"}),
    ("webhook.disabled", {"rate": min(0.05, 0.6 / STORM_SECONDS), "platform": "instagram"}),
    ("replay.job", {"rate": min(0.05, 0.9 / STORM_SECONDS), "platform": "x", "minutes": 2, "most": 150}),
    ("token.race", {"rate": 0.1, "platform": "x"}),
    ("token.race", {"rate": 0.1, "platform": "linkedin"}),
    ("poll.inclusive", {"platform": "linkedin"}),
    ("rate.limit", {"rate": 0.02, "platform": "x"}),
    ("rate.limit", {"rate": 0.02, "platform": "instagram"}),
    ("error.5xx", {"rate": 0.02}),
]
NEWEST = """SELECT m.external_id FROM inbox_message m JOIN inbox_channel c ON c.id = m.channel_id JOIN inbox_brand b ON b.id = c.brand_id
             WHERE c.platform = 'x' AND b.slug = 'acme' AND m.direction = 'in' ORDER BY m.id DESC LIMIT 1"""
LOST = """SELECT c.platform, g.thread_key, extract(epoch FROM g.since)::float * 1000, extract(epoch FROM g.until)::float * 1000
            FROM connectors_gap g JOIN inbox_channel c ON c.id = g.channel_id WHERE g.lost"""


def write_at_a_rate(control: str, until: float, lane: int, lanes: int) -> int:
    """One of several who write side by side, each at its share of the rate."""
    outside, written, began = Outside(control), 0, time.monotonic()
    while time.monotonic() < until:
        who = f"Storm {lane}-{written % 20}"
        outside.dm(PLATFORMS[(lane + written) % 3], f"{who} says {written}", who=who)
        written += 1
        time.sleep(max(0.0, began + written * lanes / STORM_RATE - time.monotonic()))
    outside.close()
    return written


def answer_now_and_then(demo: Demo, until: float) -> list[str]:
    """An agent, so that sends race for the new token as well."""
    desk, written = Desk(demo), []
    while time.monotonic() < until:
        if newest := demo.sql(NEWEST):
            written.append(f"Answer {len(written)} in the storm")
            desk.reply(newest[0][0], written[-1])
        time.sleep(3)
    desk.close()
    return written


def compared_since(demo: Demo, moment: datetime) -> bool:
    """Whether a walk that began later has come to its end, for every channel; the next one is due at once until then."""
    demo.sql(
        """UPDATE connectors_syncschedule SET next_run_at = now()
            WHERE task = 'reconcile' AND lease_until IS NULL AND next_run_at > now() AND last_success_at IS NOT NULL
              AND channel_id IN (SELECT channel_id FROM connectors_channelhealth WHERE complete_until < %s)""",
        [moment],
    )
    time.sleep(2)
    behind = """SELECT 1 FROM inbox_channel c LEFT JOIN connectors_channelhealth h ON h.channel_id = c.id
                 WHERE coalesce(h.complete_until, c.created_at) < %s LIMIT 1"""
    return demo.sql(behind, [moment]) == []


class Board:
    """What a manager sees of who waits: on the page, which looks again by itself, and in the list behind the figure."""

    def __init__(self, demo: Demo, page: Page) -> None:
        self.page, self.address = page, f"{demo.url}/b/acme/reports/now/"
        Agent(page, demo.url).sign_in("manager@parley.test")
        page.goto(self.address)
        self.seen: list[int] = []

    def look(self) -> int:
        self.seen.append(int(self.page.locator("[data-key=waiting]").inner_text()))
        return self.seen[-1]

    def listed(self) -> int:
        """Page by page, as somebody would who wants to see them all."""
        count, answer = 0, self.page.request.get(f"{self.address}waiting/")
        while True:
            assert answer.ok, answer.status
            html = answer.text()
            count += html.count("data-conversation=")
            following = re.search(r'href="(\?[^"]*)" rel="next"', html)
            if following is None:
                return count
            answer = self.page.request.get(f"{self.address}waiting/{unescape(following[1])}")


def not_listed(rows: list[dict[str, Any]], lost: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Messages, of those that the inbox lacks, of which no gap says that they are lost. Histories tell times to the second."""

    def is_told(row: dict[str, Any]) -> bool:
        person = row["sender"] if row["direction"] == "in" else row["recipient"]
        return any(
            platform == row["platform"] and thread in ("", person) and since <= row["at_ms"] < until + 1000
            for platform, thread, since, until in lost
        )

    return [row for row in rows if not is_told(row)]


@pytest.mark.browser
def test_after_a_storm_a_comparison_leaves_only_what_nobody_tells_any_more_and_lists_it(
    quiet_demo: Demo, browser: Browser
) -> None:
    demo, outside = quiet_demo, Outside(quiet_demo.control)
    url = demo.url
    pages = [browser.new_context(viewport={"width": 1440, "height": 900}).new_page() for _ in range(2)]
    for page in pages:
        page.set_default_timeout(60_000)
    Agent(pages[0], url).sign_in("ops@parley.test")
    board = Board(demo, pages[1])
    # As operations may: compared thrice while it storms, so that some is healed, some is lost, and webhooks are asked for again.
    demo.sql(
        "UPDATE connectors_syncschedule SET every_seconds = %s, next_run_at = now() WHERE task = 'reconcile'",
        [max(20, int(STORM_SECONDS / 3.5))],
    )
    demo.sql("UPDATE inbox_brand SET reply_hold = 0")
    for fault, how in STORM:
        outside.fault(fault, seed=11, **how)
    began, lanes = time.monotonic(), 10
    until = began + STORM_SECONDS

    with ThreadPoolExecutor(lanes + 1) as crowd:
        answering = crowd.submit(answer_now_and_then, demo, until)
        writing = [crowd.submit(write_at_a_rate, demo.control, until, lane, lanes) for lane in range(lanes)]
        while time.monotonic() < until:
            pages[0].goto(f"{url}/b/acme/sync/coverage/")  # operations look on
            expect(pages[0].get_by_role("heading", name="Coverage")).to_be_visible()
            before, listed = board.look(), board.listed()
            board.page.wait_for_timeout(6000)  # it has looked again by itself
            assert min(before, board.look()) - 5 <= listed <= max(before, board.seen[-1]) + 5
    written, answers = sum(each.result() for each in writing), answering.result()
    scopes = [(name, how.get("platform", "")) for name, how in STORM]
    struck = {(name, platform): outside.hits(name, platform) for name, platform in scopes}
    outside.no_faults()

    calm(demo, outside, within=300)
    demo.sql("UPDATE connectors_ratebudget SET resets_at = now()")
    [(ended,)] = demo.sql("SELECT now()")
    eventually(
        lambda: compared_since(demo, ended), within=1800, told="a whole comparison of each after the storm"
    )
    compared = demo.manage("completeness", "--json", "--show", "1000", "--wait", "180", within=900)
    found = json.loads(compared.stdout)

    assert all(struck.values()), struck
    assert found["messages"] >= written
    parked = demo.sql("SELECT platform, state_reason FROM inbox_channel WHERE state <> 'connected'")
    assert not parked, "a race for a token must cost nobody the account"
    assert not any(found["differences"].values()), found["named"][:5]
    assert {each["kind"] for each in found["gone"]} <= {"never told"}, "nobody unsent or changed anything"
    subscribed = "SELECT subscribed FROM connectors_channelhealth h JOIN inbox_channel c ON c.id = h.channel_id WHERE c.platform <> 'linkedin'"
    assert {each for (each,) in demo.sql(subscribed)} == {True}
    ledger = outside.ledger()
    sent = Counter(row["text"] for row in ledger if row["direction"] == "out" and row["text"] in answers)
    assert answers and set(sent.values()) == {1}, sent
    held = {key for (key,) in demo.sql("SELECT external_id FROM inbox_message")}
    unknowable = [row for row in ledger if not row["expected"] and row["id"] not in held]
    told = not_listed(unknowable, demo.sql(LOST))
    assert not told, f"{len(told)} messages can no longer be known, and nothing says so: {told[:3]}"

    assert board.seen[0] < board.seen[-1], board.seen
    board.page.goto(board.address)
    assert board.look() == board.listed()
    pages[0].goto(f"{url}/b/acme/sync/coverage/")
    expect(pages[0].locator("tr[data-state=healed]").first).to_be_visible()
    if unknowable:
        expect(pages[0].locator("tr[data-state=lost]").first).to_be_visible()
    # Last, because it is the machine's affair: all of the above holds at any rate.
    assert written >= 0.9 * STORM_SECONDS * STORM_RATE, f"{written} messages: the storm was a breeze"


def test_a_platform_that_hangs_delays_no_other(demo: Demo, outside: Outside) -> None:
    """X and Instagram take fifteen seconds for each answer; LinkedIn is polled as if nothing were."""
    for platform in ("x", "instagram"):
        outside.fault("slow", platform=platform, ms=15000)
    demo.sql(
        "UPDATE connectors_syncschedule SET next_run_at = now() WHERE task IN ('reconcile', 'tokens', 'profiles', 'backfill')"
    )
    late = """SELECT extract(epoch FROM now() - max(last_success_at))::float FROM connectors_syncschedule WHERE task = 'poll'"""
    eventually(
        lambda: demo.sql(
            "SELECT 1 FROM connectors_syncschedule WHERE task = 'reconcile' AND lease_until > now()"
        ),
        told="a slow run",
    )

    seen = []
    for _ in range(40):
        seen.append(demo.sql(late)[0][0])
        time.sleep(0.5)

    assert max(seen) < 10, seen
