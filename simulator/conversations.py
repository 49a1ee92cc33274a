"""A corpus: a file with one conversation a line. What cannot be read is passed over and counted, never silently."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.drafts import Impossible
from simulator.saying import say


class Unreadable(ValueError):
    """A line is no conversation; the words say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """How much of a corpus can be played."""

    path: str
    playable: int  # conversations in which a customer says something
    skipped: int
    first: str  # the first line that was skipped, and why

    @property
    def told(self) -> str:
        if not self.skipped:
            return ""
        lines = "1 line" if self.skipped == 1 else f"{self.skipped} lines"
        return f"{lines} of the corpus {self.path} skipped, the first is {self.first}."

    @property
    def fault(self) -> str:
        """Why nothing at all can be played; empty when something can."""
        if self.playable:
            return ""
        why = (
            f"the first bad one is {self.first}"
            if self.first
            else "it has no line in which a customer speaks"
        )
        return f"No conversation of {self.path} can be played: {why}."


def examine(path: Path) -> Examined:
    playable, skipped, first = 0, 0, ""
    for number, line in _lines(path):
        try:
            playable += bool(turns(_conversation(line)))
        except Unreadable as why:
            skipped += 1
            first = first or f"line {number} ({why})"
    return Examined(path=str(path), playable=playable, skipped=skipped, first=first)


def usable(path: Path) -> dict[str, Any]:
    """What of it is skipped, for the log and for whoever asks. Raises Impossible when nothing can be played."""
    if not path.is_file():
        raise Impossible(f"There is no corpus at {path}.")
    found = examine(path)
    if found.fault:
        raise Impossible(found.fault)
    if found.told:
        say(found.told)
    return {"skipped": found.skipped, "first_skipped": found.first}


def readable(path: Path) -> Iterator[dict[str, Any]]:
    """The conversations in which a customer says something, in the file's order."""
    for _, line in _lines(path):
        try:
            row = _conversation(line)
        except Unreadable:
            continue
        if turns(row):
            yield row


def turns(row: dict[str, Any]) -> list[tuple[str, str]]:
    """(who, what) of each customer's turn."""
    return [
        (str(each.get("author") or row.get("id") or "customer"), str(each["text"]))
        for each in row["messages"]
        if each.get("role") == "customer" and each.get("text")
    ]


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, line


def _conversation(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        raise Unreadable("no JSON") from None
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise Unreadable("no object with a list of messages")
    return dict(row)
