"""The operator locks an account, and opens it again."""

from __future__ import annotations

import io

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from inbox.models import AuditEntry, BrandSequence, Event, EventKind, Person, Role
from tests.factories.people import ChannelFactory, MembershipFactory, PersonFactory

pytestmark = pytest.mark.django_db
ADDRESS = "sam@acme.example"


def person(*arguments: str) -> str:
    told = io.StringIO()
    call_command("person", *arguments, stdout=told)
    return told.getvalue()


@pytest.fixture
def sam() -> Person:
    brand = ChannelFactory(brand__name="Acme", brand__slug="acme").brand
    BrandSequence.objects.get_or_create(brand=brand)
    found: Person = MembershipFactory(brand=brand, role=Role.ADMINISTRATOR, person__email=ADDRESS).person
    Authenticator.objects.create(user=found, type=Authenticator.Type.WEBAUTHN, data={})
    return found


def test_nothing_lets_in_who_is_locked(sam: Person, client: Client) -> None:
    client.force_login(sam)
    assert client.get("/b/acme/inbox/open/").status_code == 200

    told = person("Sam@Acme.example", "--lock")

    sam.refresh_from_db()
    assert not sam.is_active and not sam.has_usable_password()
    assert not Authenticator.objects.filter(user=sam).exists()
    assert client.get("/b/acme/inbox/open/").status_code == 302
    assert "is locked: signed out everywhere, no password, 1 second factor removed." in told
    assert "Acme has nobody who runs it now: manage.py brand Acme --slug acme --admin EMAIL" in told


def test_a_session_from_before_does_not_come_back_with_the_account(sam: Person, client: Client) -> None:
    client.force_login(sam)
    person(ADDRESS, "--lock")

    told = person(ADDRESS, "--unlock")

    sam.refresh_from_db()
    assert sam.is_active and "may sign in again" in told and "manage.py changepassword" in told
    assert client.get("/b/acme/inbox/open/").status_code == 302


def test_both_may_be_repeated(sam: Person) -> None:
    person(ADDRESS, "--lock")
    assert "was locked already" in person(ADDRESS, "--lock")
    person(ADDRESS, "--unlock")
    assert "was not locked" in person(ADDRESS, "--unlock")
    sam.refresh_from_db()
    assert sam.is_active


def test_the_audit_log_has_it_in_each_of_their_brands(sam: Person) -> None:
    other = MembershipFactory(person=sam).brand
    BrandSequence.objects.get_or_create(brand=other)

    person(ADDRESS, "--lock")

    for brand in [each.brand for each in sam.memberships.all()]:
        said = AuditEntry.objects.filter(brand=brand, subject="person").order_by("pk")
        acts = [(each.act, each.person_name) for each in said]
        assert ("removed the password of", "") in acts and ("removed a second factor of", "") in acts
        changed = said.filter(act="changed").latest("pk")
        assert (changed.before, changed.after) == ({"is_active": True}, {"is_active": False})
        assert Event.objects.filter(brand=brand, kind=EventKind.PEOPLE_CHANGED).count() == 1


def test_somebody_without_a_brand_is_locked_too() -> None:
    PersonFactory(email=ADDRESS)

    assert "is locked" in person(ADDRESS, "--lock")
    assert AuditEntry.objects.filter(brand=None, act="removed the password of").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody@acme.example", "--lock"), "Nobody signs in with nobody@acme.example"),
        ((ADDRESS,), "one of the arguments --lock --unlock --no-staff is required"),
        ((ADDRESS, "--lock", "--unlock"), "not allowed with argument"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        person(*arguments)


def test_who_runs_the_installation_no_longer_opens_none_of_its_pages(sam: Person, client: Client) -> None:
    Person.objects.filter(pk=sam.pk).update(is_staff=True)
    client.force_login(sam)
    assert client.get("/admin/rq/").status_code == 200

    told = person(ADDRESS, "--no-staff")

    assert client.get("/admin/rq/").status_code == 404
    assert client.get("/b/acme/inbox/open/").status_code == 200
    assert told == f"{ADDRESS} opens the pages of the whole installation no longer.\n"
    assert "did not open" in person(ADDRESS, "--no-staff")


def test_what_staff_may_do_does_not_come_back_with_the_account(sam: Person) -> None:
    Person.objects.filter(pk=sam.pk).update(is_staff=True, is_superuser=True)

    person(ADDRESS, "--lock")
    person(ADDRESS, "--unlock")

    sam.refresh_from_db()
    assert (sam.is_active, sam.is_staff, sam.is_superuser) == (True, False, False)
