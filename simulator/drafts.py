"""A message before it is written, and why it may not be."""

from dataclasses import dataclass, field
from typing import Any


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
