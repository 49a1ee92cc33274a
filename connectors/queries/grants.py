"""What a grant allows, and until when."""

from __future__ import annotations

from datetime import datetime

from connectors import sealing
from connectors.models import Credential
from inbox import platforms


def is_renewed(credential: Credential, *, now: datetime) -> bool:
    """Whether the platform renews this grant without a person. Some give the right to do so to their partners only, and some until a
    last day that no renewal moves: what holds that long already gains nothing by one."""
    match platforms.get(credential.channel.platform).auth.refresh:
        case "none":
            return False
        case "extend":
            return True
        case rule:
            last, ends = credential.refresh_expires_at, credential.expires_at
            if last is not None and last <= now:
                return False
            if rule == "fixed_end" and last is not None and ends is not None and last <= ends:
                return False
            return _has_right(credential)


def ends_for_good(credential: Credential, *, now: datetime) -> datetime | None:
    """From when on nothing is left of it unless a person connects again. None: it has no such day."""
    if not is_renewed(credential, now=now):
        return credential.expires_at
    auth = platforms.get(credential.channel.platform).auth
    last, ends = credential.refresh_expires_at, credential.expires_at
    if auth.refresh != "fixed_end":
        return None
    if last is not None and ends is not None and now < ends - auth.refresh_before < last:
        return None  # it is renewed once more before that day, and what that gives reaches beyond it
    return last


def _has_right(credential: Credential) -> bool:
    try:
        return bool(sealing.unseal(credential.sealed).get("refresh"))
    except sealing.SealBroken:  # another process may have the key
        return True
