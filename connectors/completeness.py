"""The inbox against the platform's truth, thread by thread: what is missing, doubled, out of order, different, or was sent twice.
Pure, apart from what looks for conversations that stand in the inbox alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors import sides
from connectors.differences import Difference, Gone, Kind
from connectors.natives import Native
from connectors.sides import Kept, Lost
from inbox.models import Direction, Message
from inbox.platforms import ReceiveRules
from inbox.rules import ahead

OWN_CLOCK_MS = 30_000  # between our clock and a platform's, with the time that an answer takes
_AHEAD_MS = ahead.TOLERATED // timedelta(milliseconds=1)
MEDIA_LINK = re.compile(r"\s*https://t\.co/\w+")


def strange_conversations(
    platforms: Iterable[str], *, known: Collection[int], before: datetime
) -> Iterator[Difference]:
    """Conversations of these platforms of which the ledger knows no message at all."""
    foreign = (
        Message.objects.filter(channel__platform__in=platforms, conversation__created_at__lt=before)
        .exclude(direction=Direction.NOTE)
        .exclude(external_id=None)
        .exclude(kind__in=sides.NEWS)
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


def replies_that_stay(platforms: Collection[str], *, now: datetime) -> tuple[list[Difference], int]:
    """Replies to these platforms that should have left by now, and how many others are on their way."""
    overdue, others = [], 0
    for reply in sides.waiting_replies(platforms).iterator():
        if sides.is_overdue(reply, now):
            channel, thread = reply.channel, reply.conversation.thread_key
            words = f"is {reply.state} {reply.state_reason}".rstrip()
            overdue.append(
                Difference(
                    Kind.NEVER_LEFT,
                    channel.platform,
                    channel.external_id,
                    thread,
                    str(reply.public_id),
                    words,
                )
            )
        else:
            others += 1
    return overdue, others


def compare(
    natives: Sequence[Native],
    kept: Sequence[Kept],
    rules: ReceiveRules,
    under_way: Mapping[str, int] | None = None,
    gone: Mapping[str, int] | None = None,
    lost: Sequence[Lost] = (),
    unconfirmed: Mapping[str, int] | None = None,
) -> list[Difference]:
    """What differs in one thread. `rules` says what the platform tells at all: what it never tells cannot be missed.
    `under_way` are replies nobody knows the outcome of yet, `unconfirmed` those that say to their writer that nobody will: one native
    message of ours may be each of them. `gone` are replies that may have left: no more messages of ours can be on the platform. `lost`
    is what the inbox says of itself that it lacks."""
    open_ones, given_up = Counter(under_way or {}), Counter(unconfirmed or {})
    writers = {native.author for native in natives}
    keys = {each.thread_key for each in kept}
    by_id: dict[str, list[Kept]] = defaultdict(list)
    for each in kept:
        by_id[each.id].append(each)
    found: list[Difference] = []

    def note(kind: Kind | Gone, native: Native, detail: str = "") -> None:
        found.append(Difference(kind, native.platform, native.account, native.thread, native.id, detail))

    for native in natives:
        ours = by_id.get(native.id, [])
        if not ours:
            if native.by_api and _takes_one(open_ones, native):
                note(Kind.MISSING, native, "its reply is not settled yet")
            elif native.by_api and _takes_one(given_up, native):
                # Where the platform tells nobody, the inbox could not know more than it says.
                words = "its reply says that it could not be confirmed"
                note(Kind.MISSING if native.expected else Gone.UNTOLD, native, words)
            elif native.by_api:
                note(Kind.SENT_TWICE, native, "left through the API, and no reply in the inbox stands for it")
            else:
                note(*_not_here(native, is_listed=any(each.speaks_of(native, keys) for each in lost)))
            continue
        if len(ours) > 1:
            note(Kind.DOUBLED, native, f"stands {len(ours)} times in the inbox")
        is_explained = not native.by_api or any(each.is_reply for each in ours)
        if not (is_explained or _takes_one(open_ones, native) or _takes_one(given_up, native)):
            note(Kind.SENT_TWICE, native, "left through the API, and the reply it came from has another id")
        for kind, detail in (*_whose(native, ours[0], writers), *_where(native, ours[0])):
            note(kind, native, detail)
        for kind, detail in () if ours[0].expired else _content(native, ours[0], rules.of(native.kind)):
            note(Gone.CHANGE if _was_untold(kind, native, ours[0]) else kind, native, detail)
    if gone is not None:
        told = {each.id for each in found if each.kind == Kind.SENT_TWICE}
        for native in _too_many(natives, by_id, gone, told):
            note(
                Kind.SENT_TWICE,
                native,
                "left through the API more often than replies with these words were sent",
            )
    return [*found, *_strangers(natives, kept), *_split(natives, kept), *_disorder(natives, kept)]


def _not_here(native: Native, *, is_listed: bool) -> tuple[Kind | Gone, Native, str]:
    """What it is called that the inbox has nothing of it. `is_listed`: a gap says that it is lost, which excuses nothing that history
    went on telling."""
    if native.expected:
        return Kind.MISSING, native, ""
    if native.could_be_kept:
        return (
            Kind.MISSING,
            native,
            "history told it again" if native.shown_again else "history told it for long",
        )
    if native.is_taken_back:
        if native.shown_ms:
            return Gone.MESSAGE, native, "history told it once, and it was unsent within the hour"
        return Gone.UNTOLD, native, "it was unsent within the hour"
    if native.shown_until_ms and not is_listed:
        return Kind.LOST, native, "its platform tells it no more, and no gap says that it is lost"
    return Gone.UNTOLD, native, ""


def _takes_one(replies: Counter[str], native: Native) -> bool:
    """Whether one of these replies may be it, which is none's but its own then."""
    found = replies[native.text] > 0
    replies[native.text] -= found
    return found


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


