"""The vectors of section 0.2 of the platform notes."""

from simulator import signatures

EMPTY_INSTAGRAM = b'{"object":"instagram","entry":[]}'


def test_meta_signs_the_raw_body_with_hex_sha256() -> None:
    assert (
        signatures.meta_sha256(secret="meta-app-secret", body=EMPTY_INSTAGRAM)
        == "sha256=d633c4eb0863d58b731cf2a933b3ddf34336b5ee7717c1aa179f1dc82f47485b"
    )


def test_meta_still_adds_the_legacy_sha1() -> None:
    assert (
        signatures.meta_sha1(secret="meta-app-secret", body=EMPTY_INSTAGRAM)
        == "sha1=1f2cd0b6350f0ae764074c855482798ca31f553c"
    )


def test_meta_signs_the_escaped_form_of_an_accent() -> None:
    assert (
        signatures.meta_sha256(secret="meta-app-secret", body=rb'{"text":"caf\u00e9"}')
        == "sha256=2b06bbae1f24c471421e038fa86e43446811a30e3263d3e90d94040deb527ff3"
    )


def test_meta_proves_the_app_secret_for_a_token() -> None:
    assert (
        signatures.meta_appsecret_proof(secret="meta-app-secret", token="EAAB-page-token")
        == "a0fb354b5a2f3355f0cfc1afa2edcf082ed39952558b7e98ec7b67a7095d8545"
    )


def test_x_answers_a_crc_in_base64() -> None:
    assert (
        signatures.x_base64(secret="x-consumer-secret", data=b"MTYzMTIzNDU2Nw")
        == "sha256=gGaXOHjnbyPRhaLIpH8QTKB/roq50ZiEWDbm155U604="
    )


def test_x_signs_the_body_in_base64() -> None:
    assert (
        signatures.x_base64(secret="x-consumer-secret", data=b'{"data":{"event_type":"dm.received"}}')
        == "sha256=meDAwuccmFzLy394O4xnNiUxMWui3kC1CoyQlNKxct0="
    )


def test_linkedin_answers_a_challenge_in_bare_hex() -> None:
    assert (
        signatures.linkedin_challenge(secret="li-client-secret", code="890e4665-4dfe-4ab1-b689-ed553bceeed0")
        == "313e20a5110164b82333ba6cb7cdad9e864a8e809bb93b22935d24b57f42823f"
    )


def test_linkedin_signs_a_prefixed_body() -> None:
    assert (
        signatures.linkedin_signature(
            secret="li-client-secret",
            body=b'{"type":"ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS","notifications":[]}',
        )
        == "b16bb3f667e1aa0c637fdee295bb40e387af021a39c0d4a26c8970f71bd1c011"
    )
