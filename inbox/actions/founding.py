"""A brand begins: its defaults, and the people it begins with. Safe to repeat, which is also how somebody joins later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import transaction

from inbox.actions import defaults, hours
from inbox.models import Brand, BrandSequence, Desk, Membership, Person, Role, RoutingSettings, Team
from inbox.rules import zones

LONGEST_NAME, LONGEST_SLUG = 120, 60


class Refused(Exception):
    """It cannot begin so; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Joined:
    person: Person
    role: Role
    is_new: bool  # the person, not the membership
    before: str  # the role until now; "" where there was none


@dataclass(frozen=True, slots=True)
class Founded:
    brand: Brand
    is_new: bool
    joined: tuple[Joined, ...]
    zone_before: str = ""  # where it was another until now


@transaction.atomic
def found(
    *, name: str, slug: str, time_zone: str = "", people: Mapping[str, Role], staff: bool = False
) -> Founded:
    """`people`: the role of each by the e-mail address. Who is new has no password yet. `time_zone`: where none is named, a new
    brand has UTC, and one that is there keeps its own. `staff`: those who run channels may open the pages of the whole installation, too."""
    brand = Brand.objects.filter(slug=slug).first()
    is_new = brand is None
    if brand is not None and brand.name != name:
        raise Refused(f"The address “{slug}” belongs to the brand “{brand.name}”. Give another with --slug.")
    if brand is None:
        brand = _new(name, slug, time_zone or "UTC")
    zone_before = _move_days(brand, time_zone or brand.time_zone)
    equip(brand)
    joined = tuple(join(brand, email, role) for email, role in people.items())
    if not Membership.objects.filter(brand=brand, role=Role.ADMINISTRATOR).exists():
        raise Refused("A brand needs somebody who runs it: --admin with an e-mail address.")
    if staff:
        _make_staff(joined)
    return Founded(brand, is_new, joined, zone_before)


@transaction.atomic
def equip(brand: Brand) -> None:
    """What no brand works without, and what each begins with."""
    BrandSequence.objects.get_or_create(brand=brand)
    defaults.give_defaults(brand)


@transaction.atomic
def divide(
    *,
    brand: Brand,
    desks: Mapping[str, Mapping[str, Any]],
    teams: Iterable[tuple[str, Mapping[str, Any], Iterable[str]]],
) -> None:
    """Its work among desks and teams of its people, who are named by their addresses, with routing on: once, and whole or not at all.
    Whoever changed the teams or removed them all finds them so."""
    _, is_new = RoutingSettings.objects.get_or_create(brand=brand, defaults={"is_on": True})
    if not is_new:
        return
    people = {person.email: person for person in Person.objects.filter(memberships__brand=brand)}
    for email, told in desks.items():
        Desk.objects.get_or_create(brand=brand, person=people[email], defaults=told)
    for position, (name, takes, members) in enumerate(teams):
        team = Team.objects.create(brand=brand, name=name, position=position, **takes)
        team.members.set(people[email] for email in members)


def join(brand: Brand, email: str, role: Role, *, name: str = "") -> Joined:
    """Within the action that takes them in. `name`: of somebody new; who is there keeps their own."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(f"“{email}” is no e-mail address.") from None
    person = Person.objects.filter(email__iexact=email).first()
    is_new = person is None
    if person is None:
        person = Person.objects.create_user(email, None, name=name, time_zone=brand.time_zone)
    elif not person.is_active:
        raise Refused(f"{email} may not sign in any more; an address that may is needed.")
    membership, joins = Membership.objects.get_or_create(brand=brand, person=person, defaults={"role": role})
    before = "" if joins else membership.role
    if before and before != role:
        Membership.objects.filter(pk=membership.pk).update(role=role)
    return Joined(person, role, is_new, before)


def _new(name: str, slug: str, time_zone: str) -> Brand:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Refused(f"A brand's name has 1 to {LONGEST_NAME} signs.")
    try:
        validate_slug(slug)
    except ValidationError:
        raise Refused(
            "The brand's address is made of Latin letters, digits and hyphens: give one with --slug."
        ) from None
    if len(slug) > LONGEST_SLUG:
        raise Refused(f"A brand's address has at most {LONGEST_SLUG} signs: give a shorter one with --slug.")
    if not zones.is_one(time_zone):
        raise Refused(zones.refusal(time_zone))
    return Brand.objects.create(name=name, slug=slug, time_zone=time_zone)


def _move_days(brand: Brand, time_zone: str) -> str:
    before = brand.time_zone
    if time_zone == before:
        return ""
    try:
        hours.move_days(brand=brand, time_zone=time_zone)
    except hours.Refused as refused:
        raise Refused(str(refused)) from None
    return before


def _make_staff(joined: Iterable[Joined]) -> None:
    who = [each.person.pk for each in joined if each.role in (Role.ADMINISTRATOR, Role.OPERATIONS)]
    Person.objects.filter(pk__in=who, is_staff=False).update(is_staff=True)
