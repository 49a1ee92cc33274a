"""Signatures of webhooks: made over the raw bytes, compared in constant time, with a second secret during rotation."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence


def digest(secret: str, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.encode("utf-8"), message, algorithm).digest()


def hex_digest(secret: str, message: bytes) -> str:
    return digest(secret, message).hex()


def base64_digest(secret: str, message: bytes) -> str:
    return base64.b64encode(digest(secret, message)).decode("ascii")


def same(given: str, expected: str) -> bool:
    """Constant-time, and safe with any text an attacker may put into a header."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def signed(given: str, secrets: Sequence[str], sign: Callable[[str], str]) -> bool:
    """Whether `given` is what one of the secrets makes. Every secret is tried, so that time does not tell which one fits."""
    fits = [same(given, sign(secret)) for secret in secrets if secret]
    return any(fits)


def meta(secret: str, body: bytes) -> str:
    """X-Hub-Signature-256."""
    return f"sha256={hex_digest(secret, body)}"


def meta_legacy(secret: str, body: bytes) -> str:
    """X-Hub-Signature, which may accompany the newer one and is not enough by itself."""
    return f"sha1={digest(secret, body, 'sha1').hex()}"


def meta_proof(app_secret: str, access_token: str) -> str:
    """appsecret_proof: shows that a call with this token comes from the app's own server."""
    return hex_digest(app_secret, access_token.encode("utf-8"))


def x(secret: str, message: bytes) -> str:
    """x-twitter-webhooks-signature, with or without -oauth2, and the answer to a CRC."""
    return f"sha256={base64_digest(secret, message)}"


def linkedin(secret: str, body: bytes) -> str:
    """X-LI-Signature. The prefix is part of what is signed, not of the header."""
    return hex_digest(secret, b"hmacsha256=" + body)


def linkedin_challenge(secret: str, code: str) -> str:
    return hex_digest(secret, code.encode("utf-8"))


def pkce_challenge(verifier: str) -> str:
    """S256: the hash that goes with the consent, whose origin comes with the code."""
    hashed = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")
