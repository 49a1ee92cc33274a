"""One action on many conversations: begun here, worked by a task, and shown while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access, tasks
from inbox.actions import bulk
from inbox.forms import BulkForm, UuidListField
from inbox.models import Brand, BulkAct, Priority, Tag
from inbox.queries import finding, inbox_list
from inbox.rules.snooze_times import NotUnderstood
from inbox.rules.view_query import QueryError
from inbox.views import _typed_times, snoozes
from inbox.views._door import AgentRequest, notice, signed_in

MOST_ROWS = 100  # that a page asks for at a time
Asked = tuple[dict[str, Any], str]  # the value that is kept, and what is done in words


class NotChosen(Exception):
    """The choice was not one of those offered; the words say what to do."""


@require_POST
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    form = BulkForm(request.POST)
    if not form.is_valid():
        return notice(request, "This could not be read. Reload the page and select again.")
    asked = form.cleaned_data
    if len(asked["ids"]) > bulk.MOST_SELECTED:
        return notice(request, f"Select at most {bulk.MOST_SELECTED} one by one, or all in this view.")
    act, view = BulkAct(asked["act"]), None
    if asked["view"]:
        try:
            view = finding.view(request.user, brand, asked["view"], text=request.GET.get("q", ""))
        except QueryError as error:
            return notice(request, str(error))
    try:
        value, words = _READ.get(act, _plainly)(request, brand, act, asked["value"])
        run = bulk.begin(
            brand=brand, by=request.user, act=act, words=words, value=value, seen_seq=asked["seen_seq"], now=timezone.now(), view=view,
            seen=asked["ids"],
        )  # fmt: skip
    except (NotChosen, NotUnderstood, bulk.NothingSelected) as refused:
        return notice(request, str(refused))
    tasks.wake_bulk(run.pk)
    return render(request, "inbox/_bulk.html", {"run": run})


@require_http_methods(["GET", "DELETE"])
@signed_in
def run(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """GET tells how far it has come, DELETE stops it."""
    found = access.bulk_run_for(request.user, brand_slug, public_id)
    if request.method == "DELETE":
        found = bulk.cancel(run=found, now=timezone.now())
    return render(request, "inbox/_bulk.html", {"run": found})


@require_GET
@signed_in
def choices(request: AgentRequest, brand_slug: str, act: str) -> HttpResponse:
    """To whom, until when, which tag, which priority."""
    brand = access.brand_for(request.user, brand_slug)
    found: dict[str, Any] = {"brand": brand, "act": act}
    match act:
        case BulkAct.ASSIGN:
            found["colleagues"] = access.colleagues_of(request.user, brand)
            found["teams"] = access.teams_of(request.user, brand)
        case BulkAct.TAG:
            found["tags"] = access.tags_of(request.user, brand).order_by("name")
        case BulkAct.PRIORITY:
            found["priorities"] = Priority.choices
        case BulkAct.SNOOZE:
            found["offers"] = snoozes.offers(request.user, brand, timezone.now())
        case _:
            raise Http404
    return render(request, "inbox/_bulk_picker.html", found)


@require_GET
@signed_in
def preview(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for(request.user, brand_slug)
    return snoozes.said(request, brand)


@require_GET
@signed_in
def rows(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """Rows that a page shows, as they now are: it was told that they changed, with many others."""
    brand = access.brand_for(request.user, brand_slug)
    try:
        ids = UuidListField().clean(request.GET.getlist("id")[:MOST_ROWS])
    except ValidationError:
        return HttpResponseBadRequest("Those are no conversations.")
    theirs = access.conversations_of(request.user, brand)
    found = theirs.filter(public_id__in=ids).values_list("pk", flat=True)
    shown = inbox_list.rows_by_id(brand, list(found), now=timezone.now())
    return render(request, "inbox/live/rows.html", {"rows": shown})


def _plainly(request: AgentRequest, brand: Brand, act: BulkAct, value: str) -> Asked:
    words = {
        BulkAct.RESOLVE: "Resolved", BulkAct.REOPEN: "Reopened", BulkAct.SPAM: "Marked as spam", BulkAct.UNREAD: "Marked as unread",
        BulkAct.READ: "Marked as read",
    }  # fmt: skip
    return {}, words[act]


def _assignee(request: AgentRequest, brand: Brand, act: BulkAct, value: str) -> Asked:
    if not value:
        return {"person": None, "name": "nobody"}, "Assigned to nobody"
    if value.startswith("team-"):
        team = (
            access.teams_of(request.user, brand).filter(public_id=_uuid(value.removeprefix("team-"))).first()
        )
        if team is None:
            raise NotChosen("Choose a colleague or a team from the list.")
        return {"team": team.pk, "name": team.name}, f"Given to the team {team.name}"
    to = access.colleagues_of(request.user, brand).filter(public_id=_uuid(value)).first()
    if to is None:
        raise NotChosen("Choose a colleague or a team from the list.")
    return {"person": to.pk, "name": to.short_name}, f"Assigned to {to.short_name}"


def _until(request: AgentRequest, brand: Brand, act: BulkAct, value: str) -> Asked:
    found = _typed_times.read(value, request.user, brand, timezone.now())
    return {"until": found.until.astimezone(UTC).isoformat() if found.until else None}, "Snoozed"


def _tag(request: AgentRequest, brand: Brand, act: BulkAct, value: str) -> Asked:
    tag: Tag | None = None
    if value.isdecimal():
        tag = access.tags_of(request.user, brand).filter(pk=value).first()
    if tag is None:
        raise NotChosen("Choose a tag from the list.")
    return {"tag": tag.pk}, f"Tagged {tag.name}" if act == BulkAct.TAG else f"Took the tag {tag.name} off"


def _priority(request: AgentRequest, brand: Brand, act: BulkAct, value: str) -> Asked:
    if not value:
        return {"priority": None}, "Priority left to the score"
    if value not in {str(each) for each in Priority.values}:
        raise NotChosen("Choose urgent, high, normal or low.")
    chosen = Priority(int(value))
    return {"priority": int(chosen)}, f"Priority {chosen.label.lower()}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


_READ: dict[BulkAct, Callable[[AgentRequest, Brand, BulkAct, str], Asked]] = {
    BulkAct.ASSIGN: _assignee, BulkAct.SNOOZE: _until, BulkAct.TAG: _tag, BulkAct.UNTAG: _tag, BulkAct.PRIORITY: _priority,
}  # fmt: skip
