"""What a message looks like after all that happened to it: a pure fold, so that the order in which news came cannot matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal


@dataclass(frozen=True, slots=True)
class Amended:
    """One thing that happened to a message. Deliveries of the same thing are equal."""

    kind: Literal["edit", "unsend", "reaction"]
    at: datetime
    version: int = 0
    text: str = ""
    actor: str = ""
    actor_name: str = ""
    emoji: str = ""
    removed: bool = False  # of an edit: its words were not told


@dataclass(frozen=True, slots=True)
class Shown:
    text: str
    edited_at: datetime | None
    edit_count: int
    deleted_at: datetime | None
    reactions: tuple[tuple[str, str, str], ...]  # (emoji, actor, name), oldest first


def fold(created_text: str, amendments: Iterable[Amended], *, expired: bool = False) -> Shown:
    """An unsend wins over everything; of what has expired nothing is shown again, whatever is told later; the newest edit wins over older ones; each person has one reaction, the newest. An edit whose
    words were not told marks the message and leaves the words that are known."""
    edits: set[tuple[int, datetime, str]] = set()
    untold: set[tuple[int, datetime]] = set()
    unsent: datetime | None = None
    newest: dict[str, Amended] = {}
    for amended in amendments:
        if amended.kind == "edit" and amended.removed:
            untold.add((amended.version, amended.at))
        elif amended.kind == "edit":
            edits.add((amended.version, amended.at, amended.text))
        elif amended.kind == "unsend":
            unsent = amended.at if unsent is None else min(unsent, amended.at)
        elif (before := newest.get(amended.actor)) is None or _rank(before) < _rank(amended):
            newest[amended.actor] = amended
    last_edit = max(edits) if edits else None
    last = max([*untold, *(edit[:2] for edit in edits)], default=None)
    reactions = sorted((r for r in newest.values() if not r.removed), key=lambda r: (r.at, r.actor))
    return Shown(
        text="" if unsent or expired else (last_edit[2] if last_edit else created_text),
        edited_at=last[1] if last else None,
        edit_count=0 if unsent else _count(edits, untold),  # words that were erased are not told apart
        deleted_at=unsent,
        reactions=() if unsent or expired else tuple((r.emoji, r.actor, r.actor_name) for r in reactions),
    )


def _rank(reaction: Amended) -> tuple[datetime, bool, str]:
    # A removal and a reaction of the same millisecond: the one that leaves something to see wins, then the emoji, so that it is settled.
    return (reaction.at, not reaction.removed, reaction.emoji)


def _count(edits: set[tuple[int, datetime, str]], untold: set[tuple[int, datetime]]) -> int:
    """Platforms that number edits tell how many there were, even when one never reached us. An edit that history showed, and then a
    delivery told, is one."""
    changes = sum(1 for _ in groupby(sorted(edits), key=lambda edit: edit[2]))
    versions = [version for version, _, _ in edits] + [version for version, _ in untold]
    return max([changes, int(bool(untold)), *versions])
