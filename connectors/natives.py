"""The platform's ledger, read: each message as it truly is, and what of it nobody could know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from inbox.rules.cleaning import clean

PUBLIC = ("comment", "mention")
# What history showed for longer than this has been read again by whoever was cut off while they read it.
READ_AGAIN_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Untold:
    """What became of a message, told by no delivery, while history showed it no more, or not for long enough to be read: that it was
    unsent, the texts it may therefore still have elsewhere, and whose reactions may differ."""

    unsent: bool = False
    texts: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Untold:
        until = row.get("changes_shown_until_ms")
        if until is None:
            return cls()
        unsent, last = False, ""
        texts: set[str] = set()
        actors: set[str] = set()
        for each in row.get("history") or ():
            what, actor = each.get("what"), str(each.get("actor") or "")
            untold = each.get("told") is False and int(until) - int(each.get("at_ms") or 0) < READ_AGAIN_MS
            if what == "unsend":
                unsent = untold
            elif what in {"react", "unreact"}:
                (actors.add if untold else actors.discard)(actor)
            elif what in {"created", "edit"}:
                texts = texts | {last} if untold else set()
                last = clean(each.get("text") or "")
        return cls(unsent, frozenset(texts), frozenset(actors))


@dataclass(frozen=True, slots=True)
class Native:
    """One message as the platform's ledger has it, in the platform's order."""

    platform: str
    account: str
    thread: str
    id: str
    at_ms: int
    changed_ms: int  # when anything of it changed last
    outbound: bool
    text: str
    versions: frozenset[str]  # every text it ever had
    deleted: bool
    reactions: frozenset[tuple[str, str]]
    by_api: bool  # sent through the API, so by us
    expected: bool  # an honest receiver could know of it
    overtaken: bool = (
        False  # history showed it once, and shows it no more: whoever had asked in time would have it
    )
    recipient: str = ""
    author: str = ""
    kind: str = ""
    files: int = 0  # that are told with it; of an answer to a story that story is one
    hidden: bool = False  # from the brand alone
    answers: str = ""  # the message that it answers
    # Nobody told it, history showed it for so long before it was unsent, and nobody can ask for it again.
    gone_after_ms: int | None = None
    untold: Untold = Untold()

    @property
    def public(self) -> bool:
        return self.kind in PUBLIC

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Native:
        return cls(
            platform=row["platform"],
            account=row["account"],
            thread=row["thread"],
            id=row["id"],
            at_ms=int(row.get("at_ms") or 0),
            changed_ms=max(int(each.get("at_ms") or 0) for each in [row, *(row.get("history") or ())]),
            outbound=row["direction"] == "out",
            text="" if _is_shown_nowhere(row) else clean(row.get("text") or ""),
            versions=frozenset(clean(each.get("text") or "") for each in row.get("history") or ()),
            deleted=bool(row.get("deleted")),
            reactions=frozenset(
                (each.get("actor", ""), each.get("emoji", "")) for each in row.get("reactions") or ()
            ),
            by_api=row.get("client") == "api",
            expected=bool(row.get("expected", True)),
            overtaken=bool(row.get("overtaken")),
            recipient=row.get("recipient") or "",
            author=row.get("sender") or "",
            kind=row.get("kind") or "",
            files=_files(row),
            hidden=bool(row.get("hidden")),
            answers=row.get("reply_to") or "",
            gone_after_ms=_unsent_ms(row) - int(row.get("shown_ms") or 0) if row.get("gone") else None,
            untold=Untold.read(row),
        )


def _is_shown_nowhere(row: Mapping[str, Any]) -> bool:
    """A poll, a voice clip in some regions: Instagram's API tells that it is there, and none of it."""
    return bool(row["platform"] == "instagram" and row.get("kind") == "unsupported" and not row.get("edits"))


def _files(row: Mapping[str, Any]) -> int:
    kind = row.get("kind")
    return 0 if kind == "unsupported" else len(row.get("attachments") or ()) + (kind == "story_reply")


def _unsent_ms(row: Mapping[str, Any]) -> int:
    return max(int(each.get("at_ms") or 0) for each in row["history"] if each.get("what") == "unsend")


def threads(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Native]]:
    """The ledger comes sorted by thread, so that one thread is held at a time."""
    natives = (_native(row) for row in rows)
    for _, thread in groupby(natives, key=lambda each: (each.platform, each.account, each.thread)):
        yield list(thread)


def _native(row: Mapping[str, Any]) -> Native:
    try:
        return Native.read(row)
    except (AttributeError, TypeError):  # JSON of some other program
        raise ValueError("A line tells no message.") from None
