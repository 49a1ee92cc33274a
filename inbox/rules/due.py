"""The one due time of a conversation: the earliest of what was promised and what the platform allows, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_ORDER = ("first", "next", "promise", "window", "resolution")  # at the same instant, what a person would name
_WORDS = {
    "first": "first response",
    "next": "next response",
    "resolution": "resolution",
    "window": "reply window closes",
    "promise": "promised",
}


@dataclass(frozen=True, slots=True)
class Due:
    at: datetime
    kind: str
    reason: str


def earliest(
    *,
    targets: Iterable[tuple[str, datetime, str]],
    window_closes_at: datetime | None,
    promised_at: datetime | None,
    waiting: bool,
    platform: str,
) -> Due | None:
    """`targets`: kind, due time and policy of each clock that has one. A closing window presses only while the customer waits."""
    found = [Due(at, kind, f"{_WORDS[kind]}, {policy}"[:120]) for kind, at, policy in targets]
    if promised_at is not None:
        found.append(Due(promised_at, "promise", _WORDS["promise"]))
    if window_closes_at is not None and waiting:
        found.append(Due(window_closes_at, "window", f"{_WORDS['window']}, {platform}"[:120]))
    return min(found, key=lambda due: (due.at, _ORDER.index(due.kind)), default=None)
