"""Runs: what is under way, live, the history, one with its log; and backfills, asked for and stopped."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from connectors.actions import backfilling
from connectors.forms import BackfillForm
from connectors.models import SyncRun, Task
from connectors.queries import runs
from connectors.views import _console
from inbox import access
from inbox.views._door import AgentRequest, signed_in

HERE = "runs"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    now = timezone.now()
    if _console.is_fragment(request):
        return _console.page(
            request, "_runs_now.html", brand, HERE, under_way=runs.under_way(brand, now=now), late=runs.late(brand, now=now)
        )  # fmt: skip
    channels = list(access.channels_of(request.user, brand))
    chosen = next((each for each in channels if str(each.public_id) == request.GET.get("channel")), None)
    task = request.GET.get("task", "") if request.GET.get("task") in Task.values else ""
    before = request.GET.get("before", "")
    listed = runs.history(
        brand, before=int(before) if before.isdecimal() and len(before) < 18 else None,
        channel_id=chosen.pk if chosen else None, task=task, now=now,
    )  # fmt: skip
    return _console.page(
        request, "runs.html", brand, HERE, under_way=runs.under_way(brand, now=now), late=runs.late(brand, now=now),
        history=listed, more=listed[-1].run.pk if len(listed) == runs.PAGE else None, budgets=runs.budgets(brand, now=now), expected=runs.expected(brand),
        channels=[(each, str(each)) for each in channels], chosen=chosen, task=task, tasks=Task.choices,
    )  # fmt: skip


def _run_for(request: AgentRequest, brand_slug: str, pk: int) -> SyncRun:
    brand = access.brand_for_running(request.user, brand_slug)
    run = runs.of_brand(brand, pk)
    if run is None:
        raise Http404
    return run


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    run = _run_for(request, brand_slug, pk)
    template = "_run.html" if _console.is_fragment(request) else "run.html"
    view = runs.view(run, now=timezone.now())
    return _console.page(request, template, brand, HERE, view=view, lines=runs.lines(run))


@require_POST
@signed_in
def stop(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    run = _run_for(request, brand_slug, pk)
    if backfilling.stop(run=run, by=request.user, now=timezone.now()):
        messages.success(request, "It is stopped. What it has brought stays.")
    else:
        messages.error(request, "It was over already.")
    return redirect("connectors:run", brand_slug=brand_slug, pk=pk)


@require_POST
@signed_in
def backfill(request: AgentRequest, brand_slug: str, public_id: str) -> HttpResponse:
    channel = access.channel_for_running(request.user, brand_slug, public_id)
    form = BackfillForm(request.POST)
    if not form.is_valid():
        messages.error(
            request,
            "Type days like 2026-11-28, between 2000 and 2100, or leave them empty for all that the platform tells.",
        )
        return redirect("connectors:connection", brand_slug=brand_slug, public_id=public_id)
    since, until = form.moments(channel.brand.time_zone)
    try:
        run = backfilling.ask(channel=channel, since=since, until=until, by=request.user, now=timezone.now())
    except backfilling.Refused as refused:
        messages.error(request, str(refused))
        return redirect("connectors:connection", brand_slug=brand_slug, public_id=public_id)
    return redirect("connectors:run", brand_slug=brand_slug, pk=run.pk)
