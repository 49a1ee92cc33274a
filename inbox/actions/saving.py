"""Views with a name: saved, changed, put in another order, removed. One's own by oneself, the brand's by those who set it up."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from inbox.models import Brand, BrandSequence, Person, SavedView, Team, ViewCount, ViewCursor
from inbox.models.views import SavedViewQuerySet
from inbox.rules.view_query import Query

MOST = 60  # of one owner: more is no help to anybody


class Refused(Exception):
    """The change is not made; the words say why."""


@transaction.atomic(durable=True)
def save(
    *,
    brand: Brand,
    owner: Person | None,
    team: Team | None = None,
    name: str,
    query: Query,
    sort: str = "",
) -> SavedView:
    """Keep a query under a name: one's own, a team's, or without both the brand's. It stands last; its counter is filled beside."""
    _alone(brand)
    theirs = SavedView.objects.filter(brand=brand, owner=owner, team=team)
    if theirs.count() >= MOST:
        raise Refused(f"There are {MOST} views already. Remove one that nobody needs.")
    name = _named(name, theirs)
    if not SavedView.objects.filter(brand=brand).exists():
        # Nothing has followed the events while there was nothing to count; what came before is found by filling the view.
        newest = BrandSequence.objects.values_list("last", flat=True).get(pk=brand.pk)
        ViewCursor.objects.filter(pk=brand.pk).update(seq=newest)
    last = theirs.aggregate(last=Max("position"))["last"]
    return SavedView.objects.create(
        brand=brand, owner=owner, team=team, name=name, query=query.as_json(), sort=sort,
        position=0 if last is None else last + 1,
    )  # fmt: skip


@transaction.atomic(durable=True)
def change(*, view: SavedView, query: Query, sort: str) -> SavedView:
    """Let it ask something else. Another question has another counter."""
    _alone(view.brand)
    current = SavedView.objects.get(pk=view.pk)
    if Query.from_json(current.query) != query:
        ViewCount.objects.filter(brand_id=current.brand_id, view__startswith=current.count_key).delete()
        SavedView.objects.filter(pk=current.pk).update(
            query=query.as_json(), version=current.version + 1, counted_after=0
        )
    SavedView.objects.filter(pk=current.pk).update(sort=sort)
    current.refresh_from_db()
    return current


@transaction.atomic(durable=True)
def rename(*, view: SavedView, name: str) -> None:
    _alone(view.brand)
    beside = SavedView.objects.filter(brand_id=view.brand_id, owner_id=view.owner_id, team=view.team)
    SavedView.objects.filter(pk=view.pk).update(name=_named(name, beside.exclude(pk=view.pk)))


@transaction.atomic(durable=True)
def remove(*, view: SavedView) -> None:
    _alone(view.brand)
    ViewCount.objects.filter(brand_id=view.brand_id, view__startswith=f"saved:{view.pk}.").delete()
    SavedView.objects.filter(pk=view.pk).delete()


@transaction.atomic(durable=True)
def move(*, view: SavedView, by: int) -> None:
    """So many places down among those it stands with; below zero: up."""
    _alone(view.brand)
    beside = SavedView.objects.filter(brand_id=view.brand_id, owner_id=view.owner_id, team=view.team)
    _number(_moved(list(beside.in_order()), view, by))


def _moved(beside: list[SavedView], view: SavedView, by: int) -> list[SavedView]:
    at = next((place for place, each in enumerate(beside) if each.pk == view.pk), None)
    if at is not None:
        beside.insert(max(0, min(len(beside) - 1, at + by)), beside.pop(at))
    return beside


def _number(views: Sequence[SavedView]) -> None:
    for position, each in enumerate(views):
        if each.position != position:
            SavedView.objects.filter(pk=each.pk).update(position=position)


def _alone(brand: Brand) -> None:
    """One at a time changes the views of a brand, so that two cannot take the same name or place."""
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)


def _named(name: str, beside: SavedViewQuerySet) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused("Give the view a name.")
    if len(name) > 60:
        raise Refused("A view's name has at most 60 letters.")
    if beside.filter(name=name).exists():
        raise Refused(f"There is a view called “{name}” already. Choose another name.")
    return name
