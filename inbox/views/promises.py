"""What a colleague says about an answer: when it will come, or that none is needed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import closing, promising
from inbox.forms import ResolutionForm, SnoozeForm
from inbox.models import Conversation, Person
from inbox.rules.snooze_times import NotUnderstood
from inbox.views import _typed_times, conversations
from inbox.views._door import AgentRequest, notice, signed_in

OFFERED = ("30m", "2h", "tomorrow", "in 2 days")
NO_TIME = "A promise has a time. Type one, such as “2h”, “tomorrow 14:30” or “tue 9”."


@require_http_methods(["GET", "POST", "DELETE"])
@signed_in
def promise(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """GET asks by when, POST promises it, DELETE takes the promise back."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    if request.method == "GET":
        offers = [(typed, _said(typed, request.user, conversation, now)) for typed in OFFERED]
        return render(request, "inbox/_promise_picker.html", {"conversation": conversation, "offers": offers})
    form = SnoozeForm(request.POST)
    try:
        at = None
        if request.method == "POST":
            at = _by_when(form.data.get("until", "")[:80], request.user, conversation, now)
        promising.promise(conversation=conversation, at=at, by=request.user, now=now)
    except (NotUnderstood, promising.NothingToPromise) as refused:
        return notice(request, str(refused))
    return conversations.head(request, conversation, done=now)


@require_GET
@signed_in
def preview(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """What would be understood, while it is typed."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    try:
        said, understood = (
            _said(request.GET.get("until", "")[:80], request.user, conversation, timezone.now()),
            True,
        )
    except NotUnderstood as refused:
        said, understood = str(refused), False
    return render(request, "inbox/_snooze_preview.html", {"said": said, "understood": understood})


@require_POST
@signed_in
def no_reply_needed(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """What the customer wrote, as far as the page had it, needs no answer."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    now = timezone.now()
    try:
        promising.no_reply_needed(
            conversation=conversation, by=request.user, now=now, seen_seq=form.cleaned_data["seen_seq"]
        )  # fmt: skip
    except closing.NewsArrived:
        return notice(request, "The customer has just written. Look at it first.", status=409)
    return conversations.head(request, conversation, done=now)


def _by_when(typed: str, person: Person, conversation: Conversation, now: datetime) -> datetime:
    found = _typed_times.read(typed, person, conversation.brand, now)
    if found.until is None:
        raise NotUnderstood(NO_TIME)
    return found.until


def _said(typed: str, person: Person, conversation: Conversation, now: datetime) -> str:
    _by_when(typed, person, conversation, now)
    return _typed_times.words(_typed_times.read(typed, person, conversation.brand, now), person, now)
