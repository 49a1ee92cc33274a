"""The inbox against the platform's truth, thread by thread: what is missing, doubled, out of order, different, or was sent twice.
Pure, apart from what reads the inbox's side of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef

from connectors.contract import Remedy
from connectors.models import DeliveryAttempt
from inbox.models import Channel, Direction, Message, MessageState
from inbox.platforms import ReceiveRules
from inbox.rules.cleaning import clean

# What says that nothing left. An answer that was lost, or a try whose worker died, does not say so.
REFUSED = ["throttled", *(remedy.value for remedy in Remedy if remedy is not Remedy.UNKNOWN)]


class Kind(StrEnum):
    MISSING = "missing"
    DOUBLED = "doubled"
    OUT_OF_ORDER = "out of order"
    TEXT = "text differs"
    DELETION = "deletion differs"
    REACTIONS = "reactions differ"
    SENT_TWICE = "sent twice"
    UNKNOWN = "unknown to the platform"


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
        )


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


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Kind
    platform: str
    account: str
    thread: str
    id: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.platform} {self.account} thread {self.thread} message {self.id} {self.detail}".rstrip()


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
        "external_id", "conversation_id", "direction", "text", "deleted_at", "reactions", "client_id", "sent_at", "seq", "expired_at",
    )  # fmt: skip
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
        )
        for external_id, conversation_id, direction, text, deleted_at, reactions, client_id, sent_at, seq, expired_at in kept.values_list(*columns)
    ]  # fmt: skip


def may_have_gone(kept: Sequence[Kept]) -> Counter[str]:
    """Replies of these conversations with a try that was not refused for certain, by their words."""
    tried = DeliveryAttempt.objects.filter(message=OuterRef("pk")).exclude(outcome__in=REFUSED)
    replies = Message.objects.filter(
        Exists(tried), conversation__in={each.conversation_id for each in kept}, direction=Direction.OUT
    ).exclude(client_id=None)
    return Counter(replies.values_list("text", flat=True))


def strange_conversations(
    platforms: Iterable[str], *, known: Collection[int], before: datetime
) -> Iterator[Difference]:
    """Conversations of these platforms of which the ledger knows no message at all."""
    foreign = (
        Message.objects.filter(channel__platform__in=platforms, conversation__created_at__lt=before)
        .exclude(direction=Direction.NOTE)
        .exclude(external_id=None)
        .order_by("conversation_id", "pk")
        .distinct("conversation_id")
        .select_related("channel", "conversation")
    )
    for message in foreign.iterator():
        if message.conversation_id not in known:
            channel, thread = message.channel, message.conversation.thread_key
            words = "and its whole conversation stand in the inbox alone"
            yield Difference(
                Kind.UNKNOWN, channel.platform, channel.external_id, thread, message.external_id or "", words
            )


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


def compare(
    natives: Sequence[Native],
    kept: Sequence[Kept],
    rules: ReceiveRules,
    under_way: Mapping[str, int] | None = None,
    gone: Mapping[str, int] | None = None,
) -> list[Difference]:
    """What differs in one thread. `rules` says what the platform tells at all: what it never tells cannot be missed.
    `under_way` are replies nobody knows the outcome of yet: one native message of ours may be theirs. `gone` are replies that may
    have left: no more messages of ours can be on the platform."""
    under_way = Counter(under_way or {})
    by_id: dict[str, list[Kept]] = defaultdict(list)
    for each in kept:
        by_id[each.id].append(each)
    found: list[Difference] = []

    def note(kind: Kind, native: Native, detail: str = "") -> None:
        found.append(Difference(kind, native.platform, native.account, native.thread, native.id, detail))

    for native in natives:
        ours = by_id.get(native.id, [])
        if not ours:
            if native.by_api and under_way[native.text] > 0:
                under_way[native.text] -= 1
                note(Kind.MISSING, native, "its reply is not settled yet")
            elif native.by_api:
                note(Kind.SENT_TWICE, native, "left through the API, and no reply in the inbox stands for it")
            elif native.expected:
                note(Kind.MISSING, native)
            continue
        if len(ours) > 1:
            note(Kind.DOUBLED, native, f"stands {len(ours)} times in the inbox")
        if native.by_api and not any(each.is_reply for each in ours):
            note(Kind.SENT_TWICE, native, "left through the API, and the reply it came from has another id")
        for kind, detail in () if ours[0].expired else _content(native, ours[0], rules):
            note(kind, native, detail)
    if gone is not None:
        told = {each.id for each in found if each.kind == Kind.SENT_TWICE}
        for native in _too_many(natives, by_id, gone, told):
            note(
                Kind.SENT_TWICE,
                native,
                "left through the API more often than replies with these words were sent",
            )
    return [*found, *_strangers(natives, kept), *_disorder(natives, kept)]


def _too_many(
    natives: Sequence[Native], by_id: Mapping[str, list[Kept]], gone: Mapping[str, int], told: set[str]
) -> Iterator[Native]:
    """Messages of ours beyond the replies that may have left. By the inbox's words where both are known: platforms change some."""
    left = Counter(gone)
    ours = [native for native in natives if native.by_api]
    for native in ours:
        words = next((each.text for each in by_id.get(native.id, [])), native.text)
        left[words] -= 1
        if left[words] < 0 and native.id not in told:
            yield native


