"""How long the pages of the figures take. Each way of asking is looked at, and of each page those that took longest are measured: among
hundreds of ways the slow one would be no five in a hundred, so a p95 of all of them together would not tell of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby
from urllib.parse import parse_qsl, quote, urlsplit

from django.db import connection
from django.test import Client
from django.utils import timezone

from analytics.metrics import METRICS
from analytics.models import Fact
from analytics.queries import behind
from analytics.queries import names as all_names
from analytics.queries.asked import read
from analytics.queries.behind import Narrow
from analytics.reports import sla
from bench import cast, figures_data, figures_questions
from bench.figures_questions import Known, Question
from bench.house import House
from bench.pages import percentile
from bench.report import Claim, Findings, compare
from inbox.models import Clock, ClockSegment, ClockState, Presence, Team

PAGE_MS = 300.0
LOOKS = 2  # at each way of asking; the quicker one tells which are slow, as it tells least of what else the machine did
OF_EACH = 2  # ways of a page that are measured, the slowest
TIMES = 25  # in each round
MARKS = {
    "behind": b"data-fact",
    "now/\u2026": b"data-conversation",
    "sla": b"missed__parts",
}  # what stands where a list shows something


def measure(who: cast.Cast, house: House, findings: Findings) -> None:
    client = Client(headers={"host": "localhost"})
    client.force_login(who.people[0])
    asked = figures_questions.every(known_of(who))
    give_clocks(who, asked)
    with _all_there(who):
        looks, faults = look(client, asked)
        found: dict[Question, list[float]] = {each: [] for each in slowest(looks)}
        for _ in range(house.rounds):
            for each, rounds in found.items():
                times = sorted(_timed(client, each)[0] for _ in range(TIMES))
                rounds.append(percentile(times, 0.95))
    findings.raw["figures pages"] = {
        "looks_ms": {each.address: took for each, took in looks.items()},
        "p95_ms": {each.address: rounds for each, rounds in found.items()},
    }
    findings.add(claim_of(found, faults, ways=len(asked)))
    for note in told(found, looks):
        findings.note(note)


def claim_of(found: Mapping[Question, Sequence[float]], faults: Sequence[str], *, ways: int) -> Claim:
    worst = max(found, key=lambda each: statistics.median(found[each]))
    return compare(
        "report page p95", ours=found[worst], theirs=[PAGE_MS] * len(found[worst]), limit=1, sense="<=", unit="ms",
        says=f"the slowest is {worst.address}; the {OF_EACH} slowest of each page, of {ways} ways to ask for {len({each.page for each in found})} "
        "pages and lists: each metric, split, filter, two filters, business hours, 90 days beside the 90 before", faults=faults,
    )  # fmt: skip


def told(found: Mapping[Question, Sequence[float]], looks: Mapping[Question, float]) -> Iterator[str]:
    by_page: dict[str, float] = {}
    for each, rounds in found.items():
        by_page[each.page] = max(by_page.get(each.page, 0), statistics.median(rounds))
    yield "report pages, p95 ms of the slowest way: " + ", ".join(
        f"{page} {ms:.0f}" for page, ms in by_page.items()
    )
    middles = {
        page: statistics.median(took for each, took in looks.items() if each.page == page) for page in by_page
    }
    yield "the same pages, the middle of all ways, ms: " + ", ".join(
        f"{page} {ms:.0f}" for page, ms in middles.items()
    )
    over = sorted(
        (each for each in found if statistics.median(found[each]) > PAGE_MS), key=lambda each: each.address
    )
    if over:
        yield f"pages over {PAGE_MS:.0f} ms: " + ", ".join(
            f"{each.address} {statistics.median(found[each]):.0f}" for each in over
        )


def slowest(looks: Mapping[Question, float]) -> list[Question]:
    """Of each page, so that none goes unmeasured."""
    ordered = sorted(looks, key=lambda each: (each.page, -looks[each]))
    return [
        each for _, of_page in groupby(ordered, key=lambda each: each.page) for each in [*of_page][:OF_EACH]
    ]


def look(client: Client, asked: Sequence[Question]) -> tuple[dict[Question, float], list[str]]:
    """Question → milliseconds, and what is wrong: a page that shows nothing makes the claim fall, for it is quick for no merit."""
    looks: dict[Question, float] = {}
    faults: dict[str, None] = {}
    for _ in range(LOOKS):
        for each in asked:
            took, page = _timed(client, each)
            looks[each] = min(took, looks.get(each, took))
            if fault := _wrong(each, page):
                faults[f"{each.address} {fault}"] = None
    return looks, list(faults)


def _timed(client: Client, question: Question) -> tuple[float, object]:
    began = time.perf_counter()
    page = client.get(question.address)
    return 1000 * (time.perf_counter() - began), page


def _wrong(question: Question, page: object) -> str:
    if page.status_code != 200:  # type: ignore[attr-defined]
        return f"answered {page.status_code}"  # type: ignore[attr-defined]
    content: bytes = page.content  # type: ignore[attr-defined]
    if not question.shows:
        return ""
    if b"Nothing in this period" in content:
        return "shows a chart with nothing in it"
    return "lists nothing" if MARKS.get(question.page, b"") not in content else ""


def known_of(who: cast.Cast) -> Known:
    """Filters that go together: of what the bench makes, each two have facts in common."""
    team = Team.objects.filter(brand=who.brand).order_by("pk")[0]
    filters = {
        "channel": str(who.brand.channels.order_by("pk")[1].public_id), "agent": str(who.people[0].public_id), "team": str(team.public_id),
        "tag": quote(figures_data.TAGS[1]), "priority": "normal",
    }  # fmt: skip
    last, tag = who.people[-1].public_id, filters["tag"]
    rare = [f"&agent={last}", "&priority=urgent", f"&agent={last}&priority=urgent&tag={tag}"]
    return Known(who.brand.slug, filters, rare, timezone.now().date().isoformat())


@contextmanager
def _all_there(who: cast.Cast) -> Iterator[None]:
    """The board lists whoever is there; for as long as it takes nobody falls silent."""
    now = timezone.now()
    Presence.objects.bulk_create(
        [
            Presence(brand=who.brand, person=each, since=now, last_seen_at=now + timedelta(days=1))
            for each in who.people
        ]
    )
    try:
        yield
    finally:
        Presence.objects.filter(brand=who.brand).delete()


def give_clocks(who: cast.Cast, asked: Sequence[Question]) -> None:
    """The clock of each missed target that a page lists, with three segments: a target without one is not drawn."""
    names, now = all_names.of(who.brand), timezone.now()
    ids: set[int] = set()
    for query in {urlsplit(each.address).query for each in asked if each.page == "sla"}:
        visit = read(dict(parse_qsl(query)), brand=who.brand, names=names, now=now, remembers=("metric",))
        ids |= {each.id for each in behind.page(visit, Narrow(METRICS[sla.chosen(visit)], hit=False)).rows}
    facts = {each.source: each for each in Fact.objects.filter(pk__in=ids, source__lt=0)}
    hour = timedelta(hours=1)
    Clock.objects.bulk_create(
        [
            Clock(
                pk=each.source, conversation_id=each.conversation_id, kind="first", started_at=each.at - 3 * hour, ended_at=each.at,
                state=ClockState.MISSED, policy_name="Usual", target=3600, counted=7200.0,
            )
            for each in facts.values()
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    there = set(Clock.objects.filter(pk__in=facts).values_list("pk", flat=True))
    ClockSegment.objects.bulk_create(
        [
            ClockSegment(
                clock_id=each.source, started_at=each.at - (3 - part) * hour, ended_at=each.at - (2 - part) * hour, counts=part != 1,
                counted=3600.0 * (part != 1), reason="Closed" if part == 1 else "Waits for us",
            )
            for each in facts.values()
            if each.source in there
            for part in range(3)
        ]
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_clock, inbox_clocksegment")
