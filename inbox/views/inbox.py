"""The list of conversations, as a page and as more rows of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inbox import access
from inbox.models import Brand, Conversation
from inbox.queries import finding, inbox_list, sorting, view_rows
from inbox.queries.sorting import BadPlace, Place
from inbox.rules.view_query import Query, QueryError
from inbox.views import _shell
from inbox.views._door import AgentRequest, notice, signed_in

MOST = 100  # rows of one answer beside the pages
AWAY = timedelta(minutes=10)  # a page that was asleep for longer reads its list anew


@require_GET
@signed_in
def home(request: AgentRequest) -> HttpResponse:
    brand = access.brands_of(request.user).first()
    if brand is None:
        return render(request, "inbox/no_brand.html", status=403)
    return redirect("inbox:list", brand_slug=brand.slug, view_name="open")


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str, view_name: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    return render(request, "inbox/workspace.html", _shell.context(request, brand=brand, view_name=view_name))


@require_GET
@signed_in
def rail(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """The views as they are now: an open page puts them in the place of its own."""
    brand = access.brand_for(request.user, brand_slug)
    return render(request, "inbox/_rail.html", _shell.rail_of(request, brand=brand))


@require_GET
@signed_in
def rows(request: AgentRequest, brand_slug: str, view_name: str, sort_name: str = "") -> HttpResponse:
    """A page of the list; or, with `turned_within`, what time alone has brought in within so many milliseconds; or, with `ids`, which of these are in it;
    or, with `changed_since`, what is in it of all that changed after that number."""
    brand = access.brand_for(request.user, brand_slug)
    now = timezone.now()
    try:
        view = finding.view(request.user, brand, view_name, text=request.GET.get("q", ""))
        if view.query is not None and "turned_within" in request.GET:
            return _turned(request, brand, view.query, now)
        if view.query is not None and "ids" in request.GET:
            return _which(request, brand, view.query, now)
        if view.query is not None and "changed_since" in request.GET:
            return _changed(request, brand, view.query, now)
        older_than = Place.read(request.GET["older_than"]) if "older_than" in request.GET else None
        newer_than = Place.read(request.GET["newer_than"]) if "newer_than" in request.GET else None
        page = inbox_list.page(
            view, person=request.user, brand=brand, now=now, older_than=older_than, newer_than=newer_than,
            limit=inbox_list.SCROLLED if older_than or newer_than else inbox_list.PAGE,
            sort=sorting.named(sort_name, offered=view.sorts),
        )  # fmt: skip
    except BadPlace:
        return HttpResponseBadRequest("That is no place in the list.")
    except QueryError as error:
        return notice(request, str(error))
    return render(request, "inbox/_rows.html", {"page": page})


def _turned(request: AgentRequest, brand: Brand, query: Query, now: datetime) -> HttpResponse:
    try:
        within = timedelta(milliseconds=max(0, int(request.GET["turned_within"])))
    except (ValueError, OverflowError):
        return HttpResponseBadRequest("That is no length of time.")
    asked = view_rows.asked(brand, query, me=request.user.pk, now=now)
    if within > AWAY:
        return HttpResponse(status=205)
    return _told(request, brand, view_rows.turned(asked, now - within, limit=MOST + 1), now)


def _changed(request: AgentRequest, brand: Brand, query: Query, now: datetime) -> HttpResponse:
    """So much changed at once that no rows were sent along: a page cannot know what of it came into a view of its own."""
    since = request.GET["changed_since"]
    if not since.isdecimal() or len(since) > 18:
        return HttpResponseBadRequest("That is no number of an event.")
    asked = view_rows.asked(brand, query, me=request.user.pk, now=now)
    return _told(request, brand, view_rows.changed(asked, int(since), limit=MOST + 1), now)


def _told(request: AgentRequest, brand: Brand, found: list[Conversation], now: datetime) -> HttpResponse:
    if len(found) > MOST:
        return HttpResponse(status=205)  # so many that the list is better read anew
    rows = inbox_list.rows_of(found, brand_slug=brand.slug, now=now)
    return render(request, "inbox/live/rows.html", {"rows": rows})


def _which(request: AgentRequest, brand: Brand, query: Query, now: datetime) -> HttpResponse:
    """Rows cannot say what was said in them: the page asks for those that changed."""
    try:
        ids = [UUID(each) for each in request.GET["ids"].split(",")[:MOST]]
    except ValueError:
        return HttpResponseBadRequest("Those are no conversations.")
    asked = view_rows.asked(brand, query, me=request.user.pk, now=now)
    found = view_rows.conversations(asked).filter(public_id__in=ids).values_list("public_id", flat=True)
    return JsonResponse({"ids": [str(each) for each in found]})
