"""What the command palette offers that the page itself does not know: colleagues, tags, moods, pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox import access
from inbox.models import Sentiment
from inbox.queries import search_people
from inbox.rules.cleaning import clean
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in


@require_GET
@signed_in
def offers(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    granted = access.granted_to(request.user, brand)
    found = {
        "brand": brand,
        "colleagues": access.colleagues_of(request.user, brand),
        "tags": access.tags_of(request.user, brand).order_by("name", "pk"),
        "moods": Sentiment.choices,
        "pages": _settings.set_up_by(granted),
        "may_run_channels": access.Permission.RUN_CHANNELS in granted,
    }
    return render(request, "inbox/_palette_offers.html", found)


@require_GET
@signed_in
def people(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """People whose name or handle begins so, each with their newest conversation."""
    brand = access.brand_for(request.user, brand_slug)
    words = clean(request.GET.get("q", ""))[:80].split()
    found = search_people.of(words, person=request.user, brand=brand) if words else []
    return render(request, "inbox/_palette_people.html", {"people": found})
