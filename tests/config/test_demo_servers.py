"""A demo on servers of one's own: it begins in an empty database or goes on in a demo's, and takes over nobody else's."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from config.demo import running
from config.oneline import SetUpFault
from connectors import demo
from connectors.actions import connecting
from tests.factories.people import BrandFactory, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)
SIMULATOR = {"api": "http://127.0.0.1:8101", "token": "http://127.0.0.1:8101"}


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.DATABASE_URL)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))


def registered(origins: dict[str, str]) -> None:
    connecting.register_app(
        platform="instagram", client_id="1", secrets={}, origins=origins, now=timezone.now()
    )


def refused() -> str:
    with pytest.raises(SetUpFault) as told:
        running.plan(echo_logs=False)
    return str(told.value)


def test_an_empty_database_is_taken() -> None:
    assert running.plan(echo_logs=False)


def test_a_demo_goes_on_in_its_own_database_also_with_a_brand_that_somebody_made_there() -> None:
    demo.seed_people(password="of-a-demo")
    registered(SIMULATOR)
    BrandFactory(name="Lumen")

    assert running.plan(echo_logs=False)


def test_a_demo_that_was_stopped_before_its_people_were_made_goes_on() -> None:
    BrandFactory(name="Acme", slug="acme")

    assert running.plan(echo_logs=False)


def test_a_demo_that_was_stopped_between_its_first_person_and_its_owner_goes_on() -> None:
    BrandFactory(name="Acme", slug="acme")
    PersonFactory(email="agent@parley.test")

    assert running.plan(echo_logs=False)


def test_a_brand_that_no_demo_has_made_is_not_taken_over() -> None:
    BrandFactory(name="Lumen")

    line = refused()

    assert "no demo has made (the brand “Lumen”)" in line
    assert "Name an empty database" in line and "\n" not in line


def test_people_of_somebody_elses_are_given_no_colleagues() -> None:
    PersonFactory(email="ada@acme.example")

    assert "people of its own" in refused()


@pytest.mark.parametrize("origin", ["http://0.0.0.0:8101", "http://192.168.1.5:8101"])
def test_a_demo_goes_on_whose_simulator_others_reach_by_an_address_of_its_own(origin: str) -> None:
    demo.seed_people(password="of-a-demo")
    registered({"api": origin, "token": origin})

    assert running.plan(echo_logs=False)


@pytest.mark.parametrize("origins", [{}, SIMULATOR | {"api": "https://graph.instagram.com"}])
def test_an_app_that_speaks_to_its_real_platform_is_not_led_to_a_simulator(origins: dict[str, str]) -> None:
    demo.seed_people(password="of-a-demo")
    registered(origins)

    assert "its app of Instagram is not a simulator's" in refused()


def test_production_is_no_place_for_a_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_ENV", "production")

    assert refused().startswith("PARLEY_ENV names this an installation in production.")
