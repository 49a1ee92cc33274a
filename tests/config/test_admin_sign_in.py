from __future__ import annotations

import pytest
from django.test import Client

from inbox.models import Role
from tests.factories.people import MembershipFactory, PersonFactory

THERE = (
    "/admin/",
    "/admin/rq/",
    "/admin/rq/queues/0/",
    "/admin/connectors/syncschedule/",
    "/admin/connectors/receipt/",
)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/admin/"])
def test_the_admin_has_no_sign_in_of_its_own(client: Client, path: str) -> None:
    answer = client.post(path, {"username": "a@example.test", "password": "guess"}, follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


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
