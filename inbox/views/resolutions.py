"""Done, or not done after all."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import closing
from inbox.views import conversations
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def resolution(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST resolves, DELETE opens it again."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    change = closing.reopen if request.method == "DELETE" else closing.resolve
    try:
        change(conversation=conversation, by=request.user, now=timezone.now())
    except closing.AnotherIsOpen as refused:
        return notice(request, str(refused))
    return conversations.head(request, conversation)
