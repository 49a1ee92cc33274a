"""Figures of ninety days and five million responses: sums against reading every fact, pages, and whether the inbox notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import connection
from django.utils import timezone

from analytics import metrics
from analytics.models import Rollup
from analytics.queries import names as all_names
from analytics.queries import series
from analytics.queries.asked import Asked, read
from bench import cast, figures_data, figures_inbox, figures_pages
from bench.figures_data import CHANNELS, DAYS
from bench.house import House
from bench.report import Findings, compare
from inbox.models import Membership, Role

RESPONSES = 5_000_000
AGENTS = 60
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
    figures_pages.measure(who, house, findings)
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
