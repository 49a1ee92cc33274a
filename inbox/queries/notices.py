"""What a person should know of, the newest first, and whether they have seen it."""

from __future__ import annotations

from collections.abc import Iterable

from inbox.models import Brand, Event, EventKind, Notification, Person

SHOWN = 30


def newest(person: Person, brand: Brand) -> list[Notification]:
    found = Notification.objects.filter(person=person, brand=brand).select_related(
        "conversation", "message", "actor", "channel"
    )
    return list(found.order_by("-seq", "-pk")[:SHOWN])


def unseen(person: Person, brand: Brand) -> bool:
    """Whether the bell rings."""
    return Notification.objects.filter(person=person, brand=brand, seen_at=None).exists()


def told_since(brand: Brand, seq: int, *, limit: int) -> list[int]:
    """Who was told of something after that event; a page that missed it rings its bell."""
    found = Event.objects.filter(brand=brand, seq__gt=seq, kind=EventKind.NOTIFIED).order_by("-seq")
    return people_of(found.values_list("data", flat=True)[:limit])


def people_of(told: Iterable[dict[str, list[int]]]) -> list[int]:
    return sorted({person for data in told for person in data.get("people", [])})
