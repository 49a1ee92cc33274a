"""Answers to the customer and notes to colleagues. The answer is the message as it now stands in the thread."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from inbox import access
from inbox.actions import drafting, noting, replying, undoing
from inbox.forms import NoteForm, ReplyForm
from inbox.models import Attachment, Conversation, Message
from inbox.queries import holds, news, timeline
from inbox.views._door import AgentRequest, notice, signed_in


@require_POST
@signed_in
def create(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return notice(request, "This reply could not be read. Reload the page; what you typed is kept.")
    said = form.cleaned_data
    try:
        messages = replying.queue_reply(
            conversation=conversation,
            by=request.user,
            client_id=said["client_id"],
            text=said["text"].replace("\r\n", "\n"),
            attachments=_uploads(request, conversation, said["attachments"]),
            written_against=said["written_against"],
            reply_to=said["reply_to"],
            draft=_draft(said),
            hold=holds.of(request.user, conversation.brand),
            now=timezone.now(),
        )
    except replying.ReplyRefused as refused:
        return notice(request, str(refused))
    except replying.SpentClick as spent:
        return notice(request, str(spent), status=409)
    except replying.StaleReply as stale:
        return stopped(request, conversation, stale.newer)
    return _shown(request, conversation, messages)


@require_POST
@signed_in
def create_note(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return notice(request, "Write something first.")
    now = timezone.now()
    try:
        note = noting.add_note(
            conversation=conversation,
            by=request.user,
            client_id=form.cleaned_data["client_id"],
            text=form.cleaned_data["text"].replace("\r\n", "\n"),
            draft=_draft(form.cleaned_data),
            now=now,
        )
    except noting.NoteRefused as refused:
        return notice(request, str(refused))
    except replying.SpentClick as spent:
        return notice(request, str(spent), status=409)
    return _shown(request, conversation, [note], done=now)


def stopped(
    request: AgentRequest, conversation: Conversation, newer: news.News, *, resolving: bool = False
) -> HttpResponse:
    """What somebody has not seen who answers or resolves: shown first, with a choice."""
    entries = timeline.dress(newer, conversation=conversation, brand_slug=conversation.brand.slug)
    found = {
        "entries": entries,
        "newest": newer.newest,
        "resolving": resolving,
    }
    return render(request, "inbox/_stale.html", found, status=409)


def _uploads(request: AgentRequest, conversation: Conversation, ids: list[UUID]) -> list[Attachment]:
    found = [access.attachment_for(request.user, public_id) for public_id in ids]
    return [attachment for attachment in found if attachment.channel_id == conversation.channel_id]


def _draft(said: dict[str, Any]) -> drafting.Sent:
    return drafting.Sent(version=said["draft"] or 0, tab=said["tab"], step=said["step"] or 0)


def _shown(
    request: AgentRequest,
    conversation: Conversation,
    messages: list[Message],
    *,
    done: datetime | None = None,
) -> HttpResponse:
    """`done`: when, if a line shall say what was done and offer to undo it. A reply that waits says so itself."""
    entries = timeline.dress(messages, conversation=conversation, brand_slug=conversation.brand.slug)
    undo = undoing.newest(conversation.brand, request.user, at=done) if done else None
    return render(request, "inbox/live/written.html", {"entries": entries, "undo": undo})
