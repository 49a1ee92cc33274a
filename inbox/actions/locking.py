"""An account is locked or opened for the whole installation: the operator's, where a brand can only remove somebody from itself."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from inbox import events
from inbox.actions import _leaving, recording
from inbox.models import Brand, EventKind, Membership, Person
from inbox.queries import members


@dataclass(frozen=True, slots=True)
class Locked:
    changed: bool  # False: it was so already
    factors: int  # second factors and passkeys that are gone
    without: tuple[Brand, ...]  # brands that now have nobody who runs them


@transaction.atomic(durable=True)
def lock(*, person: Person, now: datetime) -> Locked:
    """No way in is left: sessions, links for a password, second factors and passkeys end, and what is under way with them is given back.

    Sessions and links hold the password within them, so they end with it. Safe to repeat.
    """
    with ExitStack() as ledgers:
        brands = _tell(ledgers, person, now, leaves=True)
        current = Person.objects.select_for_update().get(pk=person.pk)
        was_open = current.is_active
        had_password = current.has_usable_password()
        current.is_active = current.is_staff = current.is_superuser = False
        current.set_unusable_password()
        current.save(update_fields=["is_active", "is_staff", "is_superuser", "password"])
        factors = list(Authenticator.objects.filter(user_id=person.pk).values_list("type", flat=True))
        Authenticator.objects.filter(user_id=person.pk).delete()
        said: list[tuple[str, dict[str, str]]] = [("removed the password of", {})] if had_password else []
        said += [("removed a second factor of", {"factor": factor}) for factor in factors]
        for act, after in said:
            _record(person, brands, act, after, now)
    without = tuple(brand for brand in brands if not members.who_run(brand.pk).exists())
    return Locked(was_open, len(factors), without)


@transaction.atomic(durable=True)
def unlock(*, person: Person, now: datetime) -> bool:
    """They may sign in again, with a new password and new second factors. Returns whether they could not before."""
    with ExitStack() as ledgers:
        if not Person.objects.filter(pk=person.pk, is_active=False).exists():
            return False
        _tell(ledgers, person, now, leaves=False)
        return bool(Person.objects.filter(pk=person.pk, is_active=False).update(is_active=True))


@transaction.atomic(durable=True)
def set_password(*, person: Person, password: str, now: datetime) -> bool:
    """By the operator, who is nobody of a brand. Nothing else of the row, which was read before they typed: False where the account was
    locked meanwhile."""
    person.set_password(password)
    if not Person.objects.filter(pk=person.pk, is_active=True).update(password=person.password):
        return False
    recording.record_sign_in(
        person=person, act="set the password of", address="", request="", now=now, by_command=True
    )
    return True


@transaction.atomic(durable=True)
def end_staff(*, person: Person) -> bool:
    """They open the pages of the whole installation no longer. Returns whether they could before."""
    rights = Person.objects.filter(pk=person.pk).exclude(is_staff=False, is_superuser=False)
    return bool(rights.update(is_staff=False, is_superuser=False))


def _tell(ledgers: ExitStack, person: Person, now: datetime, *, leaves: bool) -> list[Brand]:
    """In each of their brands, always in one order, so that two at once cannot wait for each other."""
    found = list(Membership.objects.filter(person=person).select_related("brand").order_by("brand"))
    # All ledgers first: a page that is open is heard again while one of them is waited for.
    opened = [ledgers.enter_context(events.ledger(each.brand_id)) for each in found]
    for each, ledger in zip(found, opened, strict=True):
        if leaves:
            _leaving.go(ledger, person, now)
        ledger.record(
            EventKind.PEOPLE_CHANGED, at=now, person=person.pk, before=each.role, after=each.role, locked=leaves
        )  # fmt: skip
    return [each.brand for each in found]


def _record(person: Person, brands: list[Brand], act: str, after: dict[str, str], now: datetime) -> None:
    named = recording.named(person)
    each_brand: list[Brand | None] = [*brands]
    for brand in each_brand or [None]:
        recording.record(
            brand=brand, by=None, act=act, subject="person", subject_name=named, now=now, after=after
        )
