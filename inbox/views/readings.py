"""How far a conversation has been read."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import reading as marking
from inbox.actions import undoing
from inbox.forms import ReadingForm
from inbox.queries import notices
from inbox.views._door import AgentRequest, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def reading(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST says how far it was read, and hears whether the bell may rest; DELETE puts it back among the unread."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    if request.method == "DELETE":
        now = timezone.now()
        marking.mark_unread(conversation=conversation, by=request.user, now=now)
        done = undoing.newest(conversation.brand, request.user, at=now)
        return render(request, "inbox/_done.html", {"undo": done})
    form = ReadingForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest("up_to_seq is missing.")
    marking.mark_read(
        conversation=conversation,
        by=request.user,
        up_to_seq=form.cleaned_data["up_to_seq"],
        now=timezone.now(),
    )
    if notices.unseen(request.user, conversation.brand):
        return HttpResponse(status=204)
    return HttpResponse("nothing unseen", content_type="text/plain")
