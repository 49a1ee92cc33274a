"""What a grant allows."""

from __future__ import annotations

from connectors import sealing
from connectors.models import Credential
from inbox import platforms


def is_renewed(credential: Credential) -> bool:
    """Whether the platform renews this grant without a person. Some give the right to do so to their partners only."""
    match platforms.get(credential.channel.platform).auth.refresh:
        case "none":
            return False
        case "extend":
            return True
        case _:
            try:
                return bool(sealing.unseal(credential.sealed).get("refresh"))
            except sealing.SealBroken:  # another process may have the key
                return True
