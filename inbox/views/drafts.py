"""What somebody has begun to write in a conversation; nobody else's address gives it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from inbox import access
from inbox.actions import drafting
from inbox.forms import DraftForm
from inbox.models import Conversation, DraftKind
from inbox.queries import drafts as kept
from inbox.views._door import AgentRequest, notice, signed_in


@require_GET
@signed_in
def drafts(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    return _kept(request, access.conversation_for(request.user, brand_slug, public_id))


@require_POST
@signed_in
def draft(request: AgentRequest, brand_slug: str, public_id: UUID, kind: str) -> HttpResponse:
    """Keeps it, and answers with its version. 409 with what is kept instead, where another page was later."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    if kind not in DraftKind.values:
        raise Http404
    form = DraftForm(request.POST)
    if not form.is_valid():
        return notice(
            request, "The draft could not be read. Reload the page; what you typed is kept in this browser."
        )
    told = form.cleaned_data
    written = drafting.Written(
        text=told["text"].replace("\r\n", "\n"), files=told["uploads"], reply_to=told["reply_to"],
        written_against=told["written_against"], base=told["base"], tab=told["tab"], step=told["step"],
    )  # fmt: skip
    try:
        version = drafting.save(
            conversation=conversation,
            by=request.user,
            kind=DraftKind(kind),
            written=written,
            now=timezone.now(),
        )
    except drafting.Superseded:
        return _kept(request, conversation, status=409)
    return HttpResponse(str(version), content_type="text/plain")


def _kept(request: AgentRequest, conversation: Conversation, *, status: int = 200) -> HttpResponse:
    found = {"drafts": kept.of(conversation, request.user)}
    return render(request, "inbox/_drafts.html", found, status=status)
