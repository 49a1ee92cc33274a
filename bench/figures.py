"""Figures of ninety days and five million responses: sums against reading every fact, pages, and whether the inbox notices."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import jobs, metrics
from analytics.actions import exporting
from analytics.models import Export, Follower, Rollup
from analytics.queries import names as all_names
from analytics.queries import series
from analytics.queries.asked import Asked, read
from bench import cast, figures_data
from bench.figures_data import CHANNELS, DAYS
from bench.figures_load import EVENTS, READERS
from bench.house import House, NotUp, free_port
from bench.pages import cookie_of, percentile
from bench.report import Findings, compare
from config import services
from inbox.models import Membership, Message, Role, Team
from inbox.queries import inbox_list, saved_views, search_results, timeline

RESPONSES = 5_000_000
AGENTS = 60
PAGE_MS = 300.0
PAGES = ("now", "responses", "volume", "agents", "tags", "sla", "behind")
TIMED = (metrics.FIRST, metrics.NEXT)  # what a response is
SAMPLES = 300
RAW = """SELECT {key}, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY value) FROM analytics_fact
          WHERE brand_id = %s AND kind = %s AND at >= %s AND at < %s GROUP BY 1"""
RANKS = """SELECT channel_id, percentile_disc(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY value) FROM analytics_fact
            WHERE brand_id = %s AND kind = %s AND at >= %s AND at < %s GROUP BY 1"""
OFF = 0.02  # what a percentile may be off, as a part of it


def measure(house: House, findings: Findings) -> None:
    from bench.__main__ import say

    who = cast.make("figures", people=AGENTS)
    Membership.objects.filter(brand=who.brand).update(role=Role.MANAGER)
    began = time.monotonic()
    seeded = figures_data.seed(who, house, house.sized(RESPONSES, least=20_000), say)
    findings.note(
        f"figures: {seeded.facts:,} facts of {len(figures_data.SHARES)} kinds, {seeded.responses:,} of them responses, and "
        f"{Rollup.objects.count():,} sums were made in {time.monotonic() - began:.0f} s."
    )
    say(f"figures: seeded in {time.monotonic() - began:.0f} s")
    _percentiles(who, house, findings, seeded)
    say(f"figures: percentiles at {time.monotonic() - began:.0f} s")
    _pages(who, house, findings)
    say(f"figures: pages at {time.monotonic() - began:.0f} s")
    _inbox(who, house, findings)


def _percentiles(who: cast.Cast, house: House, findings: Findings, seeded: figures_data.Seeded) -> None:
    asked = read({"range": "90"}, brand=who.brand, names=all_names.of(who.brand), now=timezone.now())
    faults = [*seeded.faults, *compared(asked)]
    for by, key, limit in (
        (series.DAY, "(at AT TIME ZONE 'UTC')::date", 1 / 10),
        ("channel_id", "channel_id", 1 / 5),
        ("person_id", "person_id", 1 / 5),
    ):
        ours, theirs = [], []
        for _ in range(house.rounds):
            ours.append(sum(_timed(partial(series.points, asked, kind, by)) for kind in TIMED))
            theirs.append(sum(_timed(partial(_raw, asked, kind, key)) for kind in TIMED))
        findings.raw[f"figures by {by}"] = {"ours_ms": ours, "raw_ms": theirs}
        findings.add(
            compare(
                f"p50 and p90 by {by.removesuffix('_id')} / raw percentile_cont", ours=ours, theirs=theirs, limit=limit, sense="<=", unit="ms",
                says=f"first and next responses, {seeded.responses:,} of {DAYS} days, {CHANNELS} channels, {AGENTS} agents; raw on a covering "
                "index", faults=faults,
            )
        )  # fmt: skip


def _raw(asked: Asked, kind: str, key: str) -> list[Any]:
    return _read(RAW.format(key=key), asked, kind)


def _read(sql: str, asked: Asked, kind: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(sql, [asked.brand.pk, kind, asked.start, asked.end])
        found: list[Any] = cursor.fetchall()
        cursor.execute("RESET work_mem")
    return found


def compared(asked: Asked) -> Sequence[str]:
    """The sums must say what every fact says, to two percent: both by the nearest rank, so nothing else may differ."""
    found = []
    for kind in TIMED:
        known = series.points(asked, kind, "channel_id")
        for channel_id, exact in _read(RANKS, asked, kind):
            point = known.get((str(channel_id),), series.NOTHING)
            for told, true in zip((point.p50, point.p90, point.p95), exact, strict=True):
                if told is None or abs(told - true) > OFF * true:
                    found.append(f"{kind} of channel {channel_id}: {told} is not {true}")
    return found[:3]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _pages(who: cast.Cast, house: House, findings: Findings) -> None:
    """p95 of each page in each round, whole, with one filter and with two. A page that shows nothing makes the claim fall."""
    client = Client(headers={"host": "localhost"})
    client.force_login(who.people[0])
    channel, team = (
        who.brand.channels.order_by("pk")[0].public_id,
        Team.objects.filter(brand=who.brand).order_by("pk")[0].public_id,
    )
    filters = ["", f"&channel={channel}", f"&team={team}&tag={quote(figures_data.TAGS[1])}"]
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    faults: list[str] = []
    for number in range(house.rounds):
        for name in PAGES:
            asks = [f"{_address(who, name)}?range=90{more}{_more(name)}" for more in filters * 7]
            times = []
            for each in asks:
                began = time.perf_counter()
                page = client.get(each)
                times.append(1000 * (time.perf_counter() - began))
                if number == 0 and (fault := _empty(page)):
                    faults.append(f"{name} {fault}")
            found[name].append(percentile(sorted(times), 0.95))
    findings.raw["figures pages"] = found
    worst = max(found, key=lambda name: statistics.median(found[name]))
    findings.add(
        compare(
            "report page p95", ours=found[worst], theirs=[PAGE_MS] * len(found[worst]), limit=1, sense="<=", unit="ms",
            says=f"the slowest is {worst}; each of {len(PAGES)} with 90 days, without a filter, with one and with two", faults=sorted(set(faults)),
        )
    )  # fmt: skip
    findings.note(
        "report pages, p95 ms: "
        + ", ".join(f"{name} {statistics.median(times):.0f}" for name, times in found.items())
    )
    findings.note("beside the claim, p95 ms: " + ", ".join(_seldom(who, client)))


def _seldom(who: cast.Cast, client: Client) -> Iterator[str]:
    """The list of missed targets, of a filter that few facts fit."""
    asks = {
        "missed of one agent": ("sla", f"&agent={who.people[-1].public_id}"),
        "missed and urgent": ("sla", "&priority=urgent"),
    }
    for label, (name, more) in asks.items():
        address = f"{_address(who, name)}?range=90{more}"
        times = sorted(_timed(partial(client.get, address)) for _ in range(10))
        yield f"{label} {percentile(times, 0.95):.0f}"


def _address(who: cast.Cast, name: str) -> str:
    if name in ("now", "sla", "behind"):
        return reverse(f"analytics:{name}", args=[who.brand.slug])
    return reverse("analytics:report", args=[who.brand.slug, name])


def _more(name: str) -> str:
    return f"&metric={metrics.NEXT}" if name == "behind" else ""


def _empty(page: Any) -> str:
    if page.status_code != 200:
        return f"answered {page.status_code}"
    return "shows a chart with nothing in it" if b"Nothing in this period" in page.content else ""


def _inbox(who: cast.Cast, house: House, findings: Findings) -> None:
    """Four questions of the inbox, with nothing beside them and while analytics works at all it has."""
    asks = _questions(who)
    alone: dict[str, list[float]] = {name: [] for name in asks}
    beside: dict[str, list[float]] = {name: [] for name in asks}
    did = []
    for _ in range(house.rounds):
        for name, took in _medians(asks).items():
            alone[name].append(took)
        with _working(house, who) as told:
            for name, took in _medians(asks).items():
                beside[name].append(took)
        did.append(told)
    findings.raw["figures inbox"] = {"alone_ms": alone, "beside_ms": beside, "did": did}
    ratios = {
        name: statistics.median(b / a for b, a in zip(beside[name], alone[name], strict=True))
        for name in asks
    }
    worst = max(ratios, key=lambda name: ratios[name])
    faults = [f"{what} did nothing meanwhile" for what in did[0] if not all(each[what] for each in did)]
    findings.add(
        compare(
            "question of the inbox while figures are counted / alone", ours=beside[worst], theirs=alone[worst], limit=1.2, sense="<=",
            unit="ms", says=f"the worst of {', '.join(asks)}: {worst}; {EVENTS} events a second counted and summed by the real worker, {READERS} "
            "managers read pages and the board, and a file of all conversations is written", faults=faults,
        )
    )  # fmt: skip
    findings.note(
        "inbox beside figures: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    )


def _questions(who: cast.Cast) -> dict[str, Callable[[], object]]:
    me = who.people[1]
    view = inbox_list.view_named("open", me, who.brand)
    assert view is not None
    rail = [*inbox_list.house(me, who.brand), *saved_views.of(me, who.brand)]
    thread = Message.objects.filter(conversation__brand=who.brand).latest("pk").conversation

    def search() -> None:
        found = search_results.of("parcel ", person=me, brand=who.brand, now=timezone.now())
        if not found.messages:
            raise RuntimeError("The search found nothing.")

    return {
        "list": lambda: inbox_list.page(view, person=me, brand=who.brand, now=timezone.now()),
        "search": search,
        "thread": lambda: timeline.page(thread, brand_slug=who.brand.slug),
        "counters": lambda: inbox_list.counted(rail, who.brand),
    }


def _medians(asks: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(SAMPLES):
        for name, ask in asks.items():
            times[name].append(_timed(ask))
            time.sleep(0.02)  # as pages ask, not as a loop does
    return {name: statistics.median(each) for name, each in times.items()}


@contextmanager
def _working(house: House, who: cast.Cast) -> Iterator[dict[str, int]]:
    """The product's own processes with work to do; what they did is told when the block ends."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    asked = read({"range": "90"}, brand=who.brand, names=all_names.of(who.brand), now=timezone.now())
    told: dict[str, int] = {}
    with (
        house.of_procfile("web", WEB_PORT=str(port), PORT=str(port)) as web,
        house.of_procfile("triage"),
        house.process("files", [sys.executable, "manage.py", "rqworker", jobs.QUEUE, "--verbosity", "0"]),
        _beside(house, who, origin, port) as wait,
    ):
        house.wait_for(f"{origin}/accounts/login/", web, "web")
        wait()
        Export.objects.all().delete()
        export = exporting.begin(brand=who.brand, by=who.people[0], asks=asked, now=timezone.now())
        jobs.start_export(export.pk)
        _wait_for_work(house, who, export)
        sums, counted = _newest_sum(who), _counted_at(who)
        yield told
        export.refresh_from_db()
        told["the file"] = export.done
        told["the follower"] = int(_counted_at(who) != counted)
        told["the sums"] = _newest_sum(who) - sums


