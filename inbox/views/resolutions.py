"""Done, or not done after all."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox import access
from inbox.actions import closing
from inbox.forms import ResolutionForm
from inbox.views import conversations, replies
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def resolution(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST resolves, DELETE opens it again."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    try:
        if request.method == "DELETE":
            closing.reopen(conversation=conversation, by=request.user, now=now)
        else:
            seen_seq = form.cleaned_data["seen_seq"]
            closing.resolve(conversation=conversation, by=request.user, now=now, seen_seq=seen_seq)
    except closing.AnotherIsOpen as refused:
        return notice(request, str(refused))
    except closing.NewsArrived as news:
        return replies.stopped(request, conversation, news.newer, resolving=True)
    return conversations.head(request, conversation)
