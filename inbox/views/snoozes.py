"""Out of the way until a time that is typed, until the customer writes, or while a bot or the customer has it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from inbox import access
from inbox.actions import closing, snoozing
from inbox.forms import ResolutionForm, SnoozeForm
from inbox.models import Brand, Person
from inbox.rules import snooze_times
from inbox.rules.snooze_times import NotUnderstood
from inbox.views import _typed_times, conversations
from inbox.views._door import AgentRequest, notice, signed_in

OFFERED = ("2h", "tomorrow", "next week", "after reply")


@require_http_methods(["GET", "POST", "DELETE"])
@signed_in
def snooze(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """GET asks until when, POST sets it aside, DELETE brings it back."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    if request.method == "GET":
        shown = {"conversation": conversation, "offers": offers(request.user, conversation.brand, now)}
        return render(request, "inbox/_snooze_picker.html", shown)
    if request.method == "DELETE":
        snoozing.wake(conversation=conversation, by=request.user, now=now)
        return conversations.head(request, conversation, done=now)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return notice(request, snooze_times.HINT)
    try:
        found = _typed_times.read(form.cleaned_data["until"], request.user, conversation.brand, now)
        snoozing.snooze(
            conversation=conversation, until=found.until, by=request.user, now=now, seen_seq=form.cleaned_data["seen_seq"]
        )  # fmt: skip
    except (NotUnderstood, snoozing.NotUnderWay) as refused:
        return notice(request, str(refused))
    except closing.NewsArrived:
        return notice(request, "The customer has just written. Look at it first, then snooze.", status=409)
    return conversations.head(request, conversation, done=now)


@require_http_methods(["POST", "DELETE"])
@signed_in
def pending(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """POST leaves it with a bot or the customer, DELETE brings it back."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    now = timezone.now()
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    try:
        if request.method == "DELETE":
            snoozing.wake(conversation=conversation, by=request.user, now=now)
        else:
            seen_seq = form.cleaned_data["seen_seq"]
            snoozing.leave(conversation=conversation, by=request.user, now=now, seen_seq=seen_seq)
    except snoozing.NotUnderWay as refused:
        return notice(request, str(refused))
    except closing.NewsArrived:
        return notice(request, "The customer has just written. Look at it first.", status=409)
    return conversations.head(request, conversation, done=now)


@require_GET
@signed_in
def preview(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """What would be understood, while it is typed: "Tue 24 Nov, 09:00, in 10 hours", or what to type instead."""
    return said(request, access.conversation_for(request.user, brand_slug, public_id).brand)


def said(request: AgentRequest, brand: Brand) -> HttpResponse:
    now = timezone.now()
    try:
        found = _typed_times.read(request.GET.get("until", "")[:80], request.user, brand, now)
    except NotUnderstood as refused:
        words, understood = str(refused), False
    else:
        words, understood = _typed_times.words(found, request.user, now), True
    return render(request, "inbox/_snooze_preview.html", {"said": words, "understood": understood})


def offers(person: Person, brand: Brand, now: datetime) -> list[tuple[str, str]]:
    """What is chosen most, and what it means today. On a Sunday next week begins tomorrow: that is offered once."""
    said: dict[str, str] = {}
    for typed in OFFERED:
        words = _typed_times.words(_typed_times.read(typed, person, brand, now), person, now)
        said.setdefault(words, typed)
    return [(typed, words) for words, typed in said.items()]
