from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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

    page = answer.content.decode()
    assert (
        "Whoever runs it can set one for you." in page
    )  # nobody else can: no page of a brand sets passwords
    assert "ask an administrator of your brand" in page


def test_the_doctor_misses_the_mail_server_in_production(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PRODUCTION, settings.EMAIL_HOST = True, ""

    with pytest.raises(doctor.Unwell, match="reset a password"):
        doctor._mail()


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000",
        "https://localhost",
        "https://[::1]",
        "https://10.0.0.4",
        "http://parley.example",
        "",
    ],
)
def test_the_doctor_misses_an_address_that_others_can_reach_in_production(
    address: str, settings: Any
) -> None:
    settings.PRODUCTION, settings.PARLEY_PUBLIC_URL = True, address

    with pytest.raises(doctor.Unwell, match="can reach"):
        doctor._public_address()


def test_the_address_of_the_example_is_one_that_others_can_reach(settings: Any) -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    [address] = re.findall("^PARLEY_PUBLIC_URL=(.*)$", example, re.MULTILINE)
    settings.PRODUCTION, settings.PARLEY_PUBLIC_URL = True, address

    assert doctor._public_address() == address


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
