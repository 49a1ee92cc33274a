"""Who works for a brand, and as what. The audit log keeps each change by the row itself; accounts are the operator's (locking)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _leaving, _saved_views, founding
from inbox.models import Brand, Desk, EventKind, Membership, Person, Role, TeamMember
from inbox.queries import members


class Refused(Exception):
    """The change is not made; the words say why and what to do."""


@transaction.atomic(durable=True)
def invite(*, brand: Brand, email: str, name: str, role: Role, by: Person, now: datetime) -> Person:
    """Somebody works for the brand from now on. Who is new has no password yet; of an account that is there nothing is changed."""
    with events.ledger(brand.pk) as ledger:
        there = Membership.objects.filter(brand=brand, person__email__iexact=email.strip()).first()
        if there is not None:
            raise Refused(f"{email} works here already, as {Role(there.role).label}.")
        try:
            person = founding.join(brand, email, role, name=name).person
        except founding.Refused as refused:
            raise Refused(str(refused)) from None
        ledger.record(
            EventKind.PEOPLE_CHANGED, at=now, actor_id=by.pk, person=person.pk, before="", after=role
        )
    return person


@transaction.atomic(durable=True)
def give_role(*, brand: Brand, person: Person, role: Role, by: Person, now: datetime) -> None:
    """What somebody may do in the brand. It holds with their next request."""
    _saved_views.alone(brand.pk)  # their rail has other links
    with events.ledger(brand.pk) as ledger:
        membership = _membership(brand, person)
        before = membership.role
        if before == role:
            return
        if role != Role.ADMINISTRATOR:
            _refuse_the_last(membership)
        Membership.objects.filter(pk=membership.pk).update(role=role)
        ledger.record(
            EventKind.PEOPLE_CHANGED, at=now, actor_id=by.pk, person=person.pk, before=before, after=role
        )


@transaction.atomic(durable=True)
def remove(*, brand: Brand, person: Person, by: Person, now: datetime) -> None:
    """Out of the brand and its teams; pages that are open close. What is under way with them waits for somebody else within seconds.

    What was theirs alone (drafts, views, canned replies, macros) stays, seen by nobody, and is theirs again if they come back.
    """
    with events.ledger(brand.pk) as ledger:
        membership = _membership(brand, person)
        _refuse_the_last(membership)
        TeamMember.objects.filter(team__brand=brand, person=person).delete()
        Desk.objects.filter(brand=brand, person=person).delete()
        membership.delete()
        _leaving.go(ledger, person, now)
        ledger.record(
            EventKind.PEOPLE_CHANGED, at=now, actor_id=by.pk, person=person.pk, before=membership.role, after=""
        )  # fmt: skip


def _membership(brand: Brand, person: Person) -> Membership:
    found = Membership.objects.select_for_update().filter(brand=brand, person=person).first()
    if found is None:
        raise Refused(f"{person.short_name} does not work for this brand any more.")
    return found


def _refuse_the_last(membership: Membership) -> None:
    if membership.role != Role.ADMINISTRATOR:
        return
    if not members.who_run(membership.brand_id).exclude(pk=membership.pk).exists():
        raise Refused(
            "The brand needs an administrator who can sign in. Make somebody else one first, who has set their password."
        )