def _whose(native: Native, ours: Kept, writers: Collection[str]) -> Iterator[tuple[Kind, str]]:
    if native.outbound != ours.outbound:
        yield (
            Kind.SIDE,
            "ours there, the customer's here" if native.outbound else "the customer's there, ours here",
        )
        return
    # In public a platform may keep quiet about who wrote; then somebody unknown stands for them here.
    could_tell = bool(ours.author) and (not native.public or ours.author in writers)
    if could_tell and not native.outbound and ours.author != native.author:
        yield Kind.AUTHOR, f"{native.author} there, {ours.author} here"


def _where(native: Native, ours: Kept) -> Iterator[tuple[Kind, str]]:
    """Its place in time, on which windows and clocks hang, and what it answers, where both sides know of something. The time of a reply
    may be that of its sending, where a platform's answer told none."""
    early = native.at_ms - ours.at_ms
    # What was dated by its delivery may stand as late as that was, until history tells more.
    apart = early if ours.by_delivery else abs(early)
    if ours.at_ms and apart >= (OWN_CLOCK_MS if ours.is_reply else 1000):
        held_back = ", as what is told from more than a day ahead is" if early > _AHEAD_MS else ""
        yield Kind.TIME, f"{apart / 1000:.1f} seconds apart{held_back}"
    # In public a reply to an answer may stand under what that answered: some networks know two levels.
    is_flattened = native.public and ours.is_reply
    if native.answers and ours.answers and native.answers != ours.answers and not is_flattened:
        yield Kind.ANSWERS, f"{native.answers} there, {ours.answers} here"


