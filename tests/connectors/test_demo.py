"""What a demo's start does at the simulated platforms where it finds an earlier one's connections."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from connectors import demo
from connectors.contract import Authorisation
from connectors.models import Credential, PlatformApp
from inbox import platforms
from inbox.models import Channel, Desk, RoutingSettings, Team
from inbox.platforms import ReceiveRules
from tests.connectors.conftest import NOW
from tests.fakes.platform import FakePlatform, manifest

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = "http://localhost:8151"


@pytest.fixture
def start(platform: FakePlatform, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Start it, once more with a simulator that delivers to these addresses."""
    demo.seed_people(password="of-a-demo")
    said: list[str] = []

    def authorise(ctx: Any, redirect_uri: str, state: str) -> Authorisation:
        asked = urlencode({"state": state, "redirect_uri": redirect_uri})
        return Authorisation(f"https://fake.example/consent?{asked}", verifier="kept-verifier")

    monkeypatch.setattr(platform, "authorise", authorise)

    def grant(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content)["account"] == "acc-1"
        return httpx.Response(200, json={"code": "good-code"})

    def run(delivered_to: list[str]) -> list[str]:
        account = {
            "platform": "fake", "account_id": "acc-1", "brand": "Acme", "name": "Acme",
            "subscribed": bool(delivered_to), "delivered_to": delivered_to,
        }  # fmt: skip
        told: dict[str, Any] = {
            "client_id": "c", "client_secret": "s", "webhook_secrets": ["w"], "origins": {}, "accounts": [account],
        }  # fmt: skip
        said.clear()
        with httpx.Client(base_url="http://simulator", transport=httpx.MockTransport(grant)) as simulator:
            demo._seed_platform(simulator, "fake", told, now=NOW, say=said.append)
        return list(said)

    return run


def test_an_account_that_is_delivered_to_us_is_left_as_it_is(
    start: Callable[..., list[str]], platform: FakePlatform
) -> None:
    start([])

    assert start(["http://localhost:9/webhooks/fake/of-another/", platform.subscribed[0]]) == []
    assert len(platform.subscribed) == 1


@pytest.mark.parametrize("mode", ["webhook", "poll"])
def test_an_account_that_is_delivered_to_the_port_of_an_earlier_start_is_asked_for_again(
    start: Callable[..., list[str]], platform: FakePlatform, settings: Any, mode: Any
) -> None:
    start([])
    [before] = platform.subscribed
    platforms.register(manifest(receive=ReceiveRules(mode=mode)))

    settings.PARLEY_PUBLIC_URL = ELSEWHERE

    assert start([before]) == ["Connected Acme on Fake."]
    assert platform.subscribed[1] == f"{ELSEWHERE}/webhooks/fake/{Channel.objects.get().public_id}/"


def test_the_address_of_another_channel_of_the_app_is_ours_while_there_is_that_channel(
    start: Callable[..., list[str]], platform: FakePlatform
) -> None:
    start([])
    mine, app = Channel.objects.get(), PlatformApp.objects.get()
    other = Channel.objects.create(brand=mine.brand, platform="fake", external_id="acc-2", name="Two")
    grant = Credential.objects.get(channel=mine)
    Credential.objects.create(channel=other, app=app, sealed=grant.sealed, issued_at=NOW)
    address = platform.subscribed[0].replace(str(mine.public_id), str(other.public_id))

    assert start([address]) == []
    other.delete()
    assert start([address]) == ["Connected Acme on Fake."]


def test_who_is_polled_need_be_delivered_nothing(
    start: Callable[..., list[str]], platform: FakePlatform
) -> None:
    platforms.register(manifest(receive=ReceiveRules(mode="poll")))
    start([])

    assert start([]) == []


def test_teams_are_made_in_one_go_or_by_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    make, made = Team.objects.create, []

    def make_one_and_die(**columns: Any) -> Team:
        if made:
            raise KeyboardInterrupt
        made.append(make(**columns))
        return made[0]

    monkeypatch.setattr(Team.objects, "create", make_one_and_die)
    with pytest.raises(KeyboardInterrupt):
        demo.seed_people(password="of-a-demo")
    monkeypatch.setattr(Team.objects, "create", make)

    demo.seed_people(password="of-a-demo")

    assert [(team.name, team.members.count()) for team in Team.objects.order_by("position")] == [
        (name, len(members)) for name, _, members in demo.TEAMS
    ]
    assert Desk.objects.count() == len(demo.DESKS)
    assert RoutingSettings.objects.get().is_on


def test_teams_that_somebody_removed_are_not_made_again() -> None:
    demo.seed_people(password="of-a-demo")
    Team.objects.all().delete()

    demo.seed_people(password="of-a-demo")

    assert not Team.objects.exists()
