"""What the doctor finds of secrets, connectors and figures, each with its fix."""

import json
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.utils import timezone

from config import doctor
from connectors.figures import VARIABLE
from connectors.models import PlatformApp
from inbox.models import Timer, ViewDrift
from tests.factories import conversations
from tests.factories.people import ChannelFactory, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)


def line(name: str) -> doctor.Line:
    return next(each for each in doctor.examine() if each.name == name)


def test_secrets_under_a_key_that_is_gone_are_counted_by_kind() -> None:
    gone = Fernet(Fernet.generate_key())
    PlatformApp.objects.create(platform="instagram", client_id="1", sealed=gone.encrypt(b"{}"))
    data = {"secret": gone.encrypt(b"S").decode()}
    Authenticator.objects.create(user=PersonFactory(), type=Authenticator.Type.TOTP, data=data)

    found = line("stored secrets")

    assert not found.ok
    assert "1 of platform apps, 1 of second factors open with none of PARLEY_SEAL_KEYS" in found.found
    assert "PARLEY_SEAL_KEYS" in found.fix


def test_a_connector_that_channels_need_is_missed() -> None:
    ChannelFactory(platform="gone")

    found = line("connectors")

    assert (found.ok, "“gone”" in found.found) == (False, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{bad", "no JSON object"),
        (json.dumps({"instagramm": {"text_max": 5}}), "instagramm, which no connector"),
    ],
)
def test_a_mistyped_figure_is_named(text: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)

    found = line("platform figures")

    assert not found.ok
    assert words in found.found and VARIABLE in found.fix


def test_a_timer_that_nobody_fires_is_told_with_its_age() -> None:
    channel = ChannelFactory()
    timer = Timer.objects.create(
        brand=channel.brand, conversation=conversations.conversation(channel), kind="breach", due_at=timezone.now()
    )  # fmt: skip
    assert line("timers").ok

    Timer.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    found = line("timers")
    assert not found.ok
    assert "due for 90 s" in found.found and "worker" in found.fix

    Timer.objects.filter(pk=timer.pk).update(fired_at=timezone.now())
    assert line("timers").ok


def test_counters_that_had_drifted_are_told_for_a_week() -> None:
    brand = ChannelFactory(brand__name="Lumen").brand
    today = timezone.localdate()
    ViewDrift.objects.create(
        brand=brand, found_on=today - timedelta(days=9), view="open", label="open", total=2
    )
    assert line("view counters").ok

    ViewDrift.objects.create(
        brand=brand, found_on=today, view="saved:4.1", label="Refunds", total=3, unread=-1
    )

    found = line("view counters")
    assert not found.ok
    assert f"Lumen: Refunds on {today}: +3, -1 unread" in found.found
