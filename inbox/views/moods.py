"""How a customer feels, when a person says so. Each word of theirs is an example for the model."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from inbox import access
from inbox.actions import tagging
from inbox.models import Sentiment
from inbox.views import conversations
from inbox.views._door import AgentRequest, signed_in


@require_GET
@signed_in
def moods(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """The three to choose from, and none."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    return render(request, "inbox/_mood_picker.html", {"conversation": conversation, "moods": Sentiment})


@require_http_methods(["POST", "DELETE"])
@signed_in
def mood(request: AgentRequest, brand_slug: str, public_id: UUID, name: str) -> HttpResponse:
    """POST says that it is so or yes to a suggestion, DELETE takes it off or says no."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    change = tagging.set_sentiment if request.method == "POST" else tagging.undo_sentiment
    try:
        change(conversation=conversation, sentiment=name, by=request.user, now=now)
    except tagging.NotAMood as error:
        raise Http404 from error
    return conversations.head(request, conversation, done=now)
