"""How long a conversation was with nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Handover:
    """An event that changed whose it is. `to`: nobody where empty."""

    at: datetime
    seq: int
    to: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody got it after a stretch with nobody."""

    since: datetime
    at: datetime
    to: int
    seq: int


def ended(spells: Iterable[tuple[datetime, datetime | None]], handovers: Sequence[Handover]) -> list[Found]:
    """Stretches with nobody, inside the spells, that ended with an assignment."""
    ordered = sorted(handovers, key=lambda each: each.seq)
    found: list[Found] = []
    for began, over in spells:
        holder = next((each.to for each in reversed(ordered) if each.at < began), None)
        since = None if holder else began
        for each in ordered:
            if each.at < began or (over is not None and each.at > over):
                continue
            if each.to and since is not None:
                found.append(Found(since, max(each.at, since), each.to, each.seq))
                since = None
            elif not each.to and since is None:
                since = each.at
    return found
