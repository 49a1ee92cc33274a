"""The nouns. One file each; import from here."""

from .brands import Brand, BrandSequence, Channel, ChannelState, Membership, Role
from .contacts import Contact, Handle
from .conversations import Conversation, Priority, ViewCount
from .conversations import Kind as ConversationKind
from .conversations import State as ConversationState
from .messages import (
    ON_ITS_WAY,
    Amendment,
    AmendmentKind,
    Attachment,
    Direction,
    EarlyRead,
    FetchState,
    Message,
)
from .messages import State as MessageState
from .people import Person
from .timeline import Event, EventKind
from .triage import ConversationTag, SetBy, Tag

__all__ = [
    "ON_ITS_WAY", "Amendment", "AmendmentKind", "Attachment", "Brand", "BrandSequence", "Channel", "ChannelState", "Contact",
    "Conversation", "ConversationKind", "ConversationState", "ConversationTag", "Direction", "EarlyRead", "Event", "EventKind", "FetchState",
    "Handle", "Membership", "Message", "MessageState", "Person", "Priority", "Role", "SetBy", "Tag", "ViewCount",
]  # fmt: skip
