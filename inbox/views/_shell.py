"""What the three panes need, whichever address opened them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone

from inbox import access
from inbox.models import Brand, BrandSequence, Conversation, Message
from inbox.queries import (
    bulk_runs,
    composer,
    drafts,
    finding,
    inbox_list,
    notices,
    rail,
    sorting,
    staffing,
    timeline,
)
from inbox.queries import context as person_context
from inbox.rules.view_query import QueryError
from inbox.views._door import AgentRequest


def context(
    request: AgentRequest,
    *,
    brand: Brand,
    view_name: str,
    conversation: Conversation | None = None,
    at: Message | None = None,
    beside: bool = False,
    text: str | None = None,
) -> dict[str, Any]:
    """`beside`: the address is that of something else, and the view only stands beside it. One that is no more, or a colleague's own,
    is `open` there; elsewhere Http404 is raised for it. `text`: what the view asks for, where `q` is something else."""
    now = timezone.now()
    # The number first: what happens while the page is read is asked for again, never missed.
    numbers = BrandSequence.objects.filter(brand=brand).values_list("last", "brand__view_cursor__told")
    seq, told = numbers.first() or (0, 0)
    found = rail_of(request, brand=brand)
    text, fault = request.GET.get("q", "") if text is None else text, None
    offered = {view.name: view for view in (*found["views"], *found["saved"])}
    try:
        view = offered.get(view_name) or finding.view(request.user, brand, view_name, text=text)
    except QueryError as error:
        view, fault = finding.nothing(), error
    except Http404:
        if not beside:
            raise
        view = offered["open"]
    found |= {
        "seq": seq,
        "view": view,
        "bar": finding.bar(request.user, brand, view, now=now, text=text, fault=fault),
        "told": told or 0,
        "page": inbox_list.page(
            view, person=request.user, brand=brand, now=now,
            sort=sorting.named(request.GET.get("sort", ""), offered=view.sorts),
        ),
        "unseen": notices.unseen(request.user, brand),
        "drafted": drafts.conversations_with(request.user, brand),
        "presence": staffing.presence_of(request.user, brand),
        "runs": bulk_runs.under_way(request.user, brand),
        "brands": list(access.brands_of(request.user)),
        "may_change_view": view.saved is not None
        and bool(view.saved.owner_id or view.saved.team_id or found["may_set_up"]),
    }  # fmt: skip
    if conversation:
        found |= thread(request, brand=brand, conversation=conversation, at=at)
    return found


def rail_of(request: AgentRequest, *, brand: Brand) -> dict[str, Any]:
    """The views with their counters, and where else this person may go."""
    views = inbox_list.counted(rail.of(request.user, brand), brand)
    granted = access.granted_to(request.user, brand)
    return {
        "brand": brand,
        "views": [each for each in views if each.saved is None],
        "saved": [each for each in views if each.saved],
        "drawn": rail.drawn(views, granted),
        "may_run_channels": access.Permission.RUN_CHANNELS in granted,
        "may_set_up": access.Permission.SET_UP in granted,
        "may_see_reports": access.Permission.SEE_REPORTS in granted,
    }


def thread(
    request: AgentRequest, *, brand: Brand, conversation: Conversation, at: Message | None = None
) -> dict[str, Any]:
    """The open conversation: its head, its newest messages or those around `at`, the composer and the pane beside it."""
    now = timezone.now()
    beside = person_context.of(conversation, person=request.user, now=now)
    joined = [each.merge.merged_id for each in beside.joined]
    return {
        "brand": brand,
        "conversation": conversation,
        "head": beside.head,
        "context": beside,
        "timeline": timeline.page_around(at, conversation=conversation, brand_slug=brand.slug, joined=joined)
        if at
        else timeline.page(conversation, brand_slug=brand.slug, joined=joined),
        "at": at,
        "drafts": drafts.of(conversation, request.user),
        "composer": composer.of(conversation, channel=conversation.channel, brand_slug=brand.slug, now=now),
    }
