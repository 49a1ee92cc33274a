"""Done, or not done after all."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inbox import access
from inbox.actions import closing
from inbox.forms import ResolutionForm
from inbox.views import conversations, replies
from inbox.views._door import AgentRequest, notice, signed_in


@require_POST
@signed_in
def spam(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """Nothing anybody should answer; reopening takes it back at any time."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    try:
        closing.mark_spam(
            conversation=conversation, by=request.user, now=now, seen_seq=form.cleaned_data["seen_seq"]
        )
    except closing.AnotherIsOpen as refused:
        return notice(request, str(refused))
    except closing.NewsArrived:
        return notice(request, "The customer has just written. Look at it first.", status=409)
    return conversations.head(request, conversation, done=now)


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
    return conversations.head(request, conversation, done=now)
