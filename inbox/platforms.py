"""What the inbox knows of a platform: a machine-readable descriptor, and the register of those that are installed.

The composer, the sending policy and the pages read the descriptor; none of them ever asks for a platform's name.
Figures come from the platforms' documentation (docs/connectors.md says where each was read); `checked_on` is the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal


class Unit(StrEnum):
    """What a platform counts when it says "length"."""

    UTF8_BYTES = "utf8_bytes"
    CODE_POINTS = "code_points"
    UTF16_UNITS = "utf16_units"
    WEIGHTED = "weighted"  # of a public post on X: an address counts 23, an emoji or a CJK letter 2


@dataclass(frozen=True, slots=True)
class TextLimit:
    max: int
    unit: Unit
    checked_on: date


@dataclass(frozen=True, slots=True)
class FileLimit:
    mimes: tuple[str, ...]  # empty: any of the kind
    max_bytes: int
    max_of: Mapping[str, int] = field(default_factory=dict)  # types with a limit of their own

    def most(self, mime: str) -> int:
        return self.max_of.get(mime, self.max_bytes)


@dataclass(frozen=True, slots=True)
class SendRules:
    text: TextLimit
    public_text: TextLimit | None = None  # of a public answer; None: as private. Public answers are text only
    files: Mapping[str, FileLimit] = field(default_factory=dict)  # by AttachmentKind value
    files_per_message: int = 0
    text_with_files: bool = True  # False: the connector sends them as messages of their own
    reply_to: bool = False
    public_reply_to: bool = False  # a public answer is posted under one message of the thread and names it
    requires_human: bool = False  # every send must follow a person's own click
    typing: bool = False  # the customer can be shown that somebody writes to them
    reach_in_profile: bool = False  # who is asked for says whether they take messages from this account
    fetches_for: timedelta = timedelta(
        0
    )  # it loads files from our address within the call, for up to so long


@dataclass(frozen=True, slots=True)
class WindowRules:
    """When the brand may write. No standard window: any time (within `start`)."""

    standard: timedelta | None = None
    human_agent: timedelta | None = None  # longer, for replies a person wrote
    opens_on: frozenset[str] = frozenset()  # MessageKind values and "reaction"
    margin: timedelta = timedelta(seconds=90)  # platform and we do not share a clock


@dataclass(frozen=True, slots=True)
class ReceiveRules:
    mode: Literal["webhook", "poll"]
    edits: bool = False
    unsends: bool = False
    reactions: bool = False
    reads: bool = False
    typing: bool = False
    groups: bool = False
    comments: bool = False
    retries: bool = False  # what our door could not take is delivered again without our asking
    escaped: bool = False  # texts come with &amp;, &lt; and &gt; for the signs that people typed
    # Which of edits, unsends and reactions are told of what is said in public. None: the same as of private messages.
    of_comments: frozenset[str] | None = None
    of_mentions: frozenset[str] | None = None

    def of(self, kind: str) -> ReceiveRules:
        """The rules for messages of this kind."""
        told = {"comment": self.of_comments, "mention": self.of_mentions}.get(kind)
        if told is None:
            return self
        return replace(self, edits="edits" in told, unsends="unsends" in told, reactions="reactions" in told)

    @property
    def is_partly_polled(self) -> bool:
        """Messages are polled, comments are delivered: the poll alone shows no channel to be complete."""
        return self.mode == "poll" and self.comments


@dataclass(frozen=True, slots=True)
class HistoryRules:
    """How far back the platform still tells. `messages_per_thread` and `age` are None where unlimited, and `posts` where what was written
    in public is listed under whichever post of ours it stands."""

    messages_per_thread: int | None = None
    age: timedelta | None = None
    posts: int | None = None  # the newest; comments under older ones are delivered and not compared
    settles_sends: bool = True  # a send of unknown outcome can be looked up there
    behind: timedelta = timedelta(minutes=2)  # what it lists may be older than what happened by so much


@dataclass(frozen=True, slots=True)
class AuthRules:
    scopes: tuple[str, ...] = ()
    pkce: bool = False
    refresh: Literal["none", "extend", "rotate", "fixed_end"] = "none"
    refresh_before: timedelta = timedelta(minutes=10)  # how long before expiry a refresh is due
    refresh_min_age: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls a second for one account, which no header tells."""

    per_second: int
    checked_on: date


@dataclass(frozen=True, slots=True)
class Quota:
    """So many calls in each window, by the platform's pages. What its answers tell goes before; those that tell nothing are counted."""

    calls: int
    window: timedelta
    checked_on: date


@dataclass(frozen=True, slots=True)
class Manifest:
    key: str
    label: str
    mark: str  # two letters for the avatar's badge
    colour: str  # a CSS colour that stands on both schemes
    send: SendRules
    receive: ReceiveRules
    window: WindowRules = WindowRules()
    history: HistoryRules = HistoryRules()
    auth: AuthRules = AuthRules()
    start: Literal["never", "reachable", "connected"] = "never"  # whom the brand may write to first
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by the bucket of the calls
    quotas: Mapping[str, Quota] = field(default_factory=dict)  # likewise
    poll_every: timedelta | None = None
    profile_cache: timedelta | None = None  # how long another's profile may be kept; None: no rule
    hidden_name: str = ""  # how somebody is called whom the platform does not tell; nobody is greeted by it
    told_by_handle: str = ""  # begins the ids of those of whom a handle is told at most, which is no name
    comments_kept: timedelta | None = None  # how long what others said in public may be kept; None: no rule
    checked: Mapping[str, date] = field(
        default_factory=dict
    )  # of figures that the deployment set: the day on which somebody looked
    notes: tuple[str, ...] = ()  # contradictions in the sources, in words

    def text_limit(self, *, public: bool) -> TextLimit:
        return (self.send.public_text or self.send.text) if public else self.send.text


class UnknownPlatform(LookupError):
    """No installed connector has this key."""


_register: dict[str, Manifest] = {}


def register(manifest: Manifest) -> None:
    _register[manifest.key] = manifest


def get(key: str) -> Manifest:
    try:
        return _register[key]
    except KeyError:
        installed = ", ".join(sorted(_register)) or "none"
        raise UnknownPlatform(f"No connector for “{key}” is installed (installed: {installed}).") from None


def find(key: str) -> Manifest | None:
    """None: its connector is installed no more. What came by it stays."""
    return _register.get(key)


def label_of(key: str) -> str:
    """What people call it; of one that is installed no more, its key."""
    return _register[key].label if key in _register else key


def installed() -> list[Manifest]:
    return sorted(_register.values(), key=lambda manifest: manifest.label)
