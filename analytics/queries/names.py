"""What the things are called by which figures are split, and how an address names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from django.db.models import Exists, OuterRef

from analytics import metrics
from analytics.models import AgentHour, Fact
from inbox import platforms
from inbox.models import Brand, Channel, Person, Priority, Sentiment, Tag, Team
from inbox.rules.cleaning import clean

WITHOUT = {
    "channel_id": "Channel that is gone", "person_id": "Nobody in Parley", "team_id": "No team", "tag": "Without a tag",
    "priority": "No priority", "sentiment": "No mood",
}  # fmt: skip
HEADS = {
    "channel_id": "Channel", "person_id": "Agent", "team_id": "Team", "tag": "Tag", "priority": "Priority", "sentiment": "Mood",
}  # fmt: skip
NONE = "none"


@dataclass(slots=True)
class Names:
    """`labels`: column → value as text → what it is called; `texts`: the same value as an address has it. `left`: the name of
    somebody who is no longer here, looked up when the first of them is met."""

    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    left: Callable[[str], str | None] = lambda _: None

    def label(self, column: str, key: str) -> str:
        if not key:
            return WITHOUT[column]
        known = self.labels.get(column, {})
        if key in known:
            return known[key]
        if column == "person_id":
            return self.left(key) or "Somebody who left"
        return "A team that is gone" if column == "team_id" else key

    def text(self, column: str, key: str) -> str:
        """How an address names this value; what is gone has its number."""
        if column == "tag" and key:
            return f"={key}" if key == NONE or key.startswith("=") else key  # a tag may be called "none"
        return self.texts.get(column, {}).get(key, key) if key else NONE

    def value(self, column: str, text: str) -> int | str | None:
        """The value an address names. KeyError: there is no such."""
        if text == NONE:
            return "" if column == "tag" else None
        if column == "tag":
            return clean(text.removeprefix("=")[:60])  # one that is gone may still be on conversations
        for key, known in self.texts[column].items():
            if known == text:
                return int(key)
        if column in ("person_id", "team_id", "channel_id") and text.isdecimal() and len(text) < 18:
            return int(text)
        raise KeyError(text)

    def options(self, column: str) -> list[tuple[str, str]]:
        """(as an address has it, what it is called), in the order of names."""
        found = self.labels.get(column, {})
        return [(self.text(column, key), label) for key, label in found.items()]


def of(brand: Brand) -> Names:
    names = Names()
    channels = Channel.objects.of_brand(brand).order_by("platform", "name", "pk")
    _add(names, "channel_id", ((each.pk, each.public_id, _called(each)) for each in channels))
    people = Person.objects.filter(memberships__brand=brand).order_by("name", "email", "pk")
    _add(names, "person_id", ((each.pk, each.public_id, each.short_name) for each in people))
    teams = Team.objects.filter(brand=brand).order_by("position", "pk")
    _add(names, "team_id", ((each.pk, each.public_id, each.name) for each in teams))
    tags = Tag.objects.filter(brand=brand).order_by("name").values_list("name", flat=True)
    names.left = _left(brand)
    names.labels["tag"] = {name: name for name in tags}
    names.labels["priority"] = {str(each.value): str(each.label) for each in Priority}
    names.texts["priority"] = {key: label.lower() for key, label in names.labels["priority"].items()}
    names.labels["sentiment"] = {str(each.value): str(each.label) for each in Sentiment}
    return names


def _left(brand: Brand) -> Callable[[str], str | None]:
    """Of those alone who did something here, or were there: an address may hold the number of anybody, and whoever works for another brand
    has no name in this one."""
    others = Person.objects.exclude(memberships__brand=brand).order_by().only("name", "email")

    @cache
    def who_did_something() -> dict[str, str]:
        done = Fact.objects.filter(brand=brand, kind__in=metrics.FACTS, person_id=OuterRef("pk"))
        return {str(each.pk): each.short_name for each in others.filter(Exists(done))}

    @cache
    def who_was_there() -> dict[str, str]:
        hours = AgentHour.objects.filter(brand=brand).values("person_id")
        return {str(each.pk): each.short_name for each in others.filter(pk__in=hours)}

    return lambda key: who_did_something().get(key) or who_was_there().get(key)


def _add(names: Names, column: str, rows: Iterable[tuple[int, UUID, str]]) -> None:
    found = list(rows)
    names.labels[column] = {str(pk): label for pk, _, label in found}
    names.texts[column] = {str(pk): str(public_id) for pk, public_id, _ in found}


def _called(channel: Channel) -> str:
    try:
        return f"{channel.name} · {platforms.get(channel.platform).label}"
    except platforms.UnknownPlatform:
        return f"{channel.name} · {channel.platform}"
