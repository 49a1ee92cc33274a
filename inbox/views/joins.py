"""Answering another conversation of the same person in this one, and taking that back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import joining
from inbox.models import ConversationMerge
from inbox.views import conversations
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def join(request: AgentRequest, brand_slug: str, public_id: UUID, other_id: UUID) -> HttpResponse:
    """POST: that conversation is answered in this one. DELETE: the merge of this id was a mistake."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    try:
        if request.method == "POST":
            other = access.conversation_for(request.user, brand_slug, other_id)
            joining.join(kept=conversation, merged=other, by=request.user, now=now)
        else:
            held = ConversationMerge.objects.filter(kept=conversation)
            joining.part(merge=get_object_or_404(held, public_id=other_id), by=request.user, now=now)
    except joining.Refused as refused:
        return notice(request, str(refused))
    return conversations.head(request, conversation, done=now)
