"""How pressing a conversation is, when a person says so."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import prioritising
from inbox.forms import PriorityForm
from inbox.models import Priority
from inbox.views import conversations
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["GET", "POST", "DELETE"])
@signed_in
def priority(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """GET offers the four, POST pins one, DELETE leaves it to the score again."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    if request.method == "GET":
        return render(
            request, "inbox/_priority_picker.html", {"conversation": conversation, "priorities": Priority}
        )
    now = timezone.now()
    if request.method == "DELETE":
        prioritising.unpin(conversation=conversation, by=request.user, now=now)
        return conversations.head(request, conversation, done=now)
    form = PriorityForm(request.POST)
    if not form.is_valid():
        return notice(request, "Choose urgent, high, normal or low.")
    chosen = Priority(form.cleaned_data["priority"])
    prioritising.pin(conversation=conversation, priority=chosen, by=request.user, now=now)
    return conversations.head(request, conversation, done=now)
