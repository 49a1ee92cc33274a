"""The list of conversations, as a page and as more rows of it."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inbox import access
from inbox.queries import inbox_list, sorting
from inbox.queries.sorting import BadPlace, Place
from inbox.views import _shell
from inbox.views._door import AgentRequest, signed_in


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
def rows(request: AgentRequest, brand_slug: str, view_name: str, sort_name: str = "") -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    view = inbox_list.view_named(view_name, request.user, brand)
    if view is None:
        raise Http404
    try:
        older_than = Place.read(request.GET["older_than"]) if "older_than" in request.GET else None
        newer_than = Place.read(request.GET["newer_than"]) if "newer_than" in request.GET else None
        page = inbox_list.page(
            view, person=request.user, brand=brand, now=timezone.now(), older_than=older_than, newer_than=newer_than,
            limit=inbox_list.SCROLLED if older_than or newer_than else inbox_list.PAGE,
            sort=sorting.named(sort_name, offered=view.sorts),
        )  # fmt: skip
    except BadPlace:
        return HttpResponseBadRequest("That is no place in the list.")
    return render(request, "inbox/_rows.html", {"page": page})
