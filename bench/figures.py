"""Figures of ninety days and five million responses: sums against reading every fact, pages, and whether the inbox notices."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import metrics
from analytics.models import Rollup
from analytics.queries import names as all_names
from analytics.queries import series
from analytics.queries.asked import Asked, read
from bench import cast, figures_data, figures_inbox
from bench.figures_data import CHANNELS, DAYS
from bench.house import House
from bench.pages import percentile
from bench.report import Findings, compare
from inbox.models import Membership, Role, Team

RESPONSES = 5_000_000
AGENTS = 60
PAGE_MS = 300.0
PAGES = ("now", "responses", "volume", "agents", "tags", "sla", "behind")
TIMED = (metrics.FIRST, metrics.NEXT)  # what a response is
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
    figures_inbox.measure(who, house, findings)


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
    tag = quote(figures_data.TAGS[1])
    # A team has channels of its own, so most of a day is not even read; the last two things are in all of it.
    filters = ["", f"&channel={channel}", f"&team={team}&tag={tag}", f"&priority=normal&tag={tag}"]
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
            says=f"the slowest is {worst}; each of {len(PAGES)} with 90 days, without a filter, with one and with two, in two ways", faults=sorted(set(faults)),
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
