"""Who works for a brand, as people are shown them: who is there, what they have of what they can take, in which teams."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from inbox.models import (
    Brand,
    Channel,
    ConversationKind,
    Person,
    RoutingSettings,
    Team,
    TeamMember,
)
from inbox.models import Presence as PresenceRow
from inbox.queries import routing_facts
from inbox.rules import language_names
from inbox.rules.routing import Candidate, Presence


@dataclass(frozen=True, slots=True)
class Colleague:
    person: Person
    at_desk: Candidate
    teams: list[str]

    @property
    def presence(self) -> str:
        """As it is shown: who left a moment ago may be back in another."""
        return str(Presence.OFFLINE if self.at_desk.silent else self.at_desk.presence)

    @property
    def knows(self) -> str:
        languages = language_names.all_named(self.at_desk.languages) or ["every language"]
        return ", ".join([*languages, *sorted(self.at_desk.skills)])


@dataclass(frozen=True, slots=True)
class TeamShown:
    team: Team
    members: list[str]
    takes: str


def of_brand(brand: Brand, *, now: datetime) -> list[Colleague]:
    """Whoever is there first, then by name. As many queries for a hundred people as for one."""
    saved = RoutingSettings.objects.filter(pk=brand.pk).first()
    desks = routing_facts.people_of(brand.pk, weights=saved.weights if saved else {}, now=now)
    teams: dict[int, list[str]] = {}
    in_teams = TeamMember.objects.filter(team__brand=brand).order_by("team__position", "team_id")
    for person_id, name in in_teams.values_list("person_id", "team__name"):
        teams.setdefault(person_id, []).append(name)
    people = Person.objects.filter(pk__in=list(desks)).order_by("name", "email", "pk")
    found = [Colleague(person, desks[person.pk], teams.get(person.pk, [])) for person in people]
    ranks = {"online": 0, "away": 1, "offline": 2}
    return sorted(found, key=lambda each: ranks[each.presence])


def presence_of(person: Person, brand: Brand) -> str:
    """What the switch shows: away, or online, because whoever sees it has a page open."""
    away = PresenceRow.objects.filter(brand=brand, person=person, away=True).exists()
    return str(Presence.AWAY if away else Presence.ONLINE)


def there(brand_id: int) -> tuple[int, dict[str, str]]:
    """When the presence of anybody of the brand last changed, in milliseconds, and how it is now, by person."""
    found = list(PresenceRow.objects.filter(brand=brand_id).values_list("person_id", "state", "since"))
    last = max((since for _, _, since in found), default=None)
    return _milliseconds(last), {str(person_id): state for person_id, state, _ in found}


def changed(brand_ids: Collection[int]) -> dict[int, int]:
    """Of each brand when the presence of anybody last changed: whoever knows an earlier time has missed something."""
    last = (
        PresenceRow.objects.filter(brand__in=brand_ids).order_by().values("brand").annotate(last=Max("since"))
    )
    return {brand_id: _milliseconds(at) for brand_id, at in last.values_list("brand", "last")}


def _milliseconds(at: datetime | None) -> int:
    return round(at.timestamp() * 1000) if at else 0


def teams_of(brand: Brand) -> list[TeamShown]:
    channels = {channel.pk: str(channel) for channel in Channel.objects.of_brand(brand)}
    teams = list(Team.objects.filter(brand=brand).prefetch_related("members").order_by("position", "pk"))
    return [
        TeamShown(team, sorted(person.short_name for person in team.members.all()), _takes(team, channels))
        for team in teams
    ]


def _takes(team: Team, channels: dict[int, str]) -> str:
    """In words."""
    kinds = dict(ConversationKind.choices)
    asked = [
        ("from " + " or ".join(channels.get(pk, "a channel that is gone") for pk in team.channels))
        if team.channels
        else "",
        ("tagged " + " or ".join(team.tags)) if team.tags else "",
        ("in " + " or ".join(language_names.all_named(team.languages))) if team.languages else "",
        " or ".join(str(kinds.get(kind, kind)).lower() for kind in team.kinds),
    ]
    said = ", ".join(part for part in asked if part)
    return f"Takes what is {said}." if said else "Takes every conversation that no team before it takes."
