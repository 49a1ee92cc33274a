"""Who works for a brand and may sign in to it, as those who administer it are shown them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import F, Prefetch, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from inbox.models import Brand, Membership, Person, Presence, Role, TeamMember


@dataclass(frozen=True, slots=True)
class Member:
    person: Person
    role: str
    teams: tuple[str, ...]
    last_here: datetime | None  # in this brand: when they sign in to others is nobody's here

    @property
    def has_password(self) -> bool:
        return self.person.has_usable_password()


def who_may_sign_in() -> list[Person]:
    """To any brand or to the pages of the installation, with their memberships."""
    of_brands = Prefetch(
        "memberships", Membership.objects.select_related("brand").order_by("brand__name", "pk")
    )
    return list(Person.objects.filter(is_active=True).prefetch_related(of_brands).order_by("email", "pk"))


def who_run(brand_id: int) -> QuerySet[Membership]:
    """Those who administer the brand and can sign in. Whoever was invited and set no password yet may never come."""
    run_it = Membership.objects.filter(brand=brand_id, role=Role.ADMINISTRATOR, person__is_active=True)
    return run_it.exclude(person__password__startswith=UNUSABLE_PASSWORD_PREFIX)


def of_brand(brand: Brand) -> list[Member]:
    """By name. As many queries for a hundred people as for one."""
    teams: dict[int, list[str]] = {}
    in_teams = TeamMember.objects.filter(team__brand=brand).order_by("team__position", "team_id")
    for person_id, name in in_teams.values_list("person_id", "team__name"):
        teams.setdefault(person_id, []).append(name)
    named = Coalesce(NullIf(F("person__name"), Value("")), F("person__email"))
    found = Membership.objects.filter(brand=brand).select_related("person").order_by(named, "person_id")
    seen = dict(Presence.objects.filter(brand=brand).values_list("person_id", "last_seen_at"))
    return [
        Member(
            person=each.person,
            role=str(Role(each.role).label),
            teams=tuple(teams.get(each.person_id, ())),
            last_here=seen.get(each.person_id),
        )
        for each in found
    ]
