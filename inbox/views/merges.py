"""Saying that two contacts are one person, and taking it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from inbox import access
from inbox.actions import merging, undoing
from inbox.models import Conversation
from inbox.queries import context as person_context
from inbox.queries import inbox_list, people
from inbox.rules.cleaning import clean
from inbox.views._door import AgentRequest, notice, signed_in

A_GROUP = "A group is not one person; there is nobody to merge."


@require_GET
@signed_in
def choices(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """Whom this person may be: those with the same names, or those whose name begins as was typed (`q`)."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    if conversation.contact is None:
        return notice(request, A_GROUP)
    text = clean(request.GET.get("q", ""))
    found = people.named(conversation.brand, conversation.contact, text)
    return render(
        request,
        "inbox/_merge_options.html" if "q" in request.GET else "inbox/_merge_picker.html",
        {"conversation": conversation, "candidates": found, "asked": text},
    )


@require_http_methods(["POST", "DELETE"])
@signed_in
def merge(request: AgentRequest, brand_slug: str, public_id: UUID, other_id: UUID) -> HttpResponse:
    """POST: the person of this conversation and that one are the same. DELETE: the merge of this id was a mistake."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    contact, now = conversation.contact, timezone.now()
    if contact is None:
        return notice(request, A_GROUP)
    try:
        if request.method == "POST":
            other = access.contact_for(request.user, brand_slug, other_id)
            merging.merge(kept=contact, absorbed=other, by=request.user, now=now)
        else:
            held = access.merges_of(request.user, conversation.brand)
            merging.part(merge=get_object_or_404(held, public_id=other_id), by=request.user, now=now)
    except merging.Refused as refused:
        return notice(request, str(refused))
    return _people(request, conversation, done=now)


def _people(request: AgentRequest, conversation: Conversation, *, done: datetime) -> HttpResponse:
    now = timezone.now()
    row = inbox_list.row_for(request.user, conversation, now=now)
    found = person_context.of(row.conversation, person=request.user, now=now)
    undo = undoing.newest(conversation.brand, request.user, at=done)
    shown = {"row": row, "triage": found.triage, "context": found, "undo": undo}
    return render(request, "inbox/live/people.html", shown)
