"""LinkedIn's ids are URNs: with colons, commas and parentheses, and case matters."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

MESSAGE: Final = "urn:li:messagingMessage:"
ASSET: Final = "urn:li:digitalmediaAsset:"
ORGANISATION: Final = "urn:li:organization:"
PERSON: Final = "urn:li:person:"
COMMENT: Final = "comment:"  # not LinkedIn's: marks our comment threads

_COMMENT_OF: Final = "urn:li:comment:("


def encoded(urn: str) -> str:
    """As it must stand in a path or a query: everything escaped."""
    return quote(urn, safe="")


def activity(given: str) -> str:
    """A comment is named by two spellings, `urn:li:comment:(urn:li:activity:1,2)` and `urn:li:comment:(activity:1,2)`: the longer is kept."""
    inner = given.removeprefix(_COMMENT_OF)
    return f"{_COMMENT_OF}urn:li:{inner}" if inner != given and not inner.startswith("urn:") else given


def message_id(given: str) -> str:
    """A message is named by its id or by its URN; the id is the one that stays."""
    return given.removeprefix(MESSAGE)
