"""Who may speak at the door: whoever signs with one of the secrets, and nobody by way of a handshake."""

from __future__ import annotations

from connectors.conformance.asking import Asking
from connectors.conformance.reading import SameEverywhere, flipped, signatures_in
from connectors.conformance.subject import SECRETS
from connectors.contract import WebhookRequest


class Admission(Asking):
    def test_both_secrets_sign_and_a_flipped_bit_does_not(self) -> None:
        body = next(iter(self.subject.deliveries.values()))
        assert not self._verified(body, {})
        sign = self.subject.signer()
        for secret in SECRETS:
            headers = {name.lower(): value for name, value in sign(body, secret).items()}
            assert self._verified(body, headers)
            assert not self._verified(flipped(body), headers)
            assert not self._verified(body, {name: value[:-3] + "AAA" for name, value in headers.items()})
        assert not self._verified(body, dict(sign(body, "somebody-else")))
        assert not self._verified(body, dict(sign(body, "")))

    def test_no_handshake_signs_a_delivery(self) -> None:
        """Anybody may ask for a handshake. What its answer signs must be nothing that `verify` takes for a delivery."""
        sign = self.subject.signer()
        for body in (*self.subject.deliveries.values(), b"{}", b"[]", b"null", b"1"):
            answers = [
                self.subject.connector.handshake(WebhookRequest("GET", query, {}, b""), self.subject.app)
                for query in (SameEverywhere(ahead + body.decode()) for ahead in ("", self.subject.ahead))
            ]
            told = b"\n".join(answer.body for answer in answers if answer is not None).decode()
            for secret in SECRETS:
                headers = sign(body, secret)
                if any(part in told for value in headers.values() for part in signatures_in(value)):
                    assert not self._verified(body, headers), f"a handshake signs {body[:80]!r}"

    def test_a_plain_get_is_no_handshake(self) -> None:
        assert self.subject.connector.handshake(WebhookRequest("GET", {}, {}, b""), self.subject.app) is None
