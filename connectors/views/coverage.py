"""Coverage: what is known to be complete."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from connectors.queries import coverage
from connectors.views import _console
from inbox import access
from inbox.views._door import AgentRequest, signed_in


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    found = coverage.of_brand(brand, now=timezone.now())
    return _console.page(request, "coverage.html", brand, "coverage", channels=found)


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str, public_id: str) -> HttpResponse:
    """All gaps of one channel, a page at a time."""
    channel = access.channel_for_running(request.user, brand_slug, public_id)
    before, state = request.GET.get("before", ""), request.GET.get("state", "")
    state = state if state in coverage.STATES else ""
    found = coverage.of_channel(
        channel, state=state, before=int(before) if before.isdecimal() and len(before) < 18 else None
    )
    more = found[-1].gap.pk if len(found) == coverage.PAGE else None
    return _console.page(
        request, "coverage_of.html", channel.brand, "coverage", channel=channel, gaps=found, more=more, state=state,
        states=coverage.STATES,
    )  # fmt: skip
