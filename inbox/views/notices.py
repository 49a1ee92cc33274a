"""The bell: what a colleague was told of in this brand."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import noticing
from inbox.forms import ReadingForm
from inbox.queries import notices
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["GET", "POST"])
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """GET lists the newest; POST says up to which event they have been seen."""
    brand = access.brand_for(request.user, brand_slug)
    if request.method == "POST":
        form = ReadingForm(request.POST)
        if not form.is_valid():
            return notice(request, "This could not be read. Reload the page and try again.")
        noticing.mark_seen(
            person=request.user, brand=brand, up_to_seq=form.cleaned_data["up_to_seq"], now=timezone.now()
        )
        return HttpResponse(status=204)
    found = notices.newest(request.user, brand)
    shown = {"brand": brand, "notices": found, "rings": notices.unseen(request.user, brand)}
    return render(request, "inbox/_notices.html", shown)
