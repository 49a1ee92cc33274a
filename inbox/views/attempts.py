"""Another attempt at a reply that was not sent, or none."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import replying, undoing
from inbox.forms import AttemptForm
from inbox.models import Message
from inbox.queries import timeline
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def attempt(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST sends it again, DELETE gives it up."""
    message = access.message_for(request.user, brand_slug, public_id)
    now = timezone.now()
    if request.method == "DELETE":
        replying.discard(message=message, by=request.user, now=now)
    elif refusal := _send_again(request, message, now):
        return refusal
    fresh = access.message_for(request.user, brand_slug, public_id)
    entries = timeline.dress([fresh], conversation=fresh.conversation, brand_slug=brand_slug)
    undo = undoing.newest(fresh.conversation.brand, request.user, at=now)
    return render(request, "inbox/live/attempt.html", {"entries": entries, "undo": undo})


def _send_again(request: AgentRequest, message: Message, now: datetime) -> HttpResponse | None:
    form = AttemptForm(request.POST)
    seen_seq = form.cleaned_data["seen_seq"] if form.is_valid() else None
    try:
        replying.retry(message=message, by=request.user, now=now, seen_seq=seen_seq)
    except replying.ReplyRefused as refused:
        return notice(request, str(refused))
    except replying.StaleReply:
        words = "There is news in this conversation. Look at it first, then send this again."
        return notice(request, words, status=409)
    return None
