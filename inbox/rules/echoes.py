"""Whether something the platform shows us is the reply we sent. By our own mark where there is one, else by the words."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.exchange import InboundMessage, ThreadKind

# The platform's clock and ours may differ by this much (platform notes, fault "skew": 90 s), with room to spare.
SKEW = timedelta(minutes=3)
# A reply that is not under way any more (put back, or given up) is only taken for an echo of about that time.
RECENT = timedelta(hours=1)
_NAMES = re.compile(r"(?:@[\w.]+ )+(?=[^\s@])")  # in front of words
_JUST_AFTER = timedelta(microseconds=1)
_SCHEME = re.compile(r"\bhttps?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """What tells one message from another. `files` is what the platform calls its files, where that is known: of ours in any attempt."""

    text: str
    has_files: bool
    files: frozenset[str] = frozenset()
    public: bool = False


@dataclass(frozen=True, slots=True)
class Attempted:
    """A reply of ours that was tried and has no platform id yet."""

    message_id: int
    client_ref: str
    content: Content
    attempted_at: datetime
    standing: int = (
        0  # 0 sending or uncertain (at most one of a conversation), 1 put back, 2 given up without knowing
    )


def content_of(message: InboundMessage) -> Content:
    files = frozenset(file.external_id for file in message.attachments if file.external_id)
    return Content(
        message.text, bool(message.attachments), files, public=message.thread_kind is ThreadKind.COMMENT
    )


def is_shown(ours: Content, theirs: Content) -> bool:
    """Whether what the platform shows may be this reply. Its words tell it from others. A file without words is like anybody's: it is
    ours only where the platform calls it as it called what was uploaded for this very reply."""
    if ours.has_files != theirs.has_files or not _same(ours, theirs):
        return False
    if ours.files and theirs.files:  # each attempt has its file go up anew, under another name
        return theirs.files <= ours.files
    return bool(_plain(ours.text))


def _same(ours: Content, theirs: Content) -> bool:
    """In public a platform puts names in front of an answer's words, or takes them for such where its author wrote them there."""
    if same_words(ours.text, theirs.text):
        return True
    return theirs.public and _bare(ours.text) == _bare(theirs.text)


def _bare(text: str) -> str:
    plain = _plain(text)
    names = _NAMES.match(plain)
    return plain[names.end() :] if names else plain


def same_words(ours: str, theirs: str) -> bool:
    return _plain(ours) == _plain(theirs)


def _plain(text: str) -> str:
    # Platforms trim, fold line ends, compose accents, escape an ampersand, and write an address out in full; none of that makes it another
    # message.
    plain = _SCHEME.sub("", unicodedata.normalize("NFC", html.unescape(text)))
    return " ".join(word.rstrip("/") or word for word in plain.split())


def match(attempted: Sequence[Attempted], message: InboundMessage) -> Attempted | None:
    """The attempt this echo may be of, or None when somebody wrote it elsewhere. The one under way comes first. One that the
    platform refused is no candidate at all: it must not take the echo of a later reply with the same words."""
    if message.client_ref:
        for attempt in attempted:
            if attempt.client_ref == message.client_ref:
                return attempt
    theirs, sent_at = content_of(message), message.sent_at
    for attempt in sorted(attempted, key=lambda each: (each.standing, each.message_id)):
        if (
            sent_at >= attempt.attempted_at - SKEW
            and (attempt.standing == 0 or sent_at <= attempt.attempted_at + RECENT)
            and is_shown(attempt.content, theirs)
        ):
            return attempt
    return None


def place(
    *, attempted_at: datetime, told_at: datetime, now: datetime, seen: datetime | None, came: datetime | None
) -> datetime:
    """When a reply was made, by the platform's clock, where its echo tells only when it was delivered itself.

    It was made before that, and no longer before than has passed since the attempt by our own clock; and it was made after whatever of
    the customer's was here then (`seen`: the newest of it). Where the time of our attempt fits, it stands, unless the customer's that
    came only after the attempt lies between (`came`: the newest that lies before it). Then the earliest is taken, as where it does not
    fit: what the customer wrote after a reply is never taken for answered by it. An echo that comes late tells nothing.
    """
    passed = now - attempted_at
    if passed > SKEW:
        return attempted_at
    earliest = told_at - passed
    if seen is not None and seen >= earliest:
        earliest = min(told_at, seen + _JUST_AFTER)
    overtaken = came is not None and came > earliest
    return attempted_at if earliest <= attempted_at <= told_at and not overtaken else earliest
