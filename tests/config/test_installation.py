from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from config import doctor
from tests.config.test_setup import PRODUCTION, manage
from tests.factories.people import ChannelFactory, agent_of


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/", "/admin/rq/"])
def test_only_who_runs_the_installation_sees_the_queues(client: Client, path: str) -> None:
    person = agent_of(ChannelFactory().brand)
    person.is_staff = True
    person.save()
    client.force_login(person)
    assert client.get(path).status_code != 200

    person.is_superuser = True
    person.save()
    assert client.get(path, follow=True).status_code == 200


@pytest.mark.django_db
def test_without_a_mail_server_the_reset_page_says_who_to_ask(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

    answer = client.post("/accounts/password/reset/", {"email": "a@example.test"})

    assert "Ask an administrator" in answer.content.decode()


def test_the_doctor_misses_the_mail_server_in_production(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PRODUCTION, settings.EMAIL_HOST = True, ""

    with pytest.raises(doctor.Unwell, match="reset a password"):
        doctor._mail()


@pytest.mark.parametrize(("host", "backend"), [("", "dummy"), ("mail.example", "smtp")])
def test_mail_never_goes_to_a_log_in_production(host: str, backend: str, tmp_path: Path) -> None:
    told = manage("diffsettings", "--all", PARLEY_HOME=str(tmp_path), EMAIL_HOST=host, **PRODUCTION)

    assert f"EMAIL_BACKEND = 'django.core.mail.backends.{backend}.EmailBackend'" in told.stdout


def test_mail_of_the_demo_goes_into_its_home(tmp_path: Path) -> None:
    told = manage(
        "diffsettings",
        PARLEY_HOME=str(tmp_path),
        DATABASE_URL=PRODUCTION["DATABASE_URL"],
        REDIS_URL=PRODUCTION["REDIS_URL"],
    )

    assert "EMAIL_BACKEND = 'django.core.mail.backends.filebased.EmailBackend'" in told.stdout
    assert str(tmp_path) in told.stdout.split("EMAIL_FILE_PATH = ")[1].splitlines()[0]
