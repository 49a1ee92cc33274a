"""LinkedIn's ids are URNs: with colons, commas and parentheses, and case matters."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

MESSAGE: Final = "urn:li:messagingMessage:"
ASSET: Final = "urn:li:digitalmediaAsset:"
ORGANISATION: Final = "urn:li:organization:"
PERSON: Final = "urn:li:person:"
COMMENT: Final = "comment:"  # not LinkedIn's: marks our comment threads


def encoded(urn: str) -> str:
    """As it must stand in a path or a query: everything escaped."""
    return quote(urn, safe="")


def message_id(given: str) -> str:
    """A message is named by its id or by its URN; the id is the one that stays."""
    return given.removeprefix(MESSAGE)
