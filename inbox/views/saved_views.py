"""Views with a name, and the help of the query bar: what may be typed, and what is wrong with what was."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access, realtime
from inbox.access import Permission
from inbox.actions import saving
from inbox.models import Brand, SavedView, Team
from inbox.queries import finding, sorting, view_names
from inbox.rules import view_query, view_reading
from inbox.rules.view_query import Query, QueryError
from inbox.views._door import AgentRequest, notice, signed_in


@require_GET
@signed_in
def words(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """What the bar completes."""
    brand = access.brand_for(request.user, brand_slug)
    return JsonResponse(finding.choices(request.user, brand))


@require_GET
@signed_in
def reading(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """What was understood, or the word at fault and what may stand there."""
    brand = access.brand_for(request.user, brand_slug)
    names = view_names.of(request.user, brand)
    try:
        query = view_reading.parse(request.GET.get("q", ""), names)
    except QueryError as error:
        return JsonResponse({"fault": str(error), "word": error.word}, status=422)
    return JsonResponse({"text": view_query.say(query, names)})


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """GET: the form. POST: keep what was typed under a name; `whose` is me, a team of mine, or the brand for those who set it up."""
    brand = access.brand_for(request.user, brand_slug)
    may_set_up = access.may(request.user, brand, Permission.SET_UP)
    if request.method == "GET":
        teams = access.own_teams_of(request.user, brand)
        return render(
            request, "inbox/_view_form.html", {"brand": brand, "may_set_up": may_set_up, "teams": list(teams)}
        )
    whose = request.POST.get("whose", "me")
    if whose == "brand" and not may_set_up:
        return notice(request, "Views of the whole brand are kept by those who set it up.", status=403)
    try:
        query = _query(request, brand)
        saved = saving.save(
            brand=brand, owner=request.user if whose == "me" else None, team=_team(request, brand, whose), name=request.POST.get("name", ""), query=query,
            sort=_sort(request, query), by=request.user, now=timezone.now(),
        )  # fmt: skip
    except (QueryError, saving.Refused) as refused:
        return notice(request, str(refused))
    return _gone_to(saved)


@require_http_methods(["GET", "POST", "DELETE"])
@signed_in
def view(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """GET: what may be done with it. POST: let it hold what was typed. DELETE: remove it; conversations stay."""
    saved = access.saved_view_for(request.user, brand_slug, public_id)
    if request.method == "GET":
        return render(request, "inbox/_view_manager.html", {"brand": saved.brand, "saved": saved})
    if request.method == "DELETE":
        saving.remove(view=saved, by=request.user, now=timezone.now())
        realtime.push_views(saved.brand_id)
        return HttpResponse(reverse("inbox:list", args=[brand_slug, "open"]))
    try:
        query = _query(request, saved.brand)
        sort = _sort(request, query)
        changed = saving.change(view=saved, query=query, sort=sort, by=request.user, now=timezone.now())
    except (QueryError, saving.Refused) as refused:
        return notice(request, str(refused))
    return _gone_to(changed)


@require_POST
@signed_in
def name(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    saved = access.saved_view_for(request.user, brand_slug, public_id)
    try:
        saving.rename(view=saved, name=request.POST.get("name", ""), by=request.user, now=timezone.now())
    except saving.Refused as refused:
        return notice(request, str(refused))
    return _gone_to(saved)


@require_POST
@signed_in
def place(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """So many places down, below zero up."""
    saved = access.saved_view_for(request.user, brand_slug, public_id)
    by = request.POST.get("by", "")
    if by not in ("-1", "1"):
        return notice(request, "A view moves one place up or down.")
    try:
        saving.move(view=saved, by=int(by))
    except saving.Refused as refused:
        return notice(request, str(refused))
    return _gone_to(saved)


def _team(request: AgentRequest, brand: Brand, whose: str) -> Team | None:
    number = whose.removeprefix("team-")
    if whose in ("me", "brand"):
        return None
    if not number.isdecimal() or len(number) > 15:
        raise Http404
    return get_object_or_404(access.own_teams_of(request.user, brand), pk=int(number))


def _query(request: AgentRequest, brand: Brand) -> Query:
    return view_reading.parse(request.POST.get("q", ""), view_names.of(request.user, brand))


def _sort(request: AgentRequest, query: Query) -> str:
    """Empty: whatever the list offers first."""
    offered = sorting.ALL if query.states == ("open",) else (sorting.NEWEST,)
    return next((sort.name for sort in offered[1:] if sort.name == request.POST.get("sort")), "")


def _gone_to(saved: SavedView) -> HttpResponse:
    """Where the page goes next; other pages hear of it."""
    realtime.push_views(saved.brand_id)
    return HttpResponse(reverse("inbox:list", args=[saved.brand.slug, f"view-{saved.public_id}"]))
