"""The words the inbox and a connector exchange. Frozen, free of Django, the same for every platform.

Every id is text (platform ids overflow floats and compare wrongly as numbers); every time is an aware UTC datetime and is the
platform's event time. Where a delivery tells none, its own time stands in and says so (`InboundMessage.dated_by_delivery`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

BY_DELIVERY = " "  # ends the order key of a message dated by its delivery; no platform's key ends so


class ThreadKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"
    COMMENT = "comment"


class MessageKind(StrEnum):
    TEXT = "text"  # words, attachments, or both
    STORY_REPLY = "story_reply"
    STORY_MENTION = "story_mention"
    SHARE = "share"
    QUICK_REPLY = "quick_reply"
    POSTBACK = "postback"
    REFERRAL = "referral"
    COMMENT = "comment"
    MENTION = "mention"
    SYSTEM = "system"  # joined, left, control of the thread changed
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"


class AttachmentKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"
    STICKER = "sticker"
    SHARE = "share"
    LOCATION = "location"
    OTHER = "other"


class Origin(StrEnum):
    """Who caused a message."""

    CUSTOMER = "customer"
    AGENT = "agent"  # a person in Parley
    OTHER_CLIENT = "other_client"  # typed in the platform's own app, or sent by another tool
    AUTOMATION = "automation"
    UNKNOWN = "unknown"


STAND_IN = "hidden"  # before the colon of an id that was made up (`Party.stand_in`): rows keep the id alone


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on a platform, as far as a payload tells. Empty text means that it does not tell."""

    external_id: str
    name: str = ""
    username: str = ""
    avatar_url: str = ""
    followers: int | None = None
    verified: bool | None = None
    stand_in: bool = False  # the id was made up for somebody whom the platform hides: it may be anybody
    takes_messages: bool | None = None  # from this account; False: none to begin with


@dataclass(frozen=True, slots=True)
class Attachment:
    kind: AttachmentKind
    url: str = ""
    mime: str = ""
    name: str = ""
    size: int | None = None
    title: str = ""
    external_id: str = ""
    expires_at: datetime | None = None
    storable: bool = True  # False: the platform forbids keeping the bytes (story media)


@dataclass(frozen=True, slots=True)
class Standing:
    """How history shows a message now, and not how it was made. `at` is the moment it was asked; `reactions` are (person, emoji)."""

    at: datetime
    reactions: tuple[tuple[str, str], ...] | None = None  # None: this history does not tell reactions


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message that exists on the platform, from the customer or (outbound=True) from the brand's own side."""

    external_id: str
    thread_id: str
    sent_at: datetime
    author: Party
    text: str = ""
    kind: MessageKind = MessageKind.TEXT
    thread_kind: ThreadKind = ThreadKind.DIRECT
    outbound: bool = False
    origin: Origin = Origin.CUSTOMER
    order_key: str = ""  # settles messages of the same millisecond; empty means the external id
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""  # external id of the message answered
    card: Mapping[str, Any] = field(
        default_factory=dict
    )  # story, share, postback, referral … in plain words for the page
    client_ref: str = ""  # our own mark, where the platform hands it back
    counterpart: Party | None = None  # the customer, when outbound (a thread may begin with an echo)
    after: str = (
        ""  # external id of the message before it, where the platform's list tells more than its coarse times
    )
    standing: Standing | None = None  # from a history that shows what became of a message
    aside: str = ""  # in public: where a telling puts it that knows what it answers and not the root; the same as `thread_id`: this is one
    told_as: str = ""  # the name that a telling gives it which does not know its id; the same as `external_id`: this is one
    untold: bool = False  # there is such a message; its words are told to whoever asks for them
    dated_by_delivery: bool = (
        False  # `sent_at` is the delivery's, for want of the message's own: any other telling knows better
    )


@dataclass(frozen=True, slots=True)
class Edited:
    """The words of a message changed. `version` rises with each edit (0: order by time alone). `text` is None where the platform
    tells that there was an edit and not the new words: the old ones stay until history shows the message again."""

    target: str
    text: str | None
    at: datetime
    version: int = 0
    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message was withdrawn: its content must go."""

    target: str
    at: datetime
    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class Reacted:
    target: str
    actor: Party
    at: datetime
    emoji: str = ""
    name: str = ""
    removed: bool = False
    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """The customer has read everything of ours up to a message or a time."""

    thread_id: str
    at: datetime
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of ours has reached the customer's side."""

    target: str
    at: datetime
    thread_id: str = ""


@dataclass(frozen=True, slots=True)
class Typing:
    thread_id: str
    actor: Party
    at: datetime


@dataclass(frozen=True, slots=True)
class ProfileSeen:
    party: Party


@dataclass(frozen=True, slots=True)
class ReachChanged:
    """Whether somebody can be written to. `reason` says why not; empty: they can again. What they write to us later lifts it too."""

    external_id: str
    at: datetime
    reason: str = ""


class AccountState(StrEnum):
    CONNECTED = "connected"
    REVOKED = "revoked"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class AccountChanged:
    state: AccountState
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveriesLost:
    """The platform says itself that something did not reach us, and not what: only a look at its history tells."""

    reason: str


@dataclass(frozen=True, slots=True)
class RedeliveryEnded:
    """The platform has delivered again what it was asked for, or as much of that as it could. `job` is its name for the task."""

    job: str
    said: str


InboundEvent = (
    InboundMessage
    | Edited
    | Unsent
    | Reacted
    | ReadUpTo
    | Delivered
    | Typing
    | ProfileSeen
    | ReachChanged
    | AccountChanged
    | DeliveriesLost
    | RedeliveryEnded
)


@dataclass(frozen=True, slots=True)
class OutboundAttachment:
    """A file of ours. `url` is fetchable by the platform for a while; `path` is the file on our disk."""

    kind: AttachmentKind
    mime: str
    name: str
    size: int
    url: str
    path: str


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One reply on its way. A connector that cannot put text and files in one message sends several and reports each id."""

    client_id: str
    thread_id: str
    thread_kind: ThreadKind
    recipient_id: str
    text: str = ""
    attachments: tuple[OutboundAttachment, ...] = ()
    reply_to: str = ""
    human_agent: bool = False  # beyond the standard window, where the platform allows it to people
