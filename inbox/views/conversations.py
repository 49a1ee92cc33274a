"""One conversation: the page with its thread open, and the parts of it that are asked for alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inbox import access
from inbox.actions import undoing
from inbox.models import Conversation, Message
from inbox.queries import composer as composing
from inbox.queries import context as person_context
from inbox.queries import inbox_list, timeline, triage_facts
from inbox.views import _shell
from inbox.views._door import AgentRequest, is_fragment, signed_in


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    brand = conversation.brand
    # One that is no more opens it at its end.
    at = timeline.named(request.user, conversation, request.GET.get("at", ""))
    if is_fragment(request):
        found = _shell.thread(request, brand=brand, conversation=conversation, at=at)
        return render(request, "inbox/_conversation.html", found)
    view_name = request.GET.get("view", "open")
    context = _shell.context(
        request, brand=brand, view_name=view_name, conversation=conversation, at=at, beside=True
    )
    return render(request, "inbox/workspace.html", context)


@require_GET
@signed_in
def messages(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """More of the thread, either way."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    page = timeline.page(
        conversation,
        brand_slug=brand_slug,
        older_than=_place(request, conversation, "older_than"),
        newer_than=_place(request, conversation, "newer_than"),
        limit=timeline.SCROLLED,
    )
    return render(request, "inbox/_messages.html", {"timeline": page})


@require_GET
@signed_in
def composer(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    found = composing.of(
        conversation, channel=conversation.channel, brand_slug=brand_slug, now=timezone.now()
    )
    return render(request, "inbox/_composer_state.html", {"composer": found})


@require_GET
@signed_in
def others(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """The other conversations of its person, as they are now."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    found = person_context.others_of(conversation, person=request.user)
    return render(request, "inbox/_others.html", {"context": found})


def head(
    request: AgentRequest,
    conversation: Conversation,
    *,
    done: datetime | None = None,
    ended: int | None = None,
) -> HttpResponse:
    """The answer to everything that changes a conversation: its head and its row as they now are.

    `done`: when it was done, so that a line says what and offers to undo it. `ended`: whoever works through a view goes on; the number of
    their answer, 0 without one.
    """
    now = timezone.now()
    row = inbox_list.row_for(request.user, conversation, now=now)
    triage = triage_facts.of(row.conversation, brand_slug=row.brand_slug, now=now)
    undo = undoing.newest(conversation.brand, request.user, at=done) if done else None
    found = {"row": row, "triage": triage, "undo": undo, "ended": ended}
    return render(request, "inbox/live/conversation.html", found)


def _place(request: AgentRequest, conversation: Conversation, side: str) -> Message | None:
    """Where the page that is asked for goes on, if it does not begin at the end."""
    if not (name := request.GET.get(side)):
        return None
    if (found := timeline.named(request.user, conversation, name)) is None:
        raise Http404
    return found
