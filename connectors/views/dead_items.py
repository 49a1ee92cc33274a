"""Dead items: what each was, masked, why it died, and once more: one, or all."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from connectors.actions import replaying
from connectors.models import DeadItem
from connectors.queries import dead_items
from connectors.views import _console
from inbox import access
from inbox.views._door import AgentRequest, signed_in

HERE = "dead-items"
AT_ONCE = 200  # within one request; the button says that there are more


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    before = request.GET.get("before", "")
    found = dead_items.waiting(brand, before=int(before) if before.isdecimal() and len(before) < 18 else None)
    more = found[-1].item.pk if len(found) == dead_items.PAGE else None
    return _console.page(request, "dead_items.html", brand, HERE, found=found, more=more, at_once=AT_ONCE)


@require_POST
@signed_in
def replay(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    item = get_object_or_404(DeadItem, channel__brand=brand, pk=pk, replayed_at=None)
    _tell(request, replaying.replay_items(item_ids=[item.pk], now=timezone.now()))
    return redirect("connectors:dead-items", brand_slug=brand_slug)


@require_POST
@signed_in
def replay_all(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    ids = dead_items.ids_waiting(brand, limit=AT_ONCE)
    _tell(request, replaying.replay_items(item_ids=ids, now=timezone.now()))
    return redirect("connectors:dead-items", brand_slug=brand_slug)


def _tell(request: AgentRequest, done: replaying.Replayed) -> None:
    said = f"Read again: {done.items}. New messages: {done.new_messages}."
    if done.dead:
        messages.error(request, f"{said} Still unreadable: {done.dead}; the reasons stand below.")
    else:
        messages.success(request, said)
