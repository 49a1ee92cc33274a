"""One row a conversation as a file: at once, or written in the background where it is long."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from redis.exceptions import RedisError

from analytics import jobs
from analytics.actions import exporting
from analytics.models import Export, ExportState
from analytics.queries import conversations
from analytics.queries.asked import FILTERS
from analytics.queries.names import HEADS
from analytics.reports import csv_files
from analytics.views import _door
from analytics.views._door import AgentRequest, Visit, signed_in

AT_ONCE = 2000  # conversations; more would keep one of the threads that answer pages
SHOWN = 20


@require_http_methods(["GET", "POST"])
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """What can be had, and what was asked for; POST asks for a file that is written in the background."""
    visit = _door.visit(request, brand_slug, here="files")
    if request.method == "POST":
        return _begin(request, visit)
    context = _offer(visit)
    if "X-Parley-Fragment" in request.headers:
        return render(request, "analytics/_exports.html", {"brand": visit.brand, **context})
    return _door.page(request, "exports.html", visit, "files", **context)


def _offer(visit: Visit) -> dict[str, Any]:
    expected = conversations.expected(visit.asked)
    return {"expected": expected, "at_once": expected <= AT_ONCE, **_exports(visit)}


def _begin(request: AgentRequest, visit: Visit) -> HttpResponse:
    try:
        if visit.asked.left_out:
            raise exporting.Refused(f"No file is written. {' '.join(visit.asked.left_out)}")
        export = exporting.begin(brand=visit.brand, by=request.user, asks=visit.asked, now=timezone.now())
    except exporting.Refused as refused:
        messages.error(request, str(refused))
    else:
        with contextlib.suppress(RedisError):  # the row is the queue: the next tick finds it
            jobs.start_export(export.pk)
    address = redirect("analytics:files", brand_slug=visit.brand.slug)
    address["Location"] += "?" + visit.asked.query()
    return address


@require_GET
@signed_in
def stream(request: AgentRequest, brand_slug: str) -> HttpResponseBase:
    visit = _door.visit(request, brand_slug, here="files")
    asked = visit.asked
    # The page may have been left open while days were added to it, and an address can be of any days.
    if not asked.left_out and not (offer := _offer(visit))["at_once"]:
        offer["too_long"] = AT_ONCE
        return _door.page(request, "exports.html", visit, "files", status=422, **offer)
    name = f"{visit.brand.slug}-conversations-{asked.first.isoformat()}-to-{asked.last.isoformat()}.csv"
    return csv_files.of_asked(asked, conversations.everything(asked, visit.names), name)


@require_GET
@signed_in
def file(request: AgentRequest, brand_slug: str, public_id: UUID) -> FileResponse:
    visit = _door.visit(request, brand_slug)
    export = get_object_or_404(Export, brand=visit.brand, public_id=public_id, state=ExportState.READY)
    try:
        content = exporting.place(export).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    days = f"{export.asked.get('from', '')}-to-{export.asked.get('to', '')}"
    return FileResponse(content, as_attachment=True, filename=f"{visit.brand.slug}-conversations-{days}.csv")


def _narrowed(export: Export, visit: Visit) -> list[str]:
    """What a file was narrowed by, in words: who downloads it must know whose rows it holds."""
    said: list[str] = []
    for name, column in FILTERS.items():
        if not (text := export.asked.get(name)):
            continue
        try:
            value = visit.names.value(column, text)
        except KeyError:
            said.append(f"{HEADS[column]}: gone")
        else:
            key = "" if value is None else str(value)
            said.append(f"{HEADS[column]}: {visit.names.label(column, key)}")
    return said


def _exports(visit: Visit) -> dict[str, object]:
    rows = list(Export.objects.filter(brand=visit.brand).select_related("person").order_by("-pk")[:SHOWN])
    for row in rows:
        row.narrowed = _narrowed(row, visit)  # type: ignore[attr-defined]
    return {"exports": rows, "working": any(row.state in exporting.UNDER_WAY for row in rows)}
