"""Saved views as rows: what an action on one leaves for `z`, and what taking it back does. One at a time changes those of a brand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from inbox.actions import _undo, _view_cursor
from inbox.models import BrandSequence, Person, SavedView, Team, Undo, UndoKind, ViewCount, ViewCursor
from inbox.rules.view_query import Query

_KEPT = ("public_id", "owner_id", "team_id", "name", "query", "sort", "position", "version")
_SAYS = ("name", "query", "sort")  # what a colleague may change


def alone(brand_id: int) -> None:
    """So that two cannot take the same name or place, and nobody counts meanwhile: to be asked before the brand's ledger is opened (_view_cursor).
    Open pages hear by the number of the counters that they should look again which views there are."""
    _view_cursor.held(brand_id)
    ViewCursor.objects.filter(pk=brand_id).update(told=F("told") + 1)


def kept(view: SavedView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in _KEPT} | {"public_id": str(view.public_id)}


def remember(
    view: SavedView, words: str, *, was: Mapping[str, Any] | None, left: Mapping[str, Any] | None, by: Person, now: datetime
) -> None:  # fmt: skip
    """`was` and `left` as of `kept`; none where it was not there."""
    Undo.objects.create(
        brand_id=view.brand_id, person=by, kind=UndoKind.VIEW, words=f"{words} {view.name}"[:120], at=now, until=now + _undo.LASTS,
        steps=[_undo.step(view.pk, 0, was, left)],
    )  # fmt: skip


def follow(brand_id: int) -> None:
    """Nothing has followed the events while there was nothing to count; what came before is found by filling the view."""
    if not SavedView.objects.filter(brand=brand_id).exists():
        newest = BrandSequence.objects.values_list("last", flat=True).get(pk=brand_id)
        ViewCursor.objects.update_or_create(pk=brand_id, defaults={"seq": newest})


def ask(view: SavedView, query: Mapping[str, Any], sort: str) -> None:
    """Another question has another counter."""
    if view.query != query:
        _begin_again(view, query)
    SavedView.objects.filter(pk=view.pk).update(sort=sort)


def count_anew(brand_id: int, *, where: Callable[[Query], bool]) -> None:
    """What these views ask means something else from this transaction on, and no event of any conversation says so: they are filled again, as
    after another question. `alone` has been asked."""
    for view in SavedView.objects.filter(brand=brand_id).order_by("pk"):
        if where(Query.from_json(view.query)):
            _begin_again(view, view.query)


def _begin_again(view: SavedView, query: Mapping[str, Any]) -> None:
    ViewCount.objects.filter(brand_id=view.brand_id, view__startswith=view.count_key).delete()
    SavedView.objects.filter(pk=view.pk).update(query=query, version=view.version + 1, counted_after=0)


def drop(view: SavedView) -> None:
    ViewCount.objects.filter(brand_id=view.brand_id, view__startswith=f"saved:{view.pk}.").delete()
    SavedView.objects.filter(pk=view.pk).delete()


def put_back(brand_id: int, step: Mapping[str, Any]) -> str:
    """Returns why not; empty when it is as it was. `alone` has been asked."""
    was, left = step["was"], step["left"]
    current = SavedView.objects.filter(brand=brand_id, pk=step["id"]).first()
    if left is not None and current is None:
        return "it is no more"
    if current is not None and any(getattr(current, name) != left[name] for name in _SAYS):
        return "it has been changed since"
    if was is None and current is not None:
        drop(current)
        return ""
    beside = SavedView.objects.filter(brand=brand_id, owner=was["owner_id"], team=was["team_id"])
    if beside.filter(name=was["name"]).exclude(pk=step["id"]).exists():
        return "another view has its name now"
    if current is not None:
        ask(current, was["query"], was["sort"])
        SavedView.objects.filter(pk=current.pk).update(name=was["name"])
        return ""
    if was["team_id"] and not Team.objects.staying().filter(pk=was["team_id"]).exists():
        return "its team is no more"
    follow(brand_id)
    # Conversations may still say that they were counted for the version that went.
    SavedView.objects.create(pk=step["id"], brand_id=brand_id, **{**was, "version": was["version"] + 1})
    return ""
