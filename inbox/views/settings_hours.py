"""When the brand works, and by which clock its days are counted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import hours, policies
from inbox.models import Brand, BusinessHours
from inbox.rules import week_text, zones
from inbox.setting_forms import DAYS, HoursForm, ZoneForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in

HERE = "settings-hours"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    form = ZoneForm(initial={"time_zone": brand.time_zone})
    return _index(
        request, brand, form if access.may(request.user, brand, access.Permission.ADMINISTER) else None
    )


@require_POST
@signed_in
def zone(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """Whose midnight the brand's days end at: for administrators, as everything is counted anew by it."""
    brand = access.brand_for_administering(request.user, brand_slug)
    form = ZoneForm(request.POST)
    if not form.is_valid():
        return _index(request, brand, form, status=422)
    if hours.move_days(brand=brand, time_zone=form.cleaned_data["time_zone"]):
        messages.success(
            request,
            f"The brand’s days are those of {brand.time_zone} now. Reports are counted anew, the newest days first.",
        )
    return redirect("inbox:settings-hours", brand_slug=brand.slug)


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    return _edit(request, access.brand_for_setting_up(request.user, brand_slug), None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    row = access.hours_for(request.user, brand_slug, public_id)
    return _edit(request, row.brand, row)


@require_POST
@signed_in
def removal(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    row = access.hours_for(request.user, brand_slug, public_id)
    try:
        hours.remove(hours=row, by=request.user, now=timezone.now())
    except hours.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"“{row.name}” is removed.")
    return redirect("inbox:settings-hours", brand_slug=brand_slug)


def _index(
    request: AgentRequest, brand: Brand, zone_form: ZoneForm | None, *, status: int = 200
) -> HttpResponse:
    lines = [(row, _times(row)) for row in BusinessHours.objects.filter(brand=brand).order_by("name")]
    shown = {"lines": lines, "zone_form": zone_form, "zones": zones.names() if zone_form else []}
    return _settings.page(request, "hours.html", brand, HERE, status=status, **shown)


def _edit(request: AgentRequest, brand: Brand, row: BusinessHours | None) -> HttpResponse:
    """`check` asks for the effect on running clocks; everything else saves."""
    form = HoursForm(request.POST or None, brand=brand, hours=row)
    now = timezone.now()
    fragment = "X-Parley-Fragment" in request.headers
    context: dict[str, Any] = {"form": form, "row": row, "zones": zones.names()}
    if form.is_valid():
        told = {name: form.cleaned_data[name] for name in ("name", "time_zone", "holidays")}
        given = {"brand": brand, "hours": row, "week": form.week, **told}
        try:
            if "check" in request.POST:
                context["effect"] = policies.effect(brand=brand, change=lambda: hours.write(**given), now=now)
                if fragment:
                    return render(request, "inbox/settings/_effect.html", context)
                return _settings.page(request, "hours_form.html", brand, HERE, **context)
            hours.save(**given, by=request.user, now=now)
        except hours.Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"“{told['name']}” are saved. Running clocks follow now.")
            return redirect("inbox:settings-hours", brand_slug=brand.slug)
    status = 422 if form.is_bound else 200
    if fragment and form.is_bound:
        return render(request, "inbox/settings/_effect.html", context, status=status)
    return _settings.page(request, "hours_form.html", brand, HERE, status=status, **context)


def _times(row: BusinessHours) -> list[tuple[str, str]]:
    return [
        (day, week_text.say(row.week.get(str(number), [])) or "closed") for number, day in enumerate(DAYS)
    ]
