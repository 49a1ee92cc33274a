"""The name of a channel whose account is another brand's now: one that no platform gives."""

from __future__ import annotations

import re

_ASIDE = re.compile(r"was of \d+: (.*)", re.DOTALL)


def name(brand_id: int, external_id: str) -> str:
    return f"was of {brand_id}: {external_id}"


def account(external_id: str) -> str:
    """The account that a channel under such a name was of. Empty: it was set aside by nobody."""
    found = _ASIDE.fullmatch(external_id)
    return found[1] if found else ""
