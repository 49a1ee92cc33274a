from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from inbox.models import AuditEntry, Person, Role
from tests.factories.people import MembershipFactory, PersonFactory

THERE = (
    "/admin/",
    "/admin/rq/",
    "/admin/rq/queues/0/",
    "/admin/connectors/syncschedule/",
    "/admin/connectors/receipt/",
)


# Whose session it is: nobody's, an agent's, one of staff whose role was taken from them, one of staff with it.
ASKERS = {
    "nobody": lambda: None,
    "an agent": lambda: MembershipFactory(role=Role.AGENT).person,
    "staff that is an agent": lambda: MembershipFactory(role=Role.AGENT, person__is_staff=True).person,
    "staff of no brand": lambda: PersonFactory(is_staff=True),
    "staff with a role": lambda: MembershipFactory(role=Role.OPERATIONS, person__is_staff=True).person,
    "a superuser": lambda: PersonFactory(is_staff=True, is_superuser=True),
}
RUN_IT = {"staff with a role", "a superuser"}


def _below_the_admin(patterns: list[URLPattern | URLResolver], so_far: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = so_far + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _below_the_admin(pattern.url_patterns, path)
        elif path.startswith("admin/"):
            path = re.sub(r"\(\?P<app_label>[^)]*\)", "connectors", path)
            path = re.sub(r"\(\?P<\w+>[^)]*\)\??|<[^>]+>", "0", path)
            yield "/" + path.replace("^", "").replace("/?", "/").replace("$", "")


def _addresses(*, whose: str) -> list[str]:
    """Leaving, and the page of the password that stands elsewhere, are no part of it. What RQ's pages offer would be done for who may."""
    found = _below_the_admin(get_resolver().url_patterns)
    left = ["/admin/logout/", "/admin/password_change/"] + (["/admin/rq/"] if whose in RUN_IT else [])
    return [each for each in dict.fromkeys(found) if not each.startswith(tuple(left))]


@pytest.mark.django_db
@pytest.mark.parametrize("whose", ASKERS)
def test_no_address_of_the_admin_takes_a_name_and_a_password(client: Client, whose: str) -> None:
    root = PersonFactory(email="root@example.test", is_staff=True, is_superuser=True)
    asker = _signed_in(client, whose)
    addresses = _addresses(whose=whose)
    assert {"/admin/", "/admin/login/"} <= set(addresses) and len(addresses) > 20

    for path in addresses:
        for ask in (client.get, client.post):
            answer = ask(path, {"username": root.email, "email": root.email, "password": "correct horse"})

            assert client.session.get(SESSION_KEY) == (str(asker.pk) if asker else None), path
            assert b'name="password"' not in answer.content, path
    assert not AuditEntry.objects.filter(
        act__in=["signed in", "failed to sign in"], subject_id=root.pk
    ).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("whose", ASKERS)
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/login/?next=/admin/connectors/", "/admin/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_admin_has_no_sign_in_of_its_own(client: Client, whose: str, path: str, method: str) -> None:
    _signed_in(client, whose)

    answer = getattr(client, method)(path, {"username": "a@example.test", "password": "guess"}, follow=True)

    if whose == "nobody":
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
    elif whose in RUN_IT:
        assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/admin/")
    else:
        assert answer.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", THERE)
def test_who_has_to_sign_in_comes_back_to_the_page_they_asked_for(client: Client, path: str) -> None:
    answer = client.get(f"{path}?page=2", follow=True)

    assert answer.redirect_chain[-1][0] == f"/accounts/login/?next={path}%3Fpage%3D2"


def _signed_in(client: Client, whose: str) -> Person | None:
    person: Person | None = ASKERS[whose]()
    if person is not None:
        client.force_login(person)
    return person


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "is_staff", "opens"),
    [
        (Role.OPERATIONS, True, True),
        (Role.ADMINISTRATOR, True, True),
        (Role.OPERATIONS, False, False),
        (Role.ADMINISTRATOR, False, False),  # of one brand: what opens here shows all of them
        (Role.MANAGER, True, False),
        (Role.AGENT, True, False),
    ],
)
def test_the_queues_and_the_admin_open_for_staff_who_run_channels(
    client: Client, role: Role, is_staff: bool, opens: bool
) -> None:
    client.force_login(MembershipFactory(role=role, person__is_staff=is_staff).person)

    answers = {path: client.get(path).status_code for path in THERE}

    assert all((status == 200) is opens for status in answers.values()), answers


@pytest.mark.django_db
def test_what_the_admin_shows_of_the_harbour_is_for_reading(client: Client) -> None:
    client.force_login(MembershipFactory(role=Role.OPERATIONS, person__is_staff=True).person)

    assert client.get("/admin/connectors/syncschedule/add/").status_code == 403
    assert client.get("/admin/inbox/person/").status_code in (403, 404)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["dashboard/", "dashboard/stats.json", "dashboard/metrics"])
def test_the_queues_have_no_second_door(client: Client, path: str) -> None:
    client.force_login(PersonFactory(is_staff=True, is_superuser=True))

    assert client.get(f"/admin/django_rq/{path}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["mfa/authenticator", "account/emailaddress", "auth/group"])
def test_what_the_audit_log_must_hear_of_is_not_changed_in_the_admin(client: Client, model: str) -> None:
    client.force_login(PersonFactory(is_staff=True, is_superuser=True))

    assert client.get("/admin/").status_code == 200
    assert client.get(f"/admin/{model}/").status_code == 404


@pytest.mark.django_db
def test_staff_change_their_password_where_everybody_does(client: Client) -> None:
    """Django's page wrote the whole row back, and with it what a lock had taken."""
    root = PersonFactory(is_staff=True, is_superuser=True)
    client.force_login(root)
    new = "a long horse battery"

    answer = client.post(
        "/admin/password_change/",
        {"old_password": "correct horse", "new_password1": new, "new_password2": new},
    )

    root.refresh_from_db()
    assert root.check_password("correct horse")
    assert answer.headers["location"] == "/accounts/password/change/"
