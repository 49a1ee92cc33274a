"""Every stored secret, wherever it lies: of platform apps, of channels, and the second factors of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from allauth.mfa.models import Authenticator

from connectors import sealing
from connectors.models import Credential, PlatformApp

# What the sign-in seals inside an authenticator's data; a passkey's data are public and stand open.
_TEXTS: Final = ("secret", "seed")
_LISTS: Final = ("migrated_codes",)


class Kind(StrEnum):
    APP = "platform apps"
    CHANNEL = "channels"
    FACTOR = "second factors"


MODELS: Final[Mapping[Kind, type[PlatformApp | Credential]]] = {
    Kind.APP: PlatformApp,
    Kind.CHANNEL: Credential,
}


def second_factor(data: Mapping[str, Any], turned: Callable[[str], str]) -> dict[str, Any]:
    """An authenticator's data with each sealed text turned into another."""
    texts = {name: turned(data[name]) for name in _TEXTS if name in data}
    lists = {name: [turned(each) for each in data[name]] for name in _LISTS if name in data}
    return {**data, **texts, **lists}


def tables() -> set[str]:
    return {model._meta.db_table for model in (*MODELS.values(), Authenticator)}


def counted(closed: Mapping[Kind, int]) -> str:
    return ", ".join(f"{count} of {kind.value}" for kind, count in sorted(closed.items()))


def unopened() -> Counter[Kind]:
    """How many secrets of each kind none of our keys opens."""
    found: Counter[Kind] = Counter()
    for kind, model in MODELS.items():
        for sealed in model.objects.order_by().values_list("sealed", flat=True).iterator():
            found[kind] += not _opens(sealing.unseal, sealed)
    for data in Authenticator.objects.order_by().values_list("data", flat=True).iterator():
        found[Kind.FACTOR] += not _opens(lambda each: second_factor(each, sealing.reseal_text), data)
    return +found


def _opens(key: Callable[[Any], Any], sealed: Any) -> bool:
    try:
        key(sealed)
    except sealing.SealBroken:
        return False
    return True
