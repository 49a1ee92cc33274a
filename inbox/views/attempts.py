"""Another attempt at a reply that was not sent, or none."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import replying
from inbox.queries import timeline
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def attempt(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST sends it again, DELETE gives it up."""
    message = access.message_for(request.user, brand_slug, public_id)
    change = replying.discard if request.method == "DELETE" else replying.retry
    try:
        change(message=message, by=request.user, now=timezone.now())
    except replying.ReplyRefused as refused:
        return notice(request, str(refused))
    fresh = access.message_for(request.user, brand_slug, public_id)
    entries = timeline.dress([fresh], conversation=fresh.conversation, brand_slug=brand_slug)
    return render(request, "inbox/_entries.html", {"entries": entries})
