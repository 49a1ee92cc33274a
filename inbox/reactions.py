"""What follows from an event, after its commit. Ask “what happens when a reply is queued?” and read here (and in connectors.reactions)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from inbox import audience, realtime, tasks
from inbox.actions import indexing, routing, triaging
from inbox.events import on
from inbox.models import Event, EventKind
from inbox.queries import held_up, merges, notices, timeline, view_counting
from inbox.queries.thread_news import Said

_IN_THE_LIST = tuple(kind for kind in EventKind if kind is not EventKind.CHANNEL_CHANGED)
_ON_A_MESSAGE = (
    EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_ECHOED, EventKind.MESSAGE_FOUND, EventKind.MESSAGE_OF_SYSTEM, EventKind.MESSAGE_AMENDED,
    EventKind.NOTE_ADDED, EventKind.REPLY_QUEUED, EventKind.REPLY_SENDING, EventKind.REPLY_SENT, EventKind.REPLY_WAITS,
    EventKind.REPLY_UNCERTAIN, EventKind.REPLY_FAILED, EventKind.REPLY_DELIVERED, EventKind.REPLY_SEEN, EventKind.REPLY_TAKEN_BACK, EventKind.NOTE_TAKEN_BACK,
)  # fmt: skip
_BETWEEN_MESSAGES = (*timeline.SHOWN_EVENTS, EventKind.TRIAGED, EventKind.CONTACT_UPDATED)


@on(*_IN_THE_LIST)
def show_in_lists(events: list[Event]) -> None:
    if not _anybody_looks(events[0].brand_id):
        return
    conversation_ids = {event.conversation_id for event in events if event.conversation_id}
    bells = notices.bells_of(event.data for event in events if event.kind == EventKind.NOTIFIED)
    realtime.push_rows(
        events[0].brand_id, conversation_ids, events[0].seq, events[-1].seq, bells=bells, threads=_numbers_in_threads(events)
    )  # fmt: skip
    # Where nobody looks, the next sweep is soon enough for the counters of saved views.
    if view_counting.has_views(events[0].brand_id):
        tasks.wake_counting(events[0].brand_id)


def _anybody_looks(brand_id: int) -> bool:
    """Every page listens to its brand, whatever it has open."""
    return bool(audience.of([realtime.brand_group(brand_id)]))


def _numbers_in_threads(events: list[Event]) -> dict[int, list[int]]:
    """By conversation: the numbers with which the two reactions below tell of it. Somebody may look by then, so it is said of all,
    and of those in which another one is answered."""
    numbers: dict[int, list[int]] = defaultdict(list)
    said, between = _newest(events, _ON_A_MESSAGE), _newest(events, _BETWEEN_MESSAGES)
    for conversation_id, seq in (*said.items(), *between.items()):
        numbers[conversation_id].append(seq)
    for merged, kept in merges.shown_in(said).items():
        numbers[kept].append(said[merged])
    return numbers


def _newest(events: list[Event], kinds: Collection[EventKind]) -> dict[int, int]:
    return {pk: event.seq for event in events if event.kind in kinds and (pk := event.conversation_id)}


@on(*_ON_A_MESSAGE)
def show_in_threads(events: list[Event]) -> None:
    by_conversation: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.conversation_id:
            by_conversation[event.conversation_id].append(event)
    looked_at = _threads_looked_at(events[0].brand_id, by_conversation)
    news = []
    for conversation_id, told in by_conversation.items():
        if not looked_at[conversation_id]:
            continue
        seen = any(event.kind == EventKind.REPLY_SEEN for event in told)
        news.append(
            Said(
                conversation_id, [event.message_id for event in told if event.message_id], told[-1].seq,
                changed_since=min(event.seq for event in told) if seen else None,
                gone=[gone for event in told for gone in timeline.gone_by(event)], threads=looked_at[conversation_id],
            )
        )  # fmt: skip
    if news:
        realtime.push_messages(news)


def _threads_looked_at(brand_id: int, conversation_ids: Collection[int]) -> dict[int, list[int]]:
    """By conversation, where somebody sees what is said in it: its own thread, and that of the one in which it is answered."""
    if not _anybody_looks(brand_id):
        return {pk: [] for pk in conversation_ids}
    kept = merges.shown_in(conversation_ids)
    groups = {pk: realtime.conversation_group(pk) for pk in (*conversation_ids, *kept.values())}
    watched = audience.of(groups.values())
    places = {pk: [pk, *([kept[pk]] if pk in kept else [])] for pk in conversation_ids}
    return {pk: [place for place in found if groups[place] in watched] for pk, found in places.items()}


@on(*_BETWEEN_MESSAGES)
def show_between_messages(events: list[Event]) -> None:
    if not _anybody_looks(events[0].brand_id):
        return
    by_conversation: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.conversation_id:
            by_conversation[event.conversation_id].append(event)
    watched = audience.of(realtime.conversation_group(conversation_id) for conversation_id in by_conversation)
    for conversation_id, told in by_conversation.items():
        if realtime.conversation_group(conversation_id) in watched:
            # Who blocked the brand, or can be written to again, is news of a contact, too.
            of_person = any(event.kind == EventKind.CONTACT_UPDATED for event in told)
            realtime.push_events(conversation_id, told, of_person=of_person)


@on(EventKind.BULK_WORKED)
def show_how_far_it_has_come(events: list[Event]) -> None:
    if _anybody_looks(events[0].brand_id):
        realtime.push_bulk(events[-1].data["run"])


@on(EventKind.PEOPLE_CHANGED)
def see_who_works_here(events: list[Event]) -> None:
    """What is with somebody who left is taken back by the next sweep of presence."""
    for event in events:
        realtime.nudge_doors(event.brand_id, event.data["person"])
    realtime.push_presence([events[0].brand_id])
    realtime.push_views(events[0].brand_id)


@on(EventKind.CHANNEL_CHANGED)
def show_in_composers(events: list[Event]) -> None:
    for event in events:
        realtime.push_channel_changed(event.brand_id, event.data["channel"], event.seq)
    if _anybody_looks(events[0].brand_id):
        _show_what_holds_up({event.data["channel"] for event in events}, events[0].brand_id)


def _show_what_holds_up(channel_ids: set[int], brand_id: int) -> None:
    """Replies that nobody has tried yet are another sight with another state of their channel, and nothing is told of them themselves."""
    waiting: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for conversation_id, message_id, seq in held_up.untried(channel_ids):
        waiting[conversation_id].append((message_id, seq))
    looked_at = _threads_looked_at(brand_id, waiting)
    news = [
        Said(
            pk, [message_id for message_id, _ in theirs], max(seq for _, seq in theirs), threads=looked_at[pk]
        )
        for pk, theirs in waiting.items()
        if looked_at[pk]
    ]
    if news:
        realtime.push_messages(news)


@on(*triaging.NEWS, *triaging.NEWS_BY_PEOPLE)
def look_at_what_happened(events: list[Event]) -> None:
    tasks.wake_triage(events[0].brand_id)


@on(*indexing.NEWS)
def find_it_by_its_words(events: list[Event]) -> None:
    tasks.wake_indexing(events[0].brand_id)


@on(EventKind.WEIGHTS_CHANGED)
def follow_new_settings(events: list[Event]) -> None:
    tasks.wake_rescoring(events[0].brand_id)


@on(
    EventKind.TRIAGED,
    EventKind.RESOLVED,
    EventKind.SNOOZED,
    EventKind.PENDING,
    EventKind.ASSIGNED,
    EventKind.UNASSIGNED,
)
def find_somebody(events: list[Event]) -> None:
    """Something new waits, or somebody has room again."""
    brand_id = events[0].brand_id
    if all(event.data.get("columns") == ["routing"] for event in events):
        return  # the router's own words: it has just looked
    if routing.waits(brand_id):
        tasks.wake_routing(brand_id)
