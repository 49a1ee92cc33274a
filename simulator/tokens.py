"""Consent given, codes, access and refresh tokens, with each platform's lifetimes."""

import base64
import hashlib
from typing import Any

from simulator.models import Account, Token
from simulator.world import World

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

CODE_LIFETIME_MS = {"instagram": HOUR_MS, "x": 30_000, "linkedin": 30 * 60_000}


def grant(
    world: World,
    *,
    account: Account,
    redirect_uri: str,
    scope: str,
    code_challenge: str = "",
    code_challenge_method: str = "S256",
) -> str:
    """The code a browser carries back after a person pressed Allow."""
    code = world.ids.opaque(48)
    world.codes[code] = {
        "platform": account.platform,
        "account": account.id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "challenge": code_challenge,
        "method": code_challenge_method,
        "expires_ms": world.clock.now_ms() + CODE_LIFETIME_MS[account.platform],
    }
    world.store.put("code", code, world.codes[code])
    return code


def redeem(
    world: World, *, platform: str, code: str, redirect_uri: str, verifier: str = ""
) -> dict[str, Any] | None:
    """The grant behind a code, once. None when unknown, used, late, or not ours."""
    held = world.codes.pop(code, None)
    if held is None:
        return None
    world.store.remove("code", code)
    if held["platform"] != platform or held["expires_ms"] < world.clock.now_ms():
        return None
    if held["redirect_uri"] and held["redirect_uri"] != redirect_uri:
        return None
    if held["challenge"] and not _proves(held, verifier):
        return None
    return held


def _proves(held: dict[str, Any], verifier: str) -> bool:
    if held["method"] == "plain":
        return bool(verifier == held["challenge"])
    digest = hashlib.sha256(verifier.encode()).digest()
    return bool(base64.urlsafe_b64encode(digest).decode().rstrip("=") == held["challenge"])


def issue(
    world: World,
    *,
    account_id: str,
    platform: str,
    kind: str,
    lifetime_ms: int,
    prefix: str,
    scope: str,
    family: str = "",
) -> Token:
    now = world.clock.now_ms()
    token = Token(
        platform=platform,
        account=account_id,
        value=prefix + world.ids.opaque(72),
        kind=kind,
        issued_ms=now,
        expires_ms=now + lifetime_ms,
        scope=scope,
        family=family or world.ids.opaque(12),
    )
    world.save_token(token)
    return token


def state_of(world: World, token: Token | None) -> str:
    """`live`, `unknown`, `expired` or `revoked`."""
    if token is None:
        return "unknown"
    if token.revoked:
        return "revoked"
    return "expired" if token.expires_ms <= world.clock.now_ms() else "live"


def expire(world: World, *, account: Account, kinds: tuple[str, ...] = ("access", "short", "long")) -> int:
    """Ends the account's access tokens now; refresh tokens stay."""
    ended = 0
    for token in world.tokens.values():
        if token.platform == account.platform and token.account == account.id and token.kind in kinds:
            token.expires_ms = min(token.expires_ms, world.clock.now_ms())
            world.save_token(token)
            ended += 1
    return ended
