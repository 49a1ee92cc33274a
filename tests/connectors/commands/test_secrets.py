from __future__ import annotations

import io
import json
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from connectors import contexts, sealing
from connectors.models import PlatformApp
from inbox.models import AuditEntry
from tests.factories.people import PersonFactory

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


def test_new_secrets_are_an_entry_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, json.dumps(SECRETS))
    assert not AuditEntry.objects.filter(act="registered again").exists()

    register(monkeypatch, json.dumps({**SECRETS, "client_secret": "another"}))

    entry = AuditEntry.objects.get(act="registered again")
    assert (entry.brand_id, entry.subject, entry.subject_name) == (None, "platform app", "instagram")
    assert (entry.before, entry.after) == ({}, {})


@pytest.mark.parametrize("given", [123456, "123456", "urn:li:developerApplication:123456"])
def test_the_number_of_an_application_is_kept_as_digits(
    monkeypatch: pytest.MonkeyPatch, given: object
) -> None:
    register(monkeypatch, json.dumps({**SECRETS, "application_id": given}))

    assert contexts.app_of(PlatformApp.objects.get()).application_id == "123456"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"verify_token": "v"}',
        '{"client_secret": "s", "password": "x"}',
        '{"client_secret": "s", "application_id": "77abc"}',
    ],
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


def test_a_rotated_key_leaves_every_second_factor_working(settings: Any) -> None:
    settings.PARLEY_SEAL_KEYS = [OLD]
    person, secret = PersonFactory(), generate_totp_secret()
    TOTP.activate(person, secret)
    codes = RecoveryCodes.activate(person).get_unused_codes()
    imported = PersonFactory()
    kept = {"migrated_codes": [get_adapter().encrypt("imported-code")]}
    Authenticator.objects.create(user=imported, type=Authenticator.Type.RECOVERY_CODES, data=kept)
    key = {"name": "Laptop", "credential": {"id": "open"}}
    Authenticator.objects.create(user=imported, type=Authenticator.Type.WEBAUTHN, data=key)
    settings.PARLEY_SEAL_KEYS = [NEW, OLD]
    told = io.StringIO()

    call_command("reseal", stdout=told)

    settings.PARLEY_SEAL_KEYS = [NEW]
    now = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    of = {each.type: each.wrap() for each in person.authenticator_set.all()}
    assert of["totp"].validate_code(now)
    assert of["recovery_codes"].get_unused_codes() == codes
    other = {each.type: each for each in imported.authenticator_set.all()}
    assert other["recovery_codes"].wrap().get_unused_codes() == ["imported-code"]
    assert other["webauthn"].data == key
    assert "(platform apps 0, channels 0, second factors 3)" in told.getvalue()


def test_a_second_factor_that_no_key_opens_stops_it(settings: Any) -> None:
    settings.PARLEY_SEAL_KEYS = [OLD]
    TOTP.activate(PersonFactory(), generate_totp_secret())
    settings.PARLEY_SEAL_KEYS = [NEW]

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("reseal", stdout=io.StringIO())


def test_with_the_wrong_keys_nothing_is_changed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PARLEY_SEAL_KEYS = [OLD]
    register(monkeypatch, json.dumps(SECRETS))
    before = bytes(PlatformApp.objects.get().sealed)
    settings.PARLEY_SEAL_KEYS = [NEW]

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("reseal", stdout=io.StringIO())

    assert bytes(PlatformApp.objects.get().sealed) == before
