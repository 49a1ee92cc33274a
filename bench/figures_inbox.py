"""Four questions of the inbox, alone and while analytics works at all it has."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from analytics import jobs
from analytics.actions import exporting
from analytics.models import Export, Follower, Rollup
from analytics.queries import names as all_names
from analytics.queries.asked import read
from bench import cast
from bench.figures_load import EVENTS, READERS
from bench.house import House, NotUp, free_port
from bench.pages import cookie_of
from bench.report import Findings, compare
from config import services
from inbox.models import Message
from inbox.queries import inbox_list, saved_views, search_results, timeline

SAMPLES = 300


def measure(who: cast.Cast, house: House, findings: Findings) -> None:
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
            began = time.perf_counter()
            ask()
            times[name].append(1000 * (time.perf_counter() - began))
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
        house.of_procfile("reports"),
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
    raise NotUp(f"Figures are not at work: {house.last_words('triage')} / {house.last_words('reports')}")


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
