"""The nouns. One file each; import from here."""

from .attachments import Attachment, FetchState
from .audit import AuditEntry
from .brands import Brand, BrandSequence, Channel, ChannelState, Membership, Role
from .bulk import BulkAct, BulkBatch, BulkRun, BulkState
from .contacts import Contact, ContactMerge, Handle
from .conversations import Conversation, DueKind, Priority, Sentiment, ViewCount
from .conversations import Kind as ConversationKind
from .conversations import State as ConversationState
from .focus import Focus
from .focus import Standing as FocusStanding
from .merges import ConversationMerge
from .messages import (
    ON_ITS_WAY,
    Amendment,
    AmendmentKind,
    Direction,
    EarlyPost,
    EarlyRead,
    Ended,
    Message,
    OtherName,
    TakenEcho,
    UntoldMessage,
)
from .messages import State as MessageState
from .notifications import Notification, NotificationKind
from .people import Person
from .routing import (
    Desk,
    Outcome,
    Presence,
    PresenceState,
    RoutingDecision,
    RoutingSettings,
    RoutingTicket,
    Team,
    TeamMember,
    Workload,
)
from .search import ContactWords, MessageWords, SearchCursor
from .sla import (
    BusinessHours,
    Clock,
    ClockKind,
    ClockSegment,
    ClockState,
    Holiday,
    SlaPolicy,
    Timer,
    TimerKind,
    TriageCursor,
)
from .timeline import Event, EventKind
from .triage import (
    ConversationTag,
    Example,
    LearnedModel,
    ModelKind,
    PriorityWeights,
    SetBy,
    Tag,
    TagRule,
    TagState,
)
from .undo import Undo, UndoKind
from .views import CountedConversation, SavedView, ViewCursor, ViewDrift
from .writing import CannedReply, Draft, DraftKind, Macro

__all__ = [
    "ON_ITS_WAY",
    "Amendment",
    "AmendmentKind",
    "Attachment",
    "AuditEntry",
    "Brand",
    "BrandSequence",
    "BulkAct",
    "BulkBatch",
    "BulkRun",
    "BulkState",
    "BusinessHours",
    "CannedReply",
    "Channel",
    "ChannelState",
    "Clock",
    "ClockKind",
    "ClockSegment",
    "ClockState",
    "Contact",
    "ContactMerge",
    "ContactWords",
    "Conversation",
    "ConversationKind",
    "ConversationMerge",
    "ConversationState",
    "ConversationTag",
    "CountedConversation",
    "Desk",
    "Direction",
    "Draft",
    "DraftKind",
    "DueKind",
    "EarlyPost",
    "EarlyRead",
    "Ended",
    "Event",
    "EventKind",
    "Example",
    "FetchState",
    "Focus",
    "FocusStanding",
    "Handle",
    "Holiday",
    "LearnedModel",
    "Macro",
    "Membership",
    "Message",
    "MessageState",
    "MessageWords",
    "ModelKind",
    "Notification",
    "NotificationKind",
    "OtherName",
    "Outcome",
    "Person",
    "Presence",
    "PresenceState",
    "Priority",
    "PriorityWeights",
    "Role",
    "RoutingDecision",
    "RoutingSettings",
    "RoutingTicket",
    "SavedView",
    "SearchCursor",
    "Sentiment",
    "SetBy",
    "SlaPolicy",
    "Tag",
    "TagRule",
    "TagState",
    "TakenEcho",
    "Team",
    "TeamMember",
    "Timer",
    "TimerKind",
    "TriageCursor",
    "Undo",
    "UndoKind",
    "UntoldMessage",
    "ViewCount",
    "ViewCursor",
    "ViewDrift",
    "Workload",
]  # fmt: skip
