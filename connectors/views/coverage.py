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
