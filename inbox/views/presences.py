"""Whether somebody is there for new work."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access, realtime, tasks
from inbox.actions import attending, routing
from inbox.forms import PresenceForm
from inbox.queries import staffing
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["GET", "POST"])
@signed_in
def presence(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """Away, or back: what `away` says. GET: the switch as it now is, for another page of the same person."""
    brand = access.brand_for(request.user, brand_slug)
    if request.method == "GET":
        found = {"brand": brand, "presence": staffing.presence_of(request.user, brand)}
        return render(request, "inbox/_presence.html", found)
    form = PresenceForm(request.POST)
    if not form.is_valid():
        return notice(request, "Say whether you are away or back.")
    away = form.cleaned_data["away"]
    if attending.choose(brand=brand, person=request.user, away=away, now=timezone.now()):
        realtime.push_presence([brand.pk])
    if not away and routing.waits(brand.pk):
        tasks.wake_routing(brand.pk)
    state = "away" if away else "online"
    return render(request, "inbox/_presence.html", {"brand": brand, "presence": state})