def _content(native: Native, ours: Kept, rules: ReceiveRules) -> Iterator[tuple[Kind, str]]:
    # Where nobody tells what is unsent, none of it can be missed; what is erased here must be gone there everywhere.
    wrongly_erased = ours.deleted and not native.hidden
    if native.deleted != ours.deleted and (rules.unsends or wrongly_erased):
        yield Kind.DELETION, "unsent there, shown here" if native.deleted else "shown there, unsent here"
    elif not native.deleted and not ours.deleted:
        if not _same_text(native, ours, rules):
            yield Kind.TEXT, f"{len(native.text)} characters there, {len(ours.text)} here"
        if native.files != ours.files:
            yield Kind.FILES, f"{native.files} there, {ours.files} here"
        if ours.lost_files:
            yield Kind.FILE_LOST, f"{ours.lost_files} of {ours.files} were not copied before they were gone"
    if rules.reactions and not native.deleted and native.reactions != ours.reactions:
        yield Kind.REACTIONS, f"{len(native.reactions)} there, {len(ours.reactions)} here"


def _was_untold(kind: Kind, native: Native, ours: Kept) -> bool:
    """Whether all that differs is what no delivery told and history shows no more. All that stands here must be as it was before that."""
    untold = native.untold
    if kind == Kind.REACTIONS:
        return untold.explains(ours.reactions, there=native.reactions)
    if kind == Kind.TEXT:
        return ours.text in untold.texts
    was_whole = ours.text in untold.texts and not ours.lost_files
    as_reacted = untold.explains(ours.reactions, there=native.reactions)
    return kind == Kind.DELETION and untold.unsent and was_whole and as_reacted


def _same_text(native: Native, ours: Kept, rules: ReceiveRules) -> bool:
    """Where a platform does not tell of edits, any of the texts it had is the truth as far as anybody could know."""
    if native.text == ours.text or _only_a_link_more(native, ours):
        return True
    return not rules.edits and ours.text in native.versions


def _only_a_link_more(native: Native, ours: Kept) -> bool:
    """On X media travel as a link at the end of the words; the inbox shows the picture instead."""
    if native.platform != "x" or not native.files:
        return False
    longer, shorter = sorted((native.text, ours.text), key=len, reverse=True)
    return longer.startswith(shorter) and bool(MEDIA_LINK.fullmatch(longer[len(shorter) :]))


def _strangers(natives: Sequence[Native], kept: Sequence[Kept]) -> Iterator[Difference]:
    """Rows of the inbox that the platform has no message for: another telling of one it has, or something it never had."""
    known = {native.id for native in natives}
    said = {(native.outbound, native.text) for native in natives}
    first = natives[0]
    for each in kept:
        if each.id not in known and not each.is_news:
            kind = Kind.DOUBLED if (each.outbound, each.text) in said else Kind.UNKNOWN
            yield Difference(
                kind, first.platform, first.account, first.thread, each.id, "has no message of its own there"
            )


def _split(natives: Sequence[Native], kept: Sequence[Kept]) -> Iterator[Difference]:
    """The first message of each further conversation that has a part of one thread. What is said in public below one post is many."""
    private = {native.id for native in natives if not native.public}
    first = natives[0]
    parts: set[int] = set()
    for each in kept:
        if each.id in private and each.conversation_id not in parts:
            parts.add(each.conversation_id)
            if len(parts) > 1:
                yield Difference(
                    Kind.SPLIT,
                    first.platform,
                    first.account,
                    first.thread,
                    each.id,
                    "stands in another conversation",
                )


def _disorder(natives: Sequence[Native], kept: Sequence[Kept]) -> Iterator[Difference]:
    """Each message that stands behind one it came before. Within one second nobody can tell, where a time is no finer."""
    place = {native.id: position for position, native in enumerate(natives)}
    furthest: dict[
        int, tuple[int, bool]
    ] = {}  # of a private thread there is one, however many conversations it stands in
    for each in kept:
        position = place.get(each.id)
        if position is None:
            continue
        native = natives[position]
        whole = each.conversation_id if native.public else 0
        last, coarse = furthest.get(whole, (-1, False))
        if position < last:
            undecidable = (coarse or each.to_the_second) and natives[last].at_ms - native.at_ms < 1000
            if not undecidable:
                yield Difference(Kind.OUT_OF_ORDER, native.platform, native.account, native.thread, native.id)
        else:
            furthest[whole] = (position, each.to_the_second)
