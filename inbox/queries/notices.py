"""What a person should know of, the newest first, and whether they have seen it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

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


@dataclass(frozen=True, slots=True)
class Bells:
    """Whose bell rings, and who need not know any more of something they have not seen: their page looks whether anything is left."""

    told: list[int] = field(default_factory=list)
    spared: list[int] = field(default_factory=list)

    def as_news(self) -> dict[str, list[int]]:
        return {name: people for name, people in asdict(self).items() if people}


NO_BELL = Bells()


def told_since(brand: Brand, seq: int, *, limit: int) -> Bells:
    """What a page missed of it after that event."""
    found = Event.objects.filter(brand=brand, seq__gt=seq, kind=EventKind.NOTIFIED).order_by("-seq")
    return bells_of(found.values_list("data", flat=True)[:limit])


def bells_of(events: Iterable[dict[str, list[int]]]) -> Bells:
    told, spared = set[int](), set[int]()
    for data in events:
        told.update(data.get("people", ()))
        spared.update(data.get("spared", ()))
    return Bells(sorted(told), sorted(spared))
