"""What a conversation is about, when a person says so. Each word of theirs is an example for the model."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from inbox import access
from inbox.actions import tagging
from inbox.queries import triage_facts
from inbox.views import conversations
from inbox.views._door import AgentRequest, signed_in


@require_GET
@signed_in
def tags(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """The brand's tags to choose from."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    found = triage_facts.choices(conversation, conversation.brand)
    return render(request, "inbox/_tag_picker.html", {"conversation": conversation, "tags": found})


@require_http_methods(["POST", "DELETE"])
@signed_in
def tag(request: AgentRequest, brand_slug: str, public_id: UUID, tag_id: int) -> HttpResponse:
    """POST puts it on or says yes to a suggestion, DELETE takes it off or says no."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    chosen = get_object_or_404(access.tags_of(request.user, conversation.brand), pk=tag_id)
    now = timezone.now()
    change = tagging.set_tag if request.method == "POST" else tagging.undo_tag
    change(conversation=conversation, tag=chosen, by=request.user, now=now)
    return conversations.head(request, conversation, done=now)
