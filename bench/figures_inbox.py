"""Four questions of the inbox, in a brand in which things happen: with nobody who counts them, and while analytics works at all it has."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from analytics import jobs, tasks
from analytics.actions import exporting
from analytics.models import Export, Fact, Follower, Rollup
from analytics.queries import names as all_names
from analytics.queries.asked import read
from bench import cast
from bench.figures_load import READERS
from bench.figures_traffic import ANSWERED, RESOLVED, WRITTEN
from bench.house import House, NotUp, free_port
from bench.pages import cookie_of
from bench.report import Claim, Findings, compare
from config import services
from inbox.models import BrandSequence, Direction, Message, MessageState
from inbox.queries import inbox_list, saved_views, search_results, timeline

SAMPLES = 300
PER_SECOND = ("messages", "answers", "facts written")
ALIKE = 0.2  # what the load of the two sides may differ by, as a part of it
Times = Mapping[str, Sequence[float]]
Did = dict[str, float]


def measure(who: cast.Cast, house: House, findings: Findings) -> None:
    """Four questions of the inbox, in a brand in which as much happens on either side. On one nobody counts it and nobody looks at figures, on the
    other analytics works at all it has. Which of them is first changes, for threads grow."""
    asks = _questions(who)
    sides: dict[str, dict[str, list[float]]] = {
        side: {name: [] for name in asks} for side in ("alone", "beside")
    }
    did: dict[str, list[dict[str, float]]] = {"alone": [], "beside": []}
    for number in range(house.rounds):
        with house.of_procfile("triage"), _program(house, "bench.figures_traffic", _traffic(who)) as begin:
            begin()
            for side in ("alone", "beside")[:: -1 if number % 2 else 1]:
                at_work = _nobody_counts if side == "alone" else _working
                with at_work(house, who) as told, _counted(who, told):
                    for name, took in _medians(asks).items():
                        sides[side][name].append(took)
                did[side].append(told)
    findings.raw["figures inbox"] = {"alone_ms": sides["alone"], "beside_ms": sides["beside"], "did": did}
    findings.add(claim_of(sides["alone"], sides["beside"], faults_of(did["alone"], did["beside"])))
    ratios = _ratios(sides["alone"], sides["beside"])
    findings.note(
        "inbox beside figures: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    )
    for side, each in did.items():
        of = {what: statistics.median(told[what] for told in each) for what in PER_SECOND}
        findings.note(
            f"{side}, a second: " + ", ".join(f"{amount:.1f} {what}" for what, amount in of.items())
        )


def claim_of(alone: Times, beside: Times, faults: Sequence[str]) -> Claim:
    ratios = _ratios(alone, beside)
    worst = max(ratios, key=lambda name: ratios[name])
    return compare(
        "question of the inbox while figures are counted / alone", ours=beside[worst], theirs=alone[worst], limit=1.2, sense="<=", unit="ms",
        says=f"the worst of {', '.join(ratios)}: {worst}; on both sides {WRITTEN} messages, {ANSWERED} answers and {RESOLVED} resolutions a second, "
        f"triaged by the real worker; on one their facts are written and summed by it, {READERS} managers read pages and the board, and a file of all "
        "conversations is written", faults=faults,
    )  # fmt: skip


def _ratios(alone: Times, beside: Times) -> dict[str, float]:
    return {
        name: statistics.median(b / a for b, a in zip(beside[name], alone[name], strict=True))
        for name in alone
    }


def faults_of(alone: Sequence[Did], beside: Sequence[Did]) -> list[str]:
    """What makes the ratio say nothing: figures that were not at work, or were where they should not, or another load on either side."""
    faults = [f"{what} did nothing meanwhile" for what in beside[0] if not all(each[what] for each in beside)]
    if any(each["facts written"] for each in alone):
        faults.append("facts were written on the side without figures")
    for what in ("messages", "answers"):
        here, there = (statistics.median(each[what] for each in side) for side in (alone, beside))
        if not here or abs(there / here - 1) > ALIKE:
            faults.append(f"{here:.1f} {what} a second alone, {there:.1f} beside figures")
    return faults


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
def _nobody_counts(house: House, who: cast.Cast) -> Iterator[Did]:
    """The turn at the brand's figures is taken, so the worker that triages has none: its tasks of figures end at once."""
    cache.set(tasks.held(who.brand.pk), 1, timeout=None)
    time.sleep(3)  # whoever was counting has ended
    try:
        yield {}
    finally:
        cache.delete(tasks.held(who.brand.pk))


@contextmanager
def _working(house: House, who: cast.Cast) -> Iterator[Did]:
    """The product's own processes with work to do; what they did is told when the block ends."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    asked = read({"range": "90"}, brand=who.brand, names=all_names.of(who.brand), now=timezone.now())
    spec = {
        "slug": who.brand.slug, "origin": origin, "cookies": [cookie_of(person, port=port) for person in who.people[:READERS]],
    }  # fmt: skip
    told: Did = {}
    with (
        house.of_procfile("web", WEB_PORT=str(port), PORT=str(port)) as web,
        house.of_procfile("reports"),
        _program(house, "bench.figures_load", spec) as begin,
    ):
        house.wait_for(f"{origin}/accounts/login/", web, "web")
        begin()
        Export.objects.all().delete()
        export = exporting.begin(brand=who.brand, by=who.people[0], asks=asked, now=timezone.now())
        jobs.start_export(export.pk)
        _wait_for_work(house, who, export)
        sums = _newest_sum(who)
        yield told
        export.refresh_from_db()
        told["the file"] = export.done
        told["the sums"] = _newest_sum(who) - sums


@contextmanager
def _counted(who: cast.Cast, told: Did) -> Iterator[None]:
    """What happened in the block, a second."""
    began, before = time.monotonic(), _so_far(who)
    yield
    took = time.monotonic() - began
    told |= {what: (now - before[what]) / took for what, now in _so_far(who).items()}


def _so_far(who: cast.Cast) -> dict[str, int]:
    messages = Message.objects.filter(conversation__brand=who.brand)
    return {
        "messages": messages.filter(direction=Direction.IN).count(),
        "answers": messages.filter(state=MessageState.SENT).count(),
        "facts written": Fact.objects.filter(brand=who.brand, source__gt=0).count(),
    }


def _wait_for_work(house: House, who: cast.Cast, export: Export) -> None:
    """Until each of them has done something, and what happened before figures were at work is counted."""
    until = time.monotonic() + 180
    sums, last = _newest_sum(who), BrandSequence.objects.get(pk=who.brand.pk).last
    while time.monotonic() < until:
        time.sleep(0.5)
        export.refresh_from_db()
        if export.done and _newest_sum(who) > sums and Follower.objects.get(brand=who.brand).seq >= last:
            return
    raise NotUp(f"Figures are not at work: {house.last_words('triage')} / {house.last_words('reports')}")


def _newest_sum(who: cast.Cast) -> int:
    return Rollup.objects.filter(brand=who.brand).order_by("-pk").values_list("pk", flat=True)[0]


def _traffic(who: cast.Cast) -> dict[str, Any]:
    return {"brand": who.brand.pk, "channel": who.channel.pk, "people": [each.pk for each in who.people]}


@contextmanager
def _program(house: House, module: str, spec: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """One of ours beside this one, for as long as the block runs; it begins when it is told to."""
    name = module.removeprefix("bench.")
    with (house.home / "log" / f"bench-{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=services.BASE_DIR,
        )

    def begin() -> None:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(spec).encode() + b"\n")
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            raise NotUp(f"{name} did not come up: {house.last_words(name)}")

    try:
        yield begin
    finally:
        process.kill()
        process.wait()
