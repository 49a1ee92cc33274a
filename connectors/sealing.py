"""Secrets at rest: JSON under Fernet. The first of PARLEY_SEAL_KEYS seals, all of them open, so that a key can be rotated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(Exception):
    """A sealed value that none of our keys opens."""


def seal(value: Mapping[str, Any]) -> bytes:
    return _keys(tuple(settings.PARLEY_SEAL_KEYS)).encrypt(orjson.dumps(dict(value)))


def unseal(sealed: bytes | memoryview) -> dict[str, Any]:
    try:
        value = orjson.loads(_keys(tuple(settings.PARLEY_SEAL_KEYS)).decrypt(bytes(sealed)))
    except InvalidToken:
        raise SealBroken(
            "A stored secret opens with none of PARLEY_SEAL_KEYS: add the key it was sealed with."
        ) from None
    return dict(value)


def reseal(sealed: bytes | memoryview) -> bytes:
    """The same secret under today's first key."""
    try:
        return _keys(tuple(settings.PARLEY_SEAL_KEYS)).rotate(bytes(sealed))
    except InvalidToken:
        raise SealBroken(
            "A stored secret opens with none of PARLEY_SEAL_KEYS: add the key it was sealed with."
        ) from None


def reseal_text(sealed: str) -> str:
    """As `reseal`, for what is kept as text: the sign-in's second factors."""
    return reseal(sealed.encode()).decode()


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise SealBroken("PARLEY_SEAL_KEYS is empty.")
    return MultiFernet([Fernet(key) for key in keys])