def _wait_for_work(house: House, who: cast.Cast, export: Export) -> None:
    """Until each of them has done something."""
    until = time.monotonic() + 90
    sums, counted = _newest_sum(who), _counted_at(who)
    while time.monotonic() < until:
        time.sleep(0.5)
        export.refresh_from_db()
        if export.done and _newest_sum(who) > sums and _counted_at(who) != counted:
            return
    raise NotUp(f"Figures are not at work: {house.last_words('triage')} / {house.last_words('files')}")


def _counted_at(who: cast.Cast) -> Any:
    return Follower.objects.get(brand=who.brand).counted_at


def _newest_sum(who: cast.Cast) -> int:
    return Rollup.objects.filter(brand=who.brand).order_by("-pk").values_list("pk", flat=True)[0]


@contextmanager
def _beside(house: House, who: cast.Cast, origin: str, port: int) -> Iterator[Callable[[], None]]:
    spec = {
        "brand": who.brand.pk, "slug": who.brand.slug, "origin": origin,
        "cookies": [cookie_of(person, port=port) for person in who.people[:READERS]],
    }  # fmt: skip
    with (house.home / "log" / "bench-figures_load.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.figures_load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=services.BASE_DIR,
        )  # fmt: skip

    def begin() -> None:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(spec).encode() + b"\n")
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            raise NotUp(f"The readers did not come up: {house.last_words('figures_load')}")

    try:
        yield begin
    finally:
        process.kill()
        process.wait()
