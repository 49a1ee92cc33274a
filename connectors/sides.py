"""What the inbox has of a thread, read for the comparison with the platform's ledger (connectors.natives)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from connectors.contract import Remedy
from connectors.models import Credential, DeliveryAttempt, Gap
from connectors.natives import Native
from inbox.exchange import BY_DELIVERY, MessageKind
from inbox.models import (
    ON_ITS_WAY,
    Attachment,
    Channel,
    ChannelState,
    Direction,
    FetchState,
    Message,
    MessageState,
)

# What says that nothing left. An answer that was lost, or a try whose worker died, does not say so.
REFUSED = ["throttled", "restricted", *(remedy.value for remedy in Remedy if remedy is not Remedy.UNKNOWN)]
# What a platform tells and has no message for: a link that was followed, a change in the thread.
NEWS = (MessageKind.REFERRAL, MessageKind.SYSTEM)
LATE_COPY = timedelta(minutes=10)  # after a file was to be fetched
OVERDUE = timedelta(seconds=30)  # from the moment a reply may leave, on a busy machine
UNCERTAIN_FOR = timedelta(
    hours=1
)  # nobody looks for a reply any longer (connectors.actions.settling gives up far sooner)


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as the inbox has it, in the inbox's order."""

    id: str
    conversation_id: int
    outbound: bool
    text: str
    deleted: bool
    reactions: frozenset[tuple[str, str]]
    is_reply: bool  # written in Parley
    expired: bool = False  # its words were not to be kept any longer
    to_the_second: bool = False  # the platform's history told no finer time
    seq: int = 0  # of its newest change
    author: str = ""  # the customer's id; empty where it is ours, or nobody knows
    files: int = 0
    lost_files: int = 0  # whose bytes nobody copied in time
    thread_key: str = ""
    is_news: bool = False  # told by the platform, and no message of its ledger
    at_ms: int = 0
    by_delivery: bool = False  # the time is that of the delivery, which told no other
    answers: str = ""  # the message that it is shown to answer


@dataclass(frozen=True, slots=True)
class Lost:
    """A time of which the inbox says itself that something in it is lost: of one thread, or of all ("")."""

    thread_key: str
    since_ms: float
    until_ms: float

    def speaks_of(self, native: Native, thread_keys: Collection[str]) -> bool:
        if native.shown_ms and self.since_ms == -math.inf:
            return False  # somebody asked for what was before the channel, and was told it
        told = {"", native.thread, native.author, native.recipient, *thread_keys}
        return self.thread_key in told and self.since_ms <= native.at_ms < self.until_ms


def of_thread(channel: Channel, natives: Sequence[Native]) -> list[Kept]:
    """The inbox's side: the messages with these ids, and whatever else stands in the same conversations."""
    conversations = conversations_of([channel.pk], natives)
    theirs = Message.objects.in_thread_order().filter(channel=channel, conversation__in=conversations)
    kept = theirs.exclude(direction=Direction.NOTE).exclude(external_id=None)
    columns = (
        "pk", "external_id", "conversation_id", "direction", "text", "deleted_at", "reactions", "client_id", "sent_at", "seq",
        "expired_at", "author_handle__external_id", "conversation__thread_key", "kind",
        "reply_to", "order_key",
    )  # fmt: skip
    attached = Attachment.objects.filter(message__conversation__in=conversations)
    files = Counter(attached.values_list("message_id", flat=True))
    lost = Counter(attached.filter(_not_copied(timezone.now())).values_list("message_id", flat=True))
    return [
        Kept(
            id=external_id or "",
            conversation_id=conversation_id,
            outbound=direction == Direction.OUT,
            text=text,
            deleted=deleted_at is not None,
            reactions=frozenset((each.get("actor", ""), each.get("emoji", "")) for each in reactions),
            is_reply=client_id is not None,
            expired=expired_at is not None,
            to_the_second=sent_at.microsecond == 0,
            seq=seq,
            author=author or "",
            files=files[pk],
            lost_files=lost[pk],
            thread_key=thread_key,
            is_news=kind in NEWS,
            at_ms=round(sent_at.timestamp() * 1000),
            by_delivery=order_key.endswith(BY_DELIVERY),
            answers=answers,
        )
        for (
            pk, external_id, conversation_id, direction, text, deleted_at, reactions, client_id, sent_at, seq, expired_at, author,
            thread_key, kind, answers, order_key,
        ) in kept.values_list(*columns)
    ]  # fmt: skip


