from __future__ import annotations

import io
import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from connectors import sealing
from connectors.models import PlatformApp

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRETS = {"client_secret": "s3cret", "webhook_secrets": ["now", "before"], "verify_token": "v"}


def register(monkeypatch: pytest.MonkeyPatch, text: str, *arguments: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    told = io.StringIO()
    call_command("register_app", "instagram", "--client-id", "42", *arguments, stdout=told)
    return told.getvalue()


def test_secrets_come_by_standard_input_and_are_stored_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = register(monkeypatch, json.dumps(SECRETS), "--api-origin", "https://graph.example.com/")

    app = PlatformApp.objects.get()
    assert b"s3cret" not in bytes(app.sealed) and "s3cret" not in told
    assert sealing.unseal(app.sealed) == SECRETS
    assert app.origins == {"api": "https://graph.example.com"}


@pytest.mark.parametrize(
    "text", ["", "[]", '{"verify_token": "v"}', '{"client_secret": "s", "password": "x"}']
)
def test_what_cannot_be_used_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(CommandError):
        register(monkeypatch, text)

    assert not PlatformApp.objects.exists()


def test_a_key_is_rotated_without_losing_a_secret(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PARLEY_SEAL_KEYS = [OLD]
    register(monkeypatch, json.dumps(SECRETS))
    settings.PARLEY_SEAL_KEYS = [NEW, OLD]

    call_command("reseal", stdout=io.StringIO())

    settings.PARLEY_SEAL_KEYS = [NEW]
    assert sealing.unseal(PlatformApp.objects.get().sealed) == SECRETS


def test_with_the_wrong_keys_nothing_is_changed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PARLEY_SEAL_KEYS = [OLD]
    register(monkeypatch, json.dumps(SECRETS))
    before = bytes(PlatformApp.objects.get().sealed)
    settings.PARLEY_SEAL_KEYS = [NEW]

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("reseal", stdout=io.StringIO())

    assert bytes(PlatformApp.objects.get().sealed) == before
