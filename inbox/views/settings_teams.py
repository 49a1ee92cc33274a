"""Who works together, what each can take and knows, and how work is handed out."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access, realtime, tasks
from inbox.actions import closing_teams, routing, teaming
from inbox.models import Brand, Desk, RoutingSettings, Team
from inbox.queries import staffing
from inbox.team_forms import DeskForm, RoutingForm, TeamForm
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in

HERE, ROUTING = "settings-teams", "settings-routing"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    return _settings.page(
        request, "teams.html", brand, HERE,
        teams=staffing.teams_of(brand), staff=staffing.of_brand(brand, now=timezone.now()),
        is_on=RoutingSettings.objects.filter(brand=brand, is_on=True).exists(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    return _edit(request, access.brand_for_setting_up(request.user, brand_slug), None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    team = access.team_for_setting_up(request.user, brand_slug, public_id)
    return _edit(request, team.brand, team)


@require_POST
@signed_in
def removal(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    team = access.team_for_setting_up(request.user, brand_slug, public_id)
    name = team.name
    closing_teams.remove(team=team, by=request.user, now=timezone.now())
    messages.success(request, f"“{name}” is gone. Its people keep what they have.")
    return redirect("inbox:settings-teams", brand_slug=brand_slug)


@require_http_methods(["GET", "POST"])
@signed_in
def desk(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """What one colleague can take, and what they know."""
    brand = access.brand_for_setting_up(request.user, brand_slug)
    person = get_object_or_404(access.colleagues_of(request.user, brand), public_id=public_id)
    saved = Desk.objects.filter(brand=brand, person=person).first()
    form = DeskForm(request.POST or None, brand=brand, desk=saved)
    if form.is_valid():
        try:
            teaming.save_desk(brand=brand, person=person, now=timezone.now(), **form.cleaned_data)
        except teaming.Refused as refused:
            form.add_error(None, str(refused))
        else:
            if routing.waits(brand.pk):
                tasks.wake_routing(brand.pk)
            messages.success(request, f"Saved for {person.short_name}.")
            return redirect("inbox:settings-teams", brand_slug=brand.slug)
    status = 422 if form.is_bound else 200
    return _settings.page(request, "desk.html", brand, HERE, status=status, form=form, person=person)


@require_http_methods(["GET", "POST"])
@signed_in
def figures(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_setting_up(request.user, brand_slug)
    saved = RoutingSettings.objects.filter(brand=brand).first() or RoutingSettings(brand=brand)
    form = RoutingForm(request.POST or None, saved=saved)
    if form.is_valid():
        teaming.save_routing(brand=brand, figures=form.figures, by=request.user, now=timezone.now())
        on = (
            "Parley hands out what nobody has."
            if form.figures["is_on"]
            else "People hand out the work themselves."
        )
        messages.success(request, f"Saved. {on}")
        return redirect("inbox:settings-routing", brand_slug=brand_slug)
    status = 422 if form.is_bound else 200
    has_teams = Team.objects.staying().filter(brand=brand, is_active=True).exists()
    return _settings.page(
        request, "routing.html", brand, ROUTING, status=status, form=form, has_teams=has_teams
    )


def _edit(request: AgentRequest, brand: Brand, team: Team | None) -> HttpResponse:
    colleagues = access.colleagues_of(request.user, brand)
    form = TeamForm(request.POST or None, brand=brand, colleagues=colleagues, team=team)
    if form.is_valid():
        try:
            teaming.save_team(
                brand=brand, team=team, columns=form.columns, members=form.people, by=request.user, now=timezone.now()
            )  # fmt: skip
        except teaming.Refused as refused:
            form.add_error("name", str(refused))
        else:
            realtime.push_views(brand.pk)
            messages.success(request, f"“{form.columns['name']}” is saved.")
            return redirect("inbox:settings-teams", brand_slug=brand.slug)
    status = 422 if form.is_bound else 200
    return _settings.page(request, "team.html", brand, HERE, status=status, form=form, team=team)