def conversations_of(channel_ids: Collection[int], natives: Sequence[Native]) -> set[int]:
    """Where these messages stand in these channels."""
    conversations: set[int] = set()
    ids = [native.id for native in natives]
    for start in range(0, len(ids), 1000):
        chunk = Message.objects.filter(
            channel__in=channel_ids, external_id__in=ids[start : start + 1000]
        ).exclude(direction=Direction.NOTE)
        conversations |= set(chunk.order_by().values_list("conversation_id", flat=True).distinct())
    return conversations


def _not_copied(now: datetime) -> Q:
    """Files that are said to be gone, and those that should have been copied long since."""
    pending = Q(fetch_state=FetchState.PENDING)
    late = Q(expires_at__lte=now) | Q(fetch_at__lte=now - LATE_COPY)
    return Q(fetch_state=FetchState.GONE) | (pending & late)


def lost_of(channel: Channel) -> list[Lost]:
    """Histories tell times to the second, so a time ends with its second. Of what was before the channel nobody promises anything."""
    before = Lost("", -math.inf, channel.created_at.timestamp() * 1000)
    gaps = Gap.objects.filter(channel=channel, lost=True).values_list("thread_key", "since", "until")
    told = [
        Lost(key, since.timestamp() * 1000, until.timestamp() * 1000 + 1000 if until else math.inf)
        for key, since, until in gaps
    ]
    return [before, *told]


def waiting_replies(platforms: Collection[str]) -> QuerySet[Message]:
    """What somebody wrote here for one of these platforms and that has no id of theirs yet, though it is not given up."""
    return (
        Message.objects.filter(channel__platform__in=platforms, state__in=ON_ITS_WAY, external_id=None)
        .exclude(client_id=None)
        .select_related("channel", "conversation")
        .order_by("pk")
    )


def is_overdue(reply: Message, now: datetime) -> bool:
    """Whether it should have left by now. One whose channel waits for somebody, or for its limit, says so itself."""
    if reply.state == MessageState.UNCERTAIN:
        return (reply.attempted_at or reply.created_at) < now - UNCERTAIN_FOR
    channel = reply.channel
    waits = channel.state != ChannelState.CONNECTED or (channel.sends_resume_at or now) > now
    due = max(each for each in (reply.created_at, reply.not_before, reply.lease_until) if each)
    return due < now - OVERDUE and not waits


def may_have_gone(kept: Sequence[Kept]) -> Counter[str]:
    """Replies of these conversations with a try that was not refused for certain, by their words."""
    tried = DeliveryAttempt.objects.filter(message=OuterRef("pk")).exclude(outcome__in=REFUSED)
    replies = Message.objects.filter(
        Exists(tried), conversation__in={each.conversation_id for each in kept}, direction=Direction.OUT
    ).exclude(client_id=None)
    return Counter(replies.values_list("text", flat=True))


def simulated() -> set[str]:
    """Platforms of which some channel speaks with other hosts than the real ones: a ledger without them is none of theirs."""
    grants = Credential.objects.exclude(app__origins={}).select_related("app")
    return {grant.app.platform for grant in grants if any(grant.app.origins.values())}


def holds_messages() -> bool:
    """Whether there is anything in the inbox that a platform could know of."""
    return Message.objects.exclude(direction=Direction.NOTE).exclude(external_id=None).exists()


def unsettled(kept: Sequence[Kept]) -> tuple[Counter[str], Counter[str]]:
    """Replies of these conversations that may have gone out and have no id, by their words: those that are looked for, and those of
    which their writer was told that nobody could confirm them."""
    may_be_out = Q(state__in=[MessageState.SENDING, MessageState.UNCERTAIN]) | Q(
        state=MessageState.FAILED, may_be_out=True
    )
    conversations = {each.conversation_id for each in kept}
    found = Message.objects.filter(may_be_out, conversation__in=conversations, external_id=None)
    under_way: Counter[str] = Counter()
    unconfirmed: Counter[str] = Counter()
    for state, text in found.values_list("state", "text"):
        (unconfirmed if state == MessageState.FAILED else under_way)[text] += 1
    return under_way, unconfirmed
