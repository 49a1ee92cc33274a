"""Triage follows the brand's events: whatever happened since it last looked is looked at, once, in batches.

The events are the queue and `TriageCursor` says how far it has come, so nothing depends on a message to a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.db.models import F, Q

from inbox import events
from inbox.actions import _isolating, _looking, _sql
from inbox.actions.tagging_work import Readings
from inbox.exchange import MessageKind
from inbox.models import BrandSequence, Direction, Event, EventKind, Message, TriageCursor
from inbox.queries import merges, same_person
from inbox.queries.news import REWORDED
from inbox.rules import pacing

log = structlog.get_logger(__name__)
EVENTS = 4000  # read ahead
CONVERSATIONS = pacing.MOST  # of one transaction
MESSAGES = 256  # whose words are read before a transaction, half a second with the model

# After these a conversation is looked at. What triage itself records is not among them, or it would never come to rest.
NEWS = (
    EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_ECHOED, EventKind.MESSAGE_FOUND, EventKind.MESSAGE_AMENDED,
    EventKind.REPLY_QUEUED, EventKind.REPLY_SENT, EventKind.REPLY_FAILED, EventKind.REPLY_TAKEN_BACK, EventKind.CONVERSATION_READ,
    EventKind.RESOLVED, EventKind.REOPENED,
    EventKind.SNOOZED, EventKind.WOKEN, EventKind.PROMISED, EventKind.NO_REPLY_NEEDED, EventKind.CONTACT_UPDATED,
    EventKind.CONTACTS_MERGED, EventKind.CONTACTS_PARTED, EventKind.CONVERSATIONS_MERGED, EventKind.CONVERSATIONS_PARTED,
    EventKind.MARKED_SPAM, EventKind.PENDING,
)  # fmt: skip
# These are news only when a person caused them: triage sets tags and priorities, too.
NEWS_BY_PEOPLE = (EventKind.TAGGED, EventKind.UNTAGGED, EventKind.PRIORITISED)
# After these a customer's words are read. Of amendments only those by which the words became others: a reaction, a file that was
# fetched or a name that was learned is no reason to read anew what somebody said last week.
_WORDS = ((EventKind.MESSAGE_RECEIVED, None), (EventKind.MESSAGE_AMENDED, REWORDED))
# After these a person may have come another number of times, which counts in whatever else is under way with them: a coming begins where
# nobody wrote for hours, and an answer that is learned of late fills such a silence.
_SPOKEN = (
    EventKind.MESSAGE_RECEIVED,
    EventKind.MESSAGE_ECHOED,
    EventKind.MESSAGE_FOUND,
    EventKind.REPLY_SENT,
)
BESIDE = pacing.MOST  # conversations of one person


@dataclass(slots=True)
class Batch:
    """What happened after the cursor. `since`: of each touched conversation, when its earliest news happened. `beside`: others of the same
    people, where nothing happened. `more`: it was cut off."""

    brand_id: int
    after: int
    upto: int
    since: dict[int, datetime] = field(default_factory=dict)
    message_ids: list[int] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)
    more: bool = False

    @property
    def is_empty(self) -> bool:
        return self.upto <= self.after

    @property
    def parts(self) -> list[list[int]]:
        """All that is looked at, in parts of which none holds the lock much longer than those of `since` alone would. These come last."""
        size = max(pacing.FEWEST, len(self.since))
        early = max(0, len(self.beside) - size)  # so many do not fit beside them
        parts = [self.beside[at : min(at + size, early)] for at in range(0, early, size)]
        return [*parts, [*self.since, *self.beside[early:]]]


class Ahead:
    """The next events of a brand, read ahead without any lock: their numbers rise in the order of commits, so none can come in between
    later.

    A conversation is looked at as it is now, so what it has further on is looked at together with its first: whoever is behind has
    one look for a conversation, not one for each message. The cursor only passes what has been looked at; if the process dies,
    some are looked at twice, which changes nothing.
    """

    def __init__(self, brand_id: int, *, limit: int = EVENTS) -> None:
        self.brand_id, self._after = brand_id, _cursor(brand_id)
        self._firsts: list[tuple[int, int]] = []  # (number, conversation) of the first news of each
        self._since: dict[int, datetime] = {}
        self._messages: dict[int, list[int]] = {}
        self._spoken: set[int] = set()
        self._taken = 0
        read = self._read(limit)
        self._last = self._after
        self._is_cut = len(read) == limit
        for seq, kind, conversation_id, message_id, actor_id, at, what in read:
            says = bool(message_id) and (kind, what) in _WORDS
            if says and len(self._messages.get(conversation_id, ())) == MESSAGES:
                self._is_cut = True  # a flood in one conversation: what follows is read ahead after that
                break
            self._last = seq
            if conversation_id is None or not (kind in NEWS or (kind in NEWS_BY_PEOPLE and actor_id)):
                continue
            if conversation_id not in self._since:
                self._firsts.append((seq, conversation_id))
            self._since[conversation_id] = min(at, self._since.get(conversation_id, at))
            if kind in _SPOKEN:
                self._spoken.add(conversation_id)
            if says:
                self._messages.setdefault(conversation_id, []).append(message_id)

    @property
    def is_empty(self) -> bool:
        """Nothing has happened since."""
        return self._last <= self._after

    def _read(self, limit: int) -> list[tuple[Any, ...]]:
        found = Event.objects.filter(brand_id=self.brand_id, seq__gt=self._after).order_by("seq")
        columns = ("seq", "kind", "conversation_id", "message_id", "actor_id", "at", "data__what")
        return list(found.values_list(*columns)[:limit])

    def take(self, conversations: int = CONVERSATIONS) -> Batch:
        """The next of them: at most so many conversations, besides those that they were merged into and others of the same people, and at most
        `MESSAGES` messages. Empty when all have been taken."""
        batch = Batch(self.brand_id, self._after, self._after)
        for _, conversation_id in self._firsts[self._taken : self._taken + conversations]:
            words = self._messages.get(conversation_id, [])
            if batch.since and len(batch.message_ids) + len(words) > MESSAGES:
                break
            batch.since[conversation_id] = self._since[conversation_id]
            batch.message_ids += words
        self._taken += len(batch.since)
        is_last = self._taken == len(self._firsts)
        batch.upto = self._after = self._last if is_last else self._firsts[self._taken][0] - 1
        batch.more = self._is_cut or not is_last
        for merged, kept in merges.kept_of(list(batch.since)):  # an answer there is an answer here
            batch.since[kept] = min(batch.since[merged], batch.since.get(kept, batch.since[merged]))
        # Asked without the lock: who becomes another's person, and what is opened again, is news of its own.
        spoken = self._spoken.intersection(batch.since)
        batch.beside = same_person.under_way_beside(spoken, left_out=batch.since, most=BESIDE)
        return batch


def next_batch(brand_id: int, *, limit: int = EVENTS, conversations: int = CONVERSATIONS) -> Batch:
    """The next alone. Who takes one after the other reads ahead."""
    return Ahead(brand_id, limit=limit).take(conversations)


def messages_of(batch: Batch) -> list[Message]:
    """What customers wrote in it: the words that tags, language and mood are read from, and where they were said."""
    if not batch.message_ids:
        return []
    return list(
        Message.objects.filter(
            pk__in=batch.message_ids, direction=Direction.IN, historical=False, deleted_at=None
        )
        .exclude(kind=MessageKind.SYSTEM)
        .select_related("conversation")
        .only("text", "conversation__platform", "conversation__kind", "conversation__language")
        .in_thread_order()
    )


def triage(batch: Batch, readings: Readings | None, *, now: datetime) -> bool:
    """Look at the touched conversations as they are now, and move the cursor. False: somebody else was here first.

    A conversation that cannot be looked at is looked at without the readings, and if that fails, too, left out; either is logged. It
    does not keep the others from being looked at.
    `readings` is None where nothing could be read: tags then stay as they are.
    """
    # Before the cursor moves: who dies in between looks at them again, which changes nothing.
    *early, together = batch.parts
    for part in early:
        _isolating.each(part, partial(_look, batch, None, now))
    try:
        return _triage(batch, together, readings, now)
    except OperationalError:  # the database is away or busy: nothing is wrong with any conversation
        raise
    except Exception:
        if not batch.since:
            raise
        log.exception(
            "triage_batch_failed", brand=batch.brand_id, after=batch.after, conversations=len(batch.since)
        )
    if _cursor(batch.brand_id) != batch.after:
        return False
    left_out = _isolating.each(
        sorted(together),
        partial(_look, batch, readings, now),
        told="left_out" if readings is None else "left_without_tags",
    )
    if readings is not None:  # clocks and a place in the list must not depend on what was read
        _isolating.each(left_out, partial(_look, batch, None, now))
    return move_on(batch)


@transaction.atomic(durable=True)
def _triage(batch: Batch, conversation_ids: Sequence[int], readings: Readings | None, now: datetime) -> bool:
    with events.ledger(batch.brand_id) as ledger:
        if not _move(batch, batch.upto):
            return False
        _looking.look(ledger, conversation_ids, now, readings=readings, news_since=batch.since)
        if batch.upto == ledger.first - 1:  # what has just been recorded needs no looking at
            TriageCursor.objects.filter(pk=batch.brand_id).update(seq=ledger.last)
    return True


@transaction.atomic(durable=True)
def _look(batch: Batch, readings: Readings | None, now: datetime, conversation_ids: Sequence[int]) -> None:
    with events.ledger(batch.brand_id) as ledger:
        _looking.look(ledger, conversation_ids, now, readings=readings, news_since=batch.since)


@transaction.atomic(durable=True)
def move_on(batch: Batch) -> bool:
    """The cursor alone: nothing in the batch concerns triage, or what does has been looked at."""
    return _move(batch, batch.upto)


def _move(batch: Batch, to: int) -> bool:
    """Compare and set."""
    return bool(
        _sql.run(
            """INSERT INTO inbox_triagecursor AS c (brand_id, seq) VALUES (%s, %s)
               ON CONFLICT (brand_id) DO UPDATE SET seq = excluded.seq WHERE c.seq = %s""",
            [batch.brand_id, to, batch.after],
        )
    )


def _cursor(brand_id: int) -> int:
    return TriageCursor.objects.filter(pk=brand_id).values_list("seq", flat=True).first() or 0


def behind() -> list[int]:
    """Brands with events that triage has not looked at, those among them that it has never looked at."""
    found = BrandSequence.objects.filter(
        Q(brand__triage_cursor__isnull=True, last__gt=0) | Q(last__gt=F("brand__triage_cursor__seq"))
    )
    return list(found.order_by("pk").values_list("pk", flat=True))
