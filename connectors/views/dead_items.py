"""Dead items: what each was, masked, why it died, and once more: one, or all."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from connectors.actions import replaying
from connectors.models import DeadItem
from connectors.queries import dead_items
from connectors.views import _console
from inbox import access
from inbox.views._door import AgentRequest, signed_in

HERE = "dead-items"
AT_ONCE = 200  # within one request; the button goes on where that ended


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    found = dead_items.waiting(brand, before=_number(request.GET, "before"))
    more = found[-1].item.pk if len(found) == dead_items.PAGE else None
    after, until = _number(request.GET, "after"), _number(request.GET, "until")
    return _console.page(
        request, "dead_items.html", brand, HERE, found=found, more=more, at_once=AT_ONCE, after=after, until=until
    )  # fmt: skip


@require_POST
@signed_in
def replay(request: AgentRequest, brand_slug: str, pk: int) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    item = get_object_or_404(DeadItem, channel__brand=brand, pk=pk, replayed_at=None)
    _tell(request, replaying.replay_items(item_ids=[item.pk], now=timezone.now(), brand=brand))
    return redirect("connectors:dead-items", brand_slug=brand_slug)


@require_POST
@signed_in
def replay_all(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_running(request.user, brand_slug)
    after = _number(request.POST, "after") or 0
    until = _number(request.POST, "until") or dead_items.newest_waiting(brand)
    ids = dead_items.ids_waiting(brand, after=after, until=until, limit=AT_ONCE + 1)
    _tell(request, replaying.replay_items(item_ids=ids[:AT_ONCE], now=timezone.now(), brand=brand))
    here = reverse("connectors:dead-items", args=[brand_slug])
    is_more = len(ids) > AT_ONCE
    return redirect(f"{here}?after={ids[AT_ONCE - 1]}&until={until}" if is_more else here)


def _number(given: QueryDict, name: str) -> int | None:
    told = given.get(name, "")
    return int(told) if told.isdecimal() and len(told) < 18 else None


def _tell(request: AgentRequest, done: replaying.Replayed) -> None:
    said = f"Read again: {done.items}. New messages: {done.new_messages}."
    if done.dead:
        messages.error(request, f"{said} Still unreadable: {done.dead}; the reasons stand below.")
    else:
        messages.success(request, said)
