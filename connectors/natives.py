"""The platform's ledger, read: each message as it truly is, and what of it nobody could know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from inbox.rules.cleaning import clean

PUBLIC = ("comment", "mention")
# What history showed for longer than this has been read again by whoever was cut off while they read it.
READ_AGAIN_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Untold:
    """What became of a message, told by no delivery, while history showed it no more, or once, and not for long: that it was
    unsent, and the texts and reactions (actor, emoji or "") that it may therefore still have elsewhere. What was told later rules them
    out. Of what was unsent the last text is among them: the ledger itself has no words of it any more."""

    unsent: bool = False
    texts: frozenset[str] = frozenset()
    reactions: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Untold:
        until = row.get("changes_shown_until_ms")
        shows_no_words = _is_unsupported(row)
        unsent, text = False, ""
        texts: set[str] = set()
        emojis: dict[str, str] = {}
        reactions: set[tuple[str, str]] = set()
        for each in row.get("history") or ():
            what, actor = each.get("what"), str(each.get("actor") or "")
            is_past = until is not None and int(until) - int(each.get("at_ms") or 0) < READ_AGAIN_MS
            was_missed = is_past and not each.get("shown_again_ms")
            untold = each.get("told") is False and (was_missed or (shows_no_words and what == "edit"))
            if what == "unsend":
                unsent = untold
                texts = texts | {text} if untold else set()
            elif what in {"react", "unreact"}:
                former = emojis.get(actor, "")
                theirs = {one for one in reactions if one[0] == actor}
                reactions = reactions | {(actor, former)} if untold else reactions - theirs
                emojis[actor] = str(each.get("emoji") or "") if what == "react" else ""
            elif what in {"created", "edit"}:
                texts = texts | {text} if untold else set()
                is_hidden = shows_no_words and what == "created"
                text = "" if is_hidden else clean(each.get("text") or "")
        return cls(unsent, frozenset(texts), frozenset(reactions))

    def explains(self, reactions: Collection[tuple[str, str]], *, there: Collection[tuple[str, str]]) -> bool:
        """Whether each actor's reaction is the one there, or one that it may still be."""
        for actor in {one[0] for one in (*self.reactions, *reactions, *there)}:
            theirs = {emoji for name, emoji in reactions if name == actor} or {""}
            now = {emoji for name, emoji in there if name == actor} or {""}
            former = {emoji for name, emoji in self.reactions if name == actor}
            if theirs != now and not (len(theirs) == 1 and theirs <= former):
                return False
        return True


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
    recipient: str = ""
    author: str = ""
    kind: str = ""
    files: int = 0  # that are told with it; of an answer to a story that story is one
    hidden: bool = False  # from the brand alone
    answers: str = ""  # the message that it answers
    # Of what is not expected: when history told it to somebody first, and so much later that this was no second try; until when it
    # would have told it (0: never); and when it was unsent, which is when it went.
    shown_ms: int = 0
    shown_again: bool = False
    shown_until_ms: int = 0
    unsent_ms: int = 0
    untold: Untold = Untold()

    @property
    def public(self) -> bool:
        return self.kind in PUBLIC

    @property
    def could_be_kept(self) -> bool:
        """Whether history, once it had told it to somebody, would have told it again. Where the times deny that it told it at all, nobody
        knows for how long it did."""
        stayed = self.shown_until_ms - self.shown_ms
        return bool(self.shown_ms) and (self.shown_again or not 0 <= stayed < READ_AGAIN_MS)

    @property
    def is_taken_back(self) -> bool:
        """Whether its author, and nothing newer, took it out of history, within the time in which nobody need have read it."""
        before = self.shown_until_ms - (self.shown_ms or self.at_ms)
        return self.unsent_ms != 0 and self.shown_until_ms == self.unsent_ms and before < READ_AGAIN_MS

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
            recipient=row.get("recipient") or "",
            author=row.get("sender") or "",
            kind=row.get("kind") or "",
            files=_files(row),
            hidden=bool(row.get("hidden")),
            answers=row.get("reply_to") or "",
            shown_ms=int(row.get("shown_ms") or 0),
            shown_again=bool(row.get("shown_again_ms")),
            shown_until_ms=int(row.get("shown_until_ms") or 0),
            unsent_ms=_unsent_ms(row),
            untold=Untold.read(row),
        )


def _is_shown_nowhere(row: Mapping[str, Any]) -> bool:
    """A poll, a voice clip in some regions: Instagram's API tells that it is there, and none of it."""
    return _is_unsupported(row) and not row.get("edits")


def _is_unsupported(row: Mapping[str, Any]) -> bool:
    return bool(row["platform"] == "instagram" and row.get("kind") == "unsupported")


def _files(row: Mapping[str, Any]) -> int:
    kind = row.get("kind")
    return 0 if kind == "unsupported" else len(row.get("attachments") or ()) + (kind == "story_reply")


def _unsent_ms(row: Mapping[str, Any]) -> int:
    unsends = [each for each in row.get("history") or () if each.get("what") == "unsend"]
    return max((int(each.get("at_ms") or 0) for each in unsends), default=0)


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
