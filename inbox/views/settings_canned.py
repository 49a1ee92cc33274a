"""Replies kept for later: the brand's for those who set it up, and everybody's own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access
from inbox.actions import canning
from inbox.models import Brand, CannedReply
from inbox.rules import variables
from inbox.views import _settings
from inbox.views._door import AgentRequest, signed_in
from inbox.writing_forms import CannedReplyForm

HERE = "settings-canned"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    found = access.canned_replies_of(request.user, brand).order_by("name", "pk")
    return _settings.page(
        request, "canned_replies.html", brand, HERE, may_set_up=_may_set_up(request, brand),
        own=[reply for reply in found if reply.owner_id], shared=[reply for reply in found if not reply.owner_id],
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    return _edit(request, access.brand_for(request.user, brand_slug), None)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    reply = access.canned_reply_to_change(request.user, brand_slug, public_id)
    return _edit(request, reply.brand, reply)


@require_POST
@signed_in
def removal(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    reply = access.canned_reply_to_change(request.user, brand_slug, public_id)
    try:
        canning.remove(reply=reply, by=request.user, now=timezone.now())
    except canning.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"“{reply.name}” is gone. What was sent with it stays.")
    return redirect("inbox:settings-canned", brand_slug=brand_slug)


def _may_set_up(request: AgentRequest, brand: Brand) -> bool:
    return access.may(request.user, brand, access.Permission.SET_UP)


def _edit(request: AgentRequest, brand: Brand, reply: CannedReply | None) -> HttpResponse:
    form = CannedReplyForm(
        request.POST or None, brand=brand, reply=reply, may_set_up=_may_set_up(request, brand)
    )
    if form.is_valid():
        told = form.cleaned_data
        shared = reply.owner_id is None if reply else told.get("for_all", False)
        try:
            canning.save(
                brand=brand, reply=reply, owner=None if shared else request.user, name=told["name"], shortcut=told["shortcut"],
                text=told["text"], translations=form.translations, channels=told["channels"], by=request.user, now=timezone.now(),
            )  # fmt: skip
        except canning.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"“{told['name']}” is saved. Type / in a reply to use it.")
            return redirect("inbox:settings-canned", brand_slug=brand.slug)
    return _settings.page(
        request, "canned_reply.html", brand, HERE, status=422 if form.is_bound else 200, form=form, reply=reply,
        variables=variables.VARIABLES,
    )  # fmt: skip
