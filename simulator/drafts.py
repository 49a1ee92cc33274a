"""A message before it is written, and why it may not be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.models import X_EPOCH_MS


class Impossible(Exception):
    """What was asked cannot happen on this platform; the sentence says why."""


@dataclass(slots=True, kw_only=True)
class Draft:
    text: str = ""
    kind: str = "text"
    attachments: list[dict[str, Any]] = field(default_factory=list)
    reply_to: str = ""
    at_ms: int | None = None
    client: str = "control"
    send_key: str = ""
    id: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def tellable(at_ms: int) -> bool:
    """Whether X's ids can tell of it: what a snowflake has for its time is 69 years."""
    return X_EPOCH_MS <= at_ms < X_EPOCH_MS + (1 << 41)


def moment(given: Mapping[str, Any]) -> int | None:
    """The `at_ms` that was asked for, in milliseconds since 1970; None where none was. Not earlier or later than X's ids can tell."""
    said = given.get("at_ms")
    if said is None:
        return None
    try:
        at_ms = int(said)
    except (TypeError, ValueError, OverflowError):
        at_ms = -1
    if not tellable(at_ms):
        raise Impossible(
            "at_ms must be milliseconds since 1970, of a moment from November 2010 to July 2080."
        )
    return at_ms
