"""How each platform signs the bytes it delivers and answers handshakes."""

import base64
import hashlib
import hmac


def meta_sha256(*, secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def meta_sha1(*, secret: str, body: bytes) -> str:
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def meta_appsecret_proof(*, secret: str, token: str) -> str:
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def x_base64(*, secret: str, data: bytes) -> str:
    """Serves both the CRC answer and x-twitter-webhooks-signature."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), data, hashlib.sha256).digest()).decode()


def linkedin_challenge(*, secret: str, code: str) -> str:
    return hmac.new(secret.encode(), code.encode(), hashlib.sha256).hexdigest()


def linkedin_signature(*, secret: str, body: bytes) -> str:
    """The prefix belongs to what is signed, not to the header."""
    return hmac.new(secret.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()
