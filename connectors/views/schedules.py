"""Schedules: the list with the next runs, a form for each, paused or not, and now."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from connectors.actions import planning
from connectors.forms import ScheduleForm
from connectors.models import SyncSchedule
from connectors.queries import schedules
from connectors.views import _console
from inbox import access
from inbox.views._door import AgentRequest, signed_in

HERE = "schedules"


def _schedule_for(request: AgentRequest, brand_slug: str, pk: int) -> SyncSchedule:
    brand = access.brand_for_running(request.user, brand_slug)
    return get_object_or_404(
        SyncSchedule.objects.select_related("channel__brand"), channel__brand=brand, pk=pk
    )


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    found = schedules.of_brand(brand, now=timezone.now())
    template = "_schedules.html" if _console.is_fragment(request) else "schedules.html"
    return _console.page(request, template, brand, HERE, channels=found)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    schedule = _schedule_for(request, brand_slug, pk)
    now = timezone.now()
    form = ScheduleForm(request.POST or None, schedule=schedule)
    if form.is_valid():
        try:
            planning.edit(schedule=schedule, now=now, **form.plan)
        except planning.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"“{schedule.get_task_display()}” of {schedule.channel.name} is saved.")
            return redirect("connectors:schedules", brand_slug=brand_slug)
    return _console.page(
        request, "schedule.html", schedule.channel.brand, HERE, status=422 if form.is_bound else 200, form=form,
        line=schedules.line(schedule, now=now), zones=sorted(available_timezones()),
    )  # fmt: skip


@require_POST
@signed_in
def pause(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    """POST pauses, and resumes what is paused (`resume`)."""
    schedule = _schedule_for(request, brand_slug, pk)
    if "resume" in request.POST:
        planning.resume(schedule=schedule, now=timezone.now())
        said = "goes on"
    else:
        planning.pause(schedule=schedule)
        said = "is paused; what is under way ends its turn"
    messages.success(request, f"“{schedule.get_task_display()}” of {schedule.channel.name} {said}.")
    return redirect("connectors:schedules", brand_slug=brand_slug)


@require_POST
@signed_in
def run(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    schedule = _schedule_for(request, brand_slug, pk)
    try:
        planning.run_now(schedule=schedule, by=request.user, now=timezone.now())
    except planning.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, f"“{schedule.get_task_display()}” of {schedule.channel.name} runs in a second."
        )
    return redirect("connectors:schedules", brand_slug=brand_slug)
