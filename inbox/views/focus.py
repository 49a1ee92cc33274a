"""Working through a view: POST goes on to the next conversation or says that the page lives, DELETE ends it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inbox import access, realtime
from inbox.actions import focusing
from inbox.forms import FocusForm, FocusLeftForm
from inbox.queries import finding, sorting
from inbox.queries.focus import passed_over
from inbox.rules.view_query import QueryError
from inbox.views._door import AgentRequest, notice, signed_in


@require_http_methods(["POST", "DELETE"])
@signed_in
def focus(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    if request.method == "DELETE":
        left = FocusLeftForm(request.GET)
        focusing.leave(
            person=request.user, brand=brand, page=left.cleaned_data["page"] if left.is_valid() else None
        )
        realtime.nudge_company(brand.pk)
        return HttpResponse(status=204)
    form = FocusForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and try again.")
    said = form.cleaned_data
    try:
        view = finding.view(request.user, brand, said["view"], text=request.POST.get("q", ""))
    except QueryError as error:
        return notice(request, str(error))
    asked: dict[str, Any] = {
        "person": request.user, "brand": brand, "view": view, "sort": sorting.named(said["sort"], offered=view.sorts),
        "passed": passed_over(brand, said["passed"]), "now": timezone.now(), "page": said["page"],
    }  # fmt: skip
    if said["stays"]:
        place = focusing.stay(current=said["conversation"], **asked)
    else:
        place = focusing.go_on(wanted=said["conversation"], **asked)
        realtime.nudge_company(brand.pk)
    return render(request, "inbox/_focus_place.html", {"place": place})


@require_POST
@signed_in
def take_over(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """From a colleague who has it in focus."""
    conversation = access.conversation_for(request.user, brand_slug, public_id)
    try:
        focusing.take_over(conversation=conversation, by=request.user, now=timezone.now())
    except focusing.Refused as refused:
        return notice(request, str(refused))
    realtime.nudge_company(conversation.brand_id)
    return HttpResponse(status=204)
