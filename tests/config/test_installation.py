from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from config import doctor
from tests.factories.people import ChannelFactory, agent_of


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/rq/", "/admin/rq/stats.json", "/admin/django_rq/dashboard/"])
def test_only_who_runs_the_installation_sees_the_queues(client: Client, path: str) -> None:
    person = agent_of(ChannelFactory().brand)
    person.is_staff = True
    person.save()
    client.force_login(person)
    assert client.get(path).status_code != 200


@pytest.mark.django_db
def test_without_a_mail_server_the_reset_page_says_who_to_ask(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    answer = client.post("/accounts/password/reset/", {"email": "a@example.test"})

    assert "Ask an administrator" in answer.content.decode()


def test_the_doctor_misses_the_mail_server_in_production(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PRODUCTION, settings.EMAIL_HOST = True, ""

    with pytest.raises(doctor.Unwell, match="reset a password"):
        doctor._mail()


def test_mail_never_goes_to_a_log() -> None:
    assert "console" not in settings.EMAIL_BACKEND
