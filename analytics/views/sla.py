"""The page about targets: the report, and what was missed, each with its timeline."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from analytics.metrics import METRICS
from analytics.queries import missed
from analytics.queries.behind import Narrow
from analytics.reports import csv_files, responses, sla
from analytics.reports.words import length
from analytics.views import _door
from analytics.views._door import AgentRequest, signed_in
from analytics.views.reports import REPORTS


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str) -> HttpResponse:
    visit = _door.visit(request, brand_slug, remembers=REPORTS["sla"].remembers)
    asked, target = visit.asked, sla.chosen(visit.asked)
    after = request.GET.get("after", "")
    narrow = Narrow(METRICS[target], hit=False)
    found, page = missed.of(asked, narrow, now=timezone.now(), after=after)
    told = [
        (
            each,
            length(each.late_by),
            length(each.target),
            [(part, length(part.seconds)) for part in each.parts],
        )
        for each in found
    ]
    return _door.page(
        request, "sla.html", visit, "sla", title="SLA", charts=sla.build(asked, visit.names), tiles=sla.tiles(asked), missed=told,
        missed_metric=METRICS[target],
        more=asked.query(after=page.more) if page.more else "", after=after,
        targets=[(METRICS[key].name, asked.query(metric=key), key == target) for key in sla.TARGETS],
        splits=[(by, by.capitalize(), asked.query(by=by), by == responses.split(asked)) for by in responses.SPLITS],
    )  # fmt: skip


@require_GET
@signed_in
def file(request: AgentRequest, brand_slug: str) -> HttpResponseBase:
    """What was missed, one row a target."""
    visit = _door.visit(request, brand_slug, remembers=REPORTS["sla"].remembers)
    asked = visit.asked
    name = f"{visit.brand.slug}-missed-{slugify(METRICS[sla.chosen(asked)].name)}-{asked.first.isoformat()}-to-{asked.last.isoformat()}.csv"
    return csv_files.of_asked(asked, sla.missed_rows(asked, now=timezone.now()), name)
