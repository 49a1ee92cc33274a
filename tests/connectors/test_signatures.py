"""The vectors were computed apart from this code, from the platforms' own rules."""

from __future__ import annotations

import pytest

from connectors import signatures

META = "meta-app-secret"
X = "x-consumer-secret"
LINKEDIN = "li-client-secret"


def test_meta_signs_in_hex_with_a_prefix() -> None:
    expected = "sha256=d633c4eb0863d58b731cf2a933b3ddf34336b5ee7717c1aa179f1dc82f47485b"
    assert signatures.meta(META, b'{"object":"instagram","entry":[]}') == expected


def test_meta_signed_with_sha1_before() -> None:
    expected = "sha1=1f2cd0b6350f0ae764074c855482798ca31f553c"
    assert signatures.meta_legacy(META, b'{"object":"instagram","entry":[]}') == expected


def test_meta_signs_the_escaped_bytes_and_not_the_letters() -> None:
    expected = "sha256=2b06bbae1f24c471421e038fa86e43446811a30e3263d3e90d94040deb527ff3"
    assert signatures.meta(META, rb'{"text":"caf\u00e9"}') == expected


def test_meta_proof_of_the_app() -> None:
    expected = "a0fb354b5a2f3355f0cfc1afa2edcf082ed39952558b7e98ec7b67a7095d8545"
    assert signatures.meta_proof(META, "EAAB-page-token") == expected


def test_x_answers_a_crc_in_base64() -> None:
    assert signatures.x(X, b"MTYzMTIzNDU2Nw") == "sha256=gGaXOHjnbyPRhaLIpH8QTKB/roq50ZiEWDbm155U604="


def test_x_signs_in_base64() -> None:
    body = b'{"data":{"event_type":"dm.received"}}'
    assert signatures.x(X, body) == "sha256=meDAwuccmFzLy394O4xnNiUxMWui3kC1CoyQlNKxct0="


def test_linkedin_answers_a_challenge_in_bare_hex() -> None:
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    expected = "313e20a5110164b82333ba6cb7cdad9e864a8e809bb93b22935d24b57f42823f"
    assert signatures.linkedin_challenge(LINKEDIN, code) == expected


def test_linkedin_signs_a_prefix_that_is_not_in_the_header() -> None:
    body = b'{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS","notifications":[]}'
    expected = "b16bb3f667e1aa0c637fdee295bb40e387af021a39c0d4a26c8970f71bd1c011"
    assert signatures.linkedin(LINKEDIN, body) == expected


def test_the_challenge_of_pkce_is_the_one_printed_in_its_standard() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert signatures.pkce_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("secret", ["new", "old"])
def test_either_secret_of_a_rotation_is_accepted(secret: str) -> None:
    given = signatures.meta(secret, b"body")
    assert signatures.signed(given, ("new", "old"), lambda each: signatures.meta(each, b"body"))


@pytest.mark.parametrize("given", ["", "sha256=", "sha256=é\ud800", signatures.meta("stolen", b"body")])
def test_anything_else_is_refused(given: str) -> None:
    assert not signatures.signed(given, ("new", "old"), lambda each: signatures.meta(each, b"body"))


def test_an_empty_secret_signs_nothing() -> None:
    given = signatures.meta("", b"body")
    assert not signatures.signed(given, ("",), lambda each: signatures.meta(each, b"body"))
