"""How far a conversation has been read."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import access
from inbox.actions import reading
from inbox.forms import ReadingForm
from inbox.views._door import AgentRequest, signed_in


@require_POST
@signed_in
def create(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    form = ReadingForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("up_to_seq is missing.")
    reading.mark_read(
        conversation=conversation,
        by=request.user,
        up_to_seq=form.cleaned_data["up_to_seq"],
        now=timezone.now(),
    )
    return HttpResponse(status=204)
