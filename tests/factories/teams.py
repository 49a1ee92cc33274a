"""Teams and who is there, by intent: `teams.there(brand, "Ada")`, `teams.team(brand, ada, jo, tags=["refund"])`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inbox.models import Brand, Desk, Person, Presence, PresenceState, RoutingSettings, Team, TeamMember
from tests.factories.people import agent_of


def routed(brand: Brand, **figures: Any) -> RoutingSettings:
    """Parley hands out this brand's work."""
    return RoutingSettings.objects.create(brand=brand, is_on=True, **figures)


def team(brand: Brand, *members: Person, name: str = "Support", **takes: Any) -> Team:
    made = Team.objects.create(brand=brand, name=name, **takes)
    TeamMember.objects.bulk_create([TeamMember(team=made, person=person) for person in members])
    return made


def person(
    brand: Brand,
    name: str,
    *,
    seen: datetime,
    state: PresenceState = PresenceState.ONLINE,
    capacity: int = 8,
    languages: list[str] | None = None,
    skills: list[str] | None = None,
) -> Person:
    """Somebody with a desk, whose page was last heard of at `seen`."""
    made = agent_of(brand, name=name)
    Desk.objects.create(
        brand=brand, person=made, capacity=capacity, languages=languages or [], skills=skills or []
    )
    away = state == PresenceState.AWAY
    Presence.objects.create(brand=brand, person=made, state=state, away=away, since=seen, last_seen_at=seen)
    return made
