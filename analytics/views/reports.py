"""The pages with charts, each chart as a file, and what the figures mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from analytics import metrics
from analytics.queries.asked import Asked
from analytics.queries.names import Names
from analytics.reports import agents, csv_files, responses, sla, tags, volume
from analytics.reports.charts import Chart, Tile
from analytics.views import _door
from analytics.views._door import AgentRequest, signed_in
from inbox import access


@dataclass(frozen=True, slots=True)
class Report:
    """`remembers`: what the page has in its address besides period and filters."""

    build: Callable[[Asked, Names], list[Chart]]
    tiles: Callable[[Asked], Sequence[Tile]]
    remembers: tuple[str, ...] = ()
    business: bool = False


REPORTS = {
    "responses": Report(responses.build, responses.tiles, ("metric", "by"), business=True),
    "volume": Report(volume.build, volume.tiles),
    "agents": Report(agents.build, agents.tiles),
    "tags": Report(tags.build, tags.tiles),
    "sla": Report(sla.build, sla.tiles, ("metric", "by")),
}


@require_GET
@signed_in
def home(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_reports(request.user, brand_slug)
    return redirect("analytics:now", brand_slug=brand.slug)


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str, name: str) -> HttpResponse:
    visit, report = _visit(request, brand_slug, name)
    context: dict[str, Any] = {
        "charts": report.build(visit.asked, visit.names), "tiles": report.tiles(visit.asked), "title": _label(name),
        "offers_business": report.business,
    }  # fmt: skip
    if name == "responses":
        context |= {
            "choices": [
                (key, metrics.METRICS[key].name, visit.asked.query(metric=key), key == responses.chosen(visit.asked))
                for key in responses.CHOICES
            ],
            "splits": [
                (by, by.capitalize(), visit.asked.query(by=by), by == responses.split(visit.asked)) for by in responses.SPLITS
            ],
        }  # fmt: skip
    return _door.page(request, "report.html", visit, name, **context)


@require_GET
@signed_in
def file(request: AgentRequest, brand_slug: str, name: str, chart: str) -> HttpResponseBase:
    visit, report = _visit(request, brand_slug, name)
    found = next((each for each in report.build(visit.asked, visit.names) if each.key == chart), None)
    if found is None:
        raise Http404
    days = f"{visit.asked.first.isoformat()}-to-{visit.asked.last.isoformat()}"
    name = f"{visit.brand.slug}-{slugify(found.title)}-{days}.csv"
    return csv_files.of_asked(visit.asked, csv_files.of_chart(found), name)


@require_GET
@signed_in
def definitions(request: AgentRequest, brand_slug: str) -> HttpResponse:
    visit = _door.visit(request, brand_slug)
    told: dict[str, Any] = {
        "metrics": [*metrics.METRICS.values(), *metrics.LIVE.values()],
        "general": metrics.GENERAL,
    }
    return _door.page(request, "definitions.html", visit, "definitions", **told)


def _visit(request: HttpRequest, brand_slug: str, name: str) -> tuple[_door.Visit, Report]:
    report = REPORTS.get(name)
    if report is None:
        raise Http404
    return _door.visit(request, brand_slug, remembers=report.remembers, here=name), report  # type: ignore[arg-type]


def _label(name: str) -> str:
    return next(label for page, label, _ in _door.PAGES if page == name)
