"""Every page of the figures, in each way that people can ask for it: addresses, and nothing of how long they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle, product

from django.urls import reverse

from analytics.metrics import IN, METRICS
from analytics.queries.live import WHATS
from analytics.reports import responses, sla
from analytics.views._door import offered
from bench.figures_data import NOBODYS

RANGE = "range=90"
HOURS = ("", "&hours=business")
SLOT, BARS = 34, (3, 5)  # Tuesdays, 10 to 11; a bar of few and one of many


@dataclass(frozen=True, slots=True)
class Question:
    """`page`: which of those it is told with. `shows`: something stands there at every scale, or its time is that of nothing."""

    page: str
    address: str
    shows: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What a page may be narrowed by: filter → as an address has it, all of it true of some facts. `rare`: the same of few."""

    slug: str
    filters: Mapping[str, str]
    rare: Sequence[str]
    last_day: str

    def ways(self, names: Sequence[str]) -> list[str]:
        """Without a filter, and with each."""
        return ["", *(f"&{name}={self.filters[name]}" for name in names)]

    def pairs(self, names: Sequence[str]) -> list[str]:
        return ["".join(two) for two in combinations(self.ways(names)[1:], 2)]


def every(known: Known) -> list[Question]:
    return [
        *_responses(known), *_sla(known), *_reports(known), *_behind(known), *_now(known), *_others(known),
    ]  # fmt: skip


def _responses(known: Known) -> Iterator[Question]:
    names = offered("responses")
    for metric, hours in product(responses.CHOICES, HOURS):
        for by, way in product(responses.SPLITS, known.ways(names)):
            yield _report(known, "responses", f"&metric={metric}&by={by}{hours}{way}")
        # Two filters ask the same of the facts whatever the split is; each split has its turn.
        for by, way in zip(cycle(responses.SPLITS), known.pairs(names), strict=False):
            yield _report(known, "responses", f"&metric={metric}&by={by}{hours}{way}")


def _sla(known: Known) -> Iterator[Question]:
    """The targets' charts are the same for each metric, which chooses whose missed ones are listed."""
    names = offered("sla")
    for by, way in product(responses.SPLITS, known.ways(names)):
        yield _question(known, "sla", f"&metric={sla.TARGETS[1]}&by={by}{way}")
    for metric, way in product(sla.TARGETS, [*known.ways(names), *known.pairs(names)]):
        yield _question(known, "sla", f"&metric={metric}{way}")
    for metric, way in product(sla.TARGETS, known.rare):
        yield _question(known, "sla", f"&metric={metric}{way}", shows=False)


def _reports(known: Known) -> Iterator[Question]:
    for page in ("volume", "agents", "tags"):
        for way in [*known.ways(offered(page)), *known.pairs(offered(page))]:
            yield _report(known, page, way)


def _behind(known: Known) -> Iterator[Question]:
    """The lists: of each figure whole, and narrowed as points, bars, cells and tiles narrow it."""
    names = tuple(known.filters)
    for key in (key for key, metric in METRICS.items() if metric.fact):
        for narrow, way in product(narrows(key, known.last_day), [*known.ways(names), *known.rare]):
            shows = (
                not narrow
                and way not in known.rare
                and not (way.startswith("&agent") and METRICS[key].fact in NOBODYS)
            )
            yield _question(known, "behind", f"&metric={key}{narrow}{way}", shows=shows)
    for metric, way in product(responses.CHOICES, known.pairs(names)):
        yield _question(known, "behind", f"&metric={metric}&hours=business{way}", shows=False)


def narrows(key: str, last_day: str) -> list[str]:
    found = [""]
    if key in responses.CHOICES:
        found += [f"&slot={SLOT}", *(f"&bar={bar}" for bar in BARS), f"&bar={BARS[0]}&hours=business"]
    if METRICS[key].good:
        found += ["&hit=0", "&hit=1"]
    if key == IN:
        found.append(f"&slot={SLOT}")
    if key == "mood_share":
        found += ["&mood=negative", "&mood=none"]
    return [f"&open_on={last_day}"] if key == "backlog" else found


def _now(known: Known) -> Iterator[Question]:
    yield Question("now", reverse("analytics:now", args=[known.slug]))
    for what, name in product(WHATS, ("", "channel", "team", "agent")):
        address = reverse("analytics:waiting", args=[known.slug, what])
        shows = what in ("waiting", "open") and name in ("", "channel")
        yield Question("now/…", f"{address}?{f'{name}={known.filters[name]}' if name else ''}", shows)


def _others(known: Known) -> Iterator[Question]:
    for way in [*known.ways(offered("files")), *known.pairs(offered("files"))]:
        yield _question(known, "files", way)
    yield _question(known, "mails", "")
    yield _question(known, "definitions", "")


def _report(known: Known, page: str, more: str) -> Question:
    return Question(page, f"{reverse('analytics:report', args=[known.slug, page])}?{RANGE}{more}")


def _question(known: Known, page: str, more: str, *, shows: bool = True) -> Question:
    return Question(page, f"{reverse(f'analytics:{page}', args=[known.slug])}?{RANGE}{more}", shows)
