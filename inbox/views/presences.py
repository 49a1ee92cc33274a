"""Whether somebody is there for new work."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import access, tasks
from inbox.actions import attending, routing
from inbox.forms import PresenceForm
from inbox.views._door import AgentRequest, notice, signed_in


@require_POST
@signed_in
def presence(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """Away, or back: what `away` says."""
    brand = access.brand_for(request.user, brand_slug)
    form = PresenceForm(request.POST)
    if not form.is_valid():
        return notice(request, "Say whether you are away or back.")
    away = form.cleaned_data["away"]
    attending.choose(brand=brand, person=request.user, away=away, now=timezone.now())
    if not away and routing.waits(brand.pk):
        tasks.wake_routing(brand.pk)
    state = "away" if away else "online"
    return render(request, "inbox/_presence.html", {"brand": brand, "presence": state})
