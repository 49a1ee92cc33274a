"""Views with a name: saved, changed, put in another order, removed. One's own by oneself, the brand's by those who set it up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from inbox.actions import _saved_views
from inbox.models import Brand, Person, SavedView, Team
from inbox.models.views import SavedViewQuerySet
from inbox.rules.cleaning import in_one_line
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
    by: Person,
    now: datetime,
    sort: str = "",
) -> SavedView:
    """Keep a query under a name: one's own, a team's, or without both the brand's. It stands last; its counter is filled beside."""
    _saved_views.alone(brand.pk)
    if team and not Team.objects.staying().filter(pk=team.pk).exists():
        raise Refused(f"The team {team.name} is no more. Somebody has just removed it.")
    theirs = SavedView.objects.filter(brand=brand, owner=owner, team=team)
    if theirs.count() >= MOST:
        raise Refused(f"There are {MOST} views already. Remove one that nobody needs.")
    name = _named(name, theirs)
    _saved_views.follow(brand.pk)
    last = theirs.aggregate(last=Max("position"))["last"]
    made = SavedView.objects.create(
        brand=brand, owner=owner, team=team, name=name, query=query.as_json(), sort=sort,
        position=0 if last is None else last + 1,
    )  # fmt: skip
    _saved_views.remember(made, "Saved the view", was=None, left=_saved_views.kept(made), by=by, now=now)
    return made


@transaction.atomic(durable=True)
def change(*, view: SavedView, query: Query, sort: str, by: Person, now: datetime) -> SavedView:
    """Let it ask something else. Another question has another counter."""
    _saved_views.alone(view.brand_id)
    current = _still(view)
    was = _saved_views.kept(current)
    # As it would be said now: words that mean the same are the same question.
    asked = current.query if Query.from_json(current.query) == query else query.as_json()
    _saved_views.ask(current, asked, sort)
    current.refresh_from_db()
    left = _saved_views.kept(current)
    _saved_views.remember(current, "Changed the view", was=was, left=left, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def rename(*, view: SavedView, name: str, by: Person, now: datetime) -> None:
    _saved_views.alone(view.brand_id)
    current = _still(view)
    beside = SavedView.objects.filter(brand_id=view.brand_id, owner_id=view.owner_id, team=view.team_id)
    was = _saved_views.kept(current)
    current.name = _named(name, beside.exclude(pk=view.pk))
    current.save(update_fields=["name"])
    _saved_views.remember(
        current, "Renamed the view", was=was, left=_saved_views.kept(current), by=by, now=now
    )


@transaction.atomic(durable=True)
def remove(*, view: SavedView, by: Person, now: datetime) -> None:
    _saved_views.alone(view.brand_id)
    if current := SavedView.objects.filter(pk=view.pk).first():
        _saved_views.remember(
            current, "Removed the view", was=_saved_views.kept(current), left=None, by=by, now=now
        )
        _saved_views.drop(current)


@transaction.atomic(durable=True)
def move(*, view: SavedView, by: int) -> None:
    """So many places down among those it stands with; below zero: up."""
    _saved_views.alone(view.brand_id)
    _still(view)
    beside = SavedView.objects.filter(brand_id=view.brand_id, owner_id=view.owner_id, team=view.team_id)
    _number(_moved(list(beside.in_order()), view, by))


def _still(view: SavedView) -> SavedView:
    """As it is now: a colleague may have removed it, or its team, while this one waited for the lock."""
    current = SavedView.objects.filter(pk=view.pk).first()
    if current is None:
        raise Refused("This view is no more. Somebody has just removed it.")
    return current


def _moved(beside: list[SavedView], view: SavedView, by: int) -> list[SavedView]:
    at = next((place for place, each in enumerate(beside) if each.pk == view.pk), None)
    if at is not None:
        beside.insert(max(0, min(len(beside) - 1, at + by)), beside.pop(at))
    return beside


def _number(views: Sequence[SavedView]) -> None:
    for position, each in enumerate(views):
        if each.position != position:
            SavedView.objects.filter(pk=each.pk).update(position=position)


def _named(name: str, beside: SavedViewQuerySet) -> str:
    name = in_one_line(name)
    if not name:
        raise Refused("Give the view a name.")
    if len(name) > 60:
        raise Refused("A view's name has at most 60 letters.")
    if beside.filter(name=name).exists():
        raise Refused(f"There is a view called “{name}” already. Choose another name.")
    return name
