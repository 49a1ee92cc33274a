"""Both sides of the comparison, read: the platform's ledger, and what the inbox has of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef

from connectors.contract import Remedy
from connectors.models import Credential, DeliveryAttempt
from inbox.models import Attachment, Channel, Direction, Message, MessageState
from inbox.rules.cleaning import clean

# What says that nothing left. An answer that was lost, or a try whose worker died, does not say so.
REFUSED = ["throttled", *(remedy.value for remedy in Remedy if remedy is not Remedy.UNKNOWN)]
PUBLIC = ("comment", "mention")


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
    author: str = ""
    public: bool = False
    files: int = 0  # that are told with it; of an answer to a story that story is one
    hidden: bool = False  # from the brand alone

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
            text=clean(row.get("text") or ""),
            versions=frozenset(clean(each.get("text") or "") for each in row.get("history") or ()),
            deleted=bool(row.get("deleted")),
            reactions=frozenset(
                (each.get("actor", ""), each.get("emoji", "")) for each in row.get("reactions") or ()
            ),
            by_api=row.get("client") == "api",
            expected=bool(row.get("expected", True)),
            author=row.get("sender") or "",
            public=row.get("kind") in PUBLIC,
            files=_files(row),
            hidden=bool(row.get("hidden")),
        )


def _files(row: Mapping[str, Any]) -> int:
    kind = row.get("kind")
    return 0 if kind == "unsupported" else len(row.get("attachments") or ()) + (kind == "story_reply")


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


def threads(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Native]]:
    """The ledger comes sorted by thread, so that one thread is held at a time."""
    natives = (Native.read(row) for row in rows)
    for _, thread in groupby(natives, key=lambda each: (each.platform, each.account, each.thread)):
        yield list(thread)


def of_thread(channel: Channel, natives: Sequence[Native]) -> list[Kept]:
    """The inbox's side: the messages with these ids, and whatever else stands in the same conversations."""
    shown = (
        Message.objects.filter(channel=channel).exclude(direction=Direction.NOTE).exclude(external_id=None)
    )
    conversations: set[int] = set()
    ids = [native.id for native in natives]
    for start in range(0, len(ids), 1000):
        chunk = shown.filter(external_id__in=ids[start : start + 1000])
        conversations |= set(chunk.order_by().values_list("conversation_id", flat=True).distinct())
    kept = shown.filter(conversation__in=conversations).in_thread_order()
    columns = (
        "pk", "external_id", "conversation_id", "direction", "text", "deleted_at", "reactions", "client_id", "sent_at", "seq",
        "expired_at", "author_handle__external_id",
    )  # fmt: skip
    attached = Attachment.objects.filter(message__conversation__in=conversations)
    files = Counter(attached.values_list("message_id", flat=True))
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
        )
        for (
            pk, external_id, conversation_id, direction, text, deleted_at, reactions, client_id, sent_at, seq, expired_at, author,
        ) in kept.values_list(*columns)
    ]  # fmt: skip


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


def unsettled(kept: Sequence[Kept]) -> Counter[str]:
    """Replies of these conversations that may have gone out and have no id yet, by their words."""
    conversations = {each.conversation_id for each in kept}
    open_ones = Message.objects.filter(
        conversation__in=conversations,
        state__in=[MessageState.SENDING, MessageState.UNCERTAIN],
        external_id=None,
    )
    return Counter(open_ones.values_list("text", flat=True))