def _content(native: Native, ours: Kept, rules: ReceiveRules) -> Iterator[tuple[Kind, str]]:
    if rules.unsends and native.deleted != ours.deleted:
        yield Kind.DELETION, "unsent there, shown here" if native.deleted else "shown there, unsent here"
    elif not native.deleted and not ours.deleted and not _same_text(native, ours, rules):
        yield Kind.TEXT, f"{len(native.text)} characters there, {len(ours.text)} here"
    if rules.reactions and not native.deleted and native.reactions != ours.reactions:
        yield Kind.REACTIONS, f"{len(native.reactions)} there, {len(ours.reactions)} here"


def _same_text(native: Native, ours: Kept, rules: ReceiveRules) -> bool:
    """Where a platform does not tell of edits, any of the texts it had is the truth as far as anybody could know."""
    if native.text == ours.text or _only_a_link_more(native, ours):
        return True
    return not rules.edits and ours.text in native.versions


def _only_a_link_more(native: Native, ours: Kept) -> bool:
    """Media travel as a link at the end of the words on some platforms; the inbox shows the picture instead."""
    longer, shorter = sorted((native.text, ours.text), key=len, reverse=True)
    return longer.startswith(shorter) and longer[len(shorter) :].strip().startswith("https://t.co/")


def _strangers(natives: Sequence[Native], kept: Sequence[Kept]) -> Iterator[Difference]:
    """Rows of the inbox that the platform has no message for: another telling of one it has, or something it never had."""
    known = {native.id for native in natives}
    said = {(native.outbound, native.text) for native in natives}
    first = natives[0]
    for each in kept:
        if each.id not in known:
            kind = Kind.DOUBLED if (each.outbound, each.text) in said else Kind.UNKNOWN
            yield Difference(
                kind, first.platform, first.account, first.thread, each.id, "has no message of its own there"
            )


def _disorder(natives: Sequence[Native], kept: Sequence[Kept]) -> Iterator[Difference]:
    """Each message that stands behind one it came before. Within one second nobody can tell, where a time is no finer."""
    place = {native.id: position for position, native in enumerate(natives)}
    furthest: dict[int, tuple[int, bool]] = {}
    for each in kept:
        position = place.get(each.id)
        if position is None:
            continue
        native = natives[position]
        last, coarse = furthest.get(each.conversation_id, (-1, False))
        if position < last:
            undecidable = (coarse or each.to_the_second) and natives[last].at_ms - native.at_ms < 1000
            if not undecidable:
                yield Difference(Kind.OUT_OF_ORDER, native.platform, native.account, native.thread, native.id)
        else:
            furthest[each.conversation_id] = (position, each.to_the_second)
