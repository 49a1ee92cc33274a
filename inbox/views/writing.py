"""What the composer offers while somebody writes: canned replies and variables, filled in for this conversation."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from inbox import access
from inbox.actions import canning
from inbox.queries import macros, writing
from inbox.views._door import AgentRequest, signed_in


@require_GET
@signed_in
def offers(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    values = writing.values_of(conversation, request.user)
    found = {
        "brand": conversation.brand,
        "offers": writing.offers(conversation, request.user, values),
        "macros": macros.described(request.user, conversation.brand),
        "conversation": conversation,
        "variables": writing.filled(values),
        "colleagues": writing.colleagues(conversation, request.user),
    }
    return render(request, "inbox/_writing.html", found)


@require_POST
@signed_in
def use(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """A canned reply was put into the composer."""
    canning.count_use(reply=access.canned_reply_for(request.user, brand_slug, public_id))
    return HttpResponse(status=204)
