"""Search: its page, and its results alone while somebody types."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from inbox import access
from inbox.queries import search_results
from inbox.queries.search import BadPlace, Place
from inbox.rules.cleaning import clean
from inbox.rules.view_query import QueryError
from inbox.rules.wanted_words import NothingToFind
from inbox.views import _shell
from inbox.views._door import AgentRequest, is_fragment, signed_in


@require_GET
@signed_in
def show(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    typed = clean(request.GET.get("q", "")).strip("\n")
    found = {"brand": brand, "typed": typed}
    try:
        older_than = Place.read(request.GET["older_than"]) if "older_than" in request.GET else None
        if typed.strip():
            found["results"] = search_results.of(
                typed, person=request.user, brand=brand, now=timezone.now(), older_than=older_than,
                all_people=request.GET.get("people") == "all",
            )  # fmt: skip
    except BadPlace:
        return HttpResponseBadRequest("That is no place among the results.")
    except (QueryError, NothingToFind) as problem:
        found["problem"] = str(problem)
    if is_fragment(request):
        template = "inbox/_search_page.html" if older_than else "inbox/_search_results.html"
        return render(request, template, found)
    context = _shell.context(
        request, brand=brand, view_name=request.GET.get("view", "open"), beside=True,
        text=request.GET.get("filter", ""),
    )  # fmt: skip
    return render(request, "inbox/workspace.html", context | {"search": found})
