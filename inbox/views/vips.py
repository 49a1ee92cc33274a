"""Whose messages weigh more, because a colleague says so."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import prioritising
from inbox.views import conversations
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def vip(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST marks the person of this conversation, DELETE takes the mark away."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    if conversation.contact is None:
        return notice(request, "A group is not one person; there is nobody to mark.")
    marked, now = request.method == "POST", timezone.now()
    prioritising.mark_vip(
        contact=conversation.contact, vip=marked, by=request.user, now=now, conversation=conversation
    )
    return conversations.head(request, conversation, done=now)
