"""The views that people have saved, as the list and the rail know views. Their counters are rows, read with them by key."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from inbox.models import Brand, Person, SavedView, ViewCount, ViewCursor
from inbox.queries import view_counting
from inbox.queries.inbox_list import View
from inbox.rules.view_query import Query

DIGITS = 9  # "g" and a digit go to the first so many


def of(person: Person, brand: Brand) -> list[View]:
    """One's own first, then those of one's teams and the brand's, without their counters."""
    views = SavedView.objects.of_brand(brand).seen_by(person).select_related("team").in_order()
    return [
        view_of(view, person, key=str(place + 1) if place < DIGITS else "")
        for place, view in enumerate(views)
    ]  # fmt: skip


def view_of(view: SavedView, person: Person, *, key: str = "") -> View:
    return View(
        f"view-{view.public_id}", view.name, key_for(view, person), key=key, query=Query.from_json(view.query), saved=view,
        filled=view.counted_version == view.version,
    )  # fmt: skip


def key_for(view: SavedView, person: Person | AnonymousUser) -> str:
    """The counter of this view for this person; empty where it has none."""
    counted = view_counting.counted(view)
    if counted is None:
        return ""
    return f"{view.count_key}:{person.pk}" if counted.each_their_own else view.count_key


def named(name: str, person: Person, brand: Brand) -> View | None:
    try:
        public_id = UUID(name.removeprefix("view-"))
    except ValueError:
        return None
    view = SavedView.objects.of_brand(brand).seen_by(person).filter(public_id=public_id).first()
    return view_of(view, person) if view else None


def told(brand: Brand) -> int:
    """The number of the last change of the brand's views, or of their counters."""
    return ViewCursor.objects.filter(pk=brand.pk).values_list("told", flat=True).first() or 0


def counts(brand: Brand, keys: Collection[str]) -> dict[str, tuple[int, int]]:
    """How many, and of these unread, by the key of the counter."""
    return dict.fromkeys(keys, (0, 0)) | _kept(brand, list(keys))


def _kept(brand: Brand, keys: list[str]) -> dict[str, tuple[int, int]]:
    found = ViewCount.objects.filter(brand=brand, view__in=keys) if keys else ViewCount.objects.none()
    return {view: (total, unread) for view, total, unread in found.values_list("view", "total", "unread")}
