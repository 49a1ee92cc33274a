"""Figures of ninety days and five million responses: sums against reading every fact, pages, and whether the inbox notices."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import metrics, rollups
from analytics.models import Follower
from analytics.queries import names as all_names
from analytics.queries import series
from analytics.queries.asked import Asked, read
from bench import cast
from bench.house import House
from bench.lists import SEED
from bench.report import Findings, compare
from inbox.models import Channel, Membership, Role
from inbox.queries import inbox_list

DAYS = 90
FACTS = 5_000_000
AGENTS, CHANNELS = 60, 6
PAGE_MS = 300.0
PAGES = ("now", "responses", "volume", "agents", "tags", "sla")

# On an index that has all it needs, which is kinder to it than any product's would be.
RAW_INDEX = "CREATE INDEX bench_facts_covering ON analytics_fact (brand_id, kind, at) INCLUDE (value, channel_id, person_id)"
RAW = """SELECT {key}, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY value) FROM analytics_fact
          WHERE brand_id = %s AND kind = %s AND at >= %s AND at < %s GROUP BY 1"""


def measure(house: House, findings: Findings) -> None:
    who = cast.make("figures", people=5)
    amount = house.sized(FACTS, least=20_000)
    channels = _seed(who, amount, house)
    asked = _asked(who)
    faults = _compared(asked)
    for by, key, limit in (
        (series.DAY, "(at AT TIME ZONE 'UTC')::date", 1 / 10),
        ("channel_id", "channel_id", 1 / 5),
        ("person_id", "person_id", 1 / 5),
    ):
        ours, theirs = [], []
        for _ in range(house.rounds):
            ours.append(_timed(partial(series.points, asked, metrics.FIRST, by)))
            theirs.append(_timed(partial(_raw, asked, key)))
        findings.add(
            compare(
                f"p50 and p90 by {by.removesuffix('_id')} / raw percentile_cont", ours=ours, theirs=theirs, limit=limit, sense="<=", unit="ms",
                says=f"{amount:,} responses of {DAYS} days, {channels} channels, {AGENTS} agents; raw on a covering index", faults=faults,
            )
        )  # fmt: skip
    pages = _pages(who, house)
    worst = max(pages, key=lambda name: max(pages[name]))
    findings.add(
        compare(
            "report page p95", ours=pages[worst], theirs=[PAGE_MS] * len(pages[worst]), limit=1, sense="<=", unit="ms",
            says=f"the slowest is {worst}; each with 90 days, without a filter and with one",
        )
    )  # fmt: skip
    alone, beside = _inbox(who, house)
    findings.add(
        compare(
            "list of the inbox while figures are counted / alone", ours=beside, theirs=alone, limit=1.2, sense="<=", unit="ms",
            says="page of 50, while periods are summed anew without a pause",
        )
    )  # fmt: skip


def _seed(who: cast.Cast, amount: int, house: House) -> int:
    """Facts by one statement, spread over working hours; then every period is summed as the product does it."""
    conversations = house.sized(200_000, least=2_000)
    for number in range(CHANNELS - 1):
        Channel.objects.create(
            brand=who.brand, platform="x", external_id=f"figures-{number}", name=f"Channel {number}"
        )
    channels = [channel.pk for channel in who.brand.channels.order_by("pk")]
    with connection.cursor() as cursor:
        cursor.execute(
            SEED,
            {
                "brand": who.brand.pk,
                "channels": channels,
                "people": [person.pk for person in who.people],
                "amount": conversations,
            },
        )
        cursor.execute("VACUUM ANALYZE inbox_conversation")
        cursor.execute("SELECT array_agg(id) FROM inbox_conversation WHERE brand_id = %s", [who.brand.pk])
        ids = cursor.fetchone()[0]
        cursor.execute("SELECT setseed(0.4)")
        cursor.execute(
            """INSERT INTO analytics_fact (brand_id, kind, conversation_id, source, at, value, business, hit, channel_id, person_id, priority,
                                           sentiment, tags)
               SELECT %(brand)s, %(kind)s, (%(ids)s::bigint[])[1 + n %% %(many)s], n,
                      date_trunc('day', now()) - (n %% %(days)s) * interval '1 day' + interval '7 hours' + random() * interval '12 hours',
                      s, s * 0.6, s < 600, (%(channels)s::bigint[])[1 + (n / 7) %% %(width)s], 1000 + (random() * %(agents)s)::int,
                      1 + n %% 4, '', CASE n %% 5 WHEN 0 THEN '{refund}' WHEN 1 THEN '{shipping,complaint}' ELSE '{}' END::text[]
                 FROM generate_series(1, %(amount)s) AS n, LATERAL (SELECT exp(5.5 + 1.3 * (random() + random() + random() - 1.5) * 2) + 0 * n) AS v(s)""",
            {
                "brand": who.brand.pk, "kind": metrics.FIRST, "ids": ids, "many": len(ids), "days": DAYS, "channels": channels,
                "width": len(channels), "agents": AGENTS - 1, "amount": amount,
            },
        )  # fmt: skip
        cursor.execute(RAW_INDEX)
        cursor.execute("VACUUM ANALYZE analytics_fact")
    now = timezone.now()
    Follower.objects.update_or_create(brand=who.brand, defaults={"counted_at": now})
    _mark_all(who)
    while rollups.rebuild_due(now=now + timedelta(hours=1)):
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE analytics_rollup")
    return len(channels)


def _mark_all(who: cast.Cast) -> None:
    with connection.cursor() as cursor:
        for level in ("hour", "day"):
            cursor.execute(
                """INSERT INTO analytics_period (brand_id, level, at, due_at)
                   SELECT DISTINCT %s::bigint, %s, date_trunc(%s, at, %s), now() FROM analytics_fact WHERE brand_id = %s ON CONFLICT DO NOTHING""",
                [who.brand.pk, level, level, who.brand.time_zone, who.brand.pk],
            )


def _asked(who: cast.Cast) -> Asked:
    return read({"range": "90"}, brand=who.brand, names=all_names.of(who.brand), now=timezone.now())


def _raw(asked: Asked, key: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")
        cursor.execute(RAW.format(key=key), [asked.brand.pk, metrics.FIRST, asked.start, asked.end])
        found: list[Any] = cursor.fetchall()
        cursor.execute("RESET work_mem")
    return found


def _compared(asked: Asked) -> Sequence[str]:
    """The sums must say what every fact says, to two percent."""
    known = series.points(asked, metrics.FIRST, "channel_id")
    found = []
    for channel_id, (half, most) in _raw(asked, "channel_id"):
        point = known[str(channel_id),]
        for told, exact in ((point.p50, half), (point.p90, most)):
            if told is None or abs(told - exact) > 0.02 * exact + 0.01 * exact:  # ranks are not interpolated
                found.append(f"channel {channel_id}: {told} is not {exact}")
    return found[:3]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _pages(who: cast.Cast, house: House) -> dict[str, list[float]]:
    """p95 of each page in each round."""
    Membership.objects.filter(brand=who.brand, person=who.people[0]).update(role=Role.MANAGER)
    client = Client(headers={"host": "localhost"})
    client.force_login(who.people[0])
    channel = who.brand.channels.order_by("pk")[0].public_id
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    for _ in range(house.rounds):
        for name in PAGES:
            url = reverse(f"analytics:{name}", args=[who.brand.slug]) if name in ("now", "sla") else reverse("analytics:report", args=[who.brand.slug, name])  # fmt: skip
            asks = [f"{url}?range=90{more}" for more in ["", f"&channel={channel}"] * 5]
            times = sorted(_timed(partial(client.get, each)) for each in asks)
            found[name].append(times[int(0.95 * len(times))])
    return found


def _inbox(who: cast.Cast, house: House) -> tuple[list[float], list[float]]:
    """The list's page with nothing beside it, and while every period is summed anew."""
    view = inbox_list.view_named("open", who.people[0], who.brand)
    assert view is not None

    def page() -> None:
        inbox_list.page(view, person=who.people[0], brand=who.brand, now=timezone.now())

    def median() -> float:
        return sorted(_timed(page) for _ in range(60))[30]

    alone, beside = [], []
    for _ in range(house.rounds):
        alone.append(median())
        stop = threading.Event()
        worker = threading.Thread(target=_sum_without_pause, args=[who, stop])
        worker.start()
        beside.append(median())
        stop.set()
        worker.join()
    return alone, beside


def _sum_without_pause(who: cast.Cast, stop: threading.Event) -> None:
    chance = random.Random(1)
    try:
        while not stop.is_set():
            at = timezone.now() - timedelta(days=chance.randrange(DAYS))
            with connection.cursor() as cursor:
                cursor.execute(
                    """INSERT INTO analytics_period (brand_id, level, at, due_at)
                       VALUES (%s, 'hour', date_trunc('hour', %s::timestamptz), now()) ON CONFLICT DO NOTHING""",
                    [who.brand.pk, at],
                )
            rollups.rebuild_due(now=timezone.now() + timedelta(hours=1))
    finally:
        connections.close_all()
