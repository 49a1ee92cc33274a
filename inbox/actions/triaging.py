"""Triage follows the brand's events: whatever happened since it last looked is looked at, once, in batches.

The events are the queue and `TriageCursor` says how far it has come, so nothing depends on a message to a worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from inbox.queries import merges
from inbox.queries.news import REWORDED
from inbox.rules import pacing

log = structlog.get_logger(__name__)
BATCH = 500  # events
CONVERSATIONS = pacing.MOST  # of one transaction

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


@dataclass(slots=True)
class Batch:
    """What happened after the cursor. `since`: of each touched conversation, when its earliest news happened. `more`: it was cut off."""

    brand_id: int
    after: int
    upto: int
    since: dict[int, datetime] = field(default_factory=dict)
    message_ids: list[int] = field(default_factory=list)
    more: bool = False

    @property
    def is_empty(self) -> bool:
        return self.upto <= self.after


def next_batch(brand_id: int, *, limit: int = BATCH, conversations: int = CONVERSATIONS) -> Batch:
    """The next events, without any lock: their numbers rise in the order of commits, so none can come in between later.

    At most `limit` events, of at most `conversations` conversations, and besides those that they were merged into.
    """
    after = _cursor(brand_id)
    batch = Batch(brand_id, after, after)
    news = _news(brand_id, after, first=2 * conversations, limit=limit)
    for number, (seq, kind, conversation_id, message_id, actor_id, at, what) in enumerate(news, start=1):
        batch.more = number == limit
        if len(batch.since) >= conversations and conversation_id not in batch.since:
            batch.more = True
            break
        batch.upto = seq
        if conversation_id is None or not (kind in NEWS or (kind in NEWS_BY_PEOPLE and actor_id)):
            continue
        batch.since[conversation_id] = min(at, batch.since.get(conversation_id, at))
        if message_id and (kind, what) in _WORDS:
            batch.message_ids.append(message_id)
    for merged, kept in merges.kept_of(list(batch.since)):  # an answer there is an answer here
        batch.since[kept] = min(batch.since[merged], batch.since.get(kept, batch.since[merged]))
    return batch


def _news(brand_id: int, after: int, *, first: int, limit: int) -> Iterator[tuple[Any, ...]]:
    """The next events, at most `limit`. `first`: so many are read before the others. Where each is of another conversation the batch is
    full by then, and whoever is far behind would read the same hundreds again for each batch."""
    found = Event.objects.filter(brand_id=brand_id).order_by("seq")
    columns = found.values_list(
        "seq", "kind", "conversation_id", "message_id", "actor_id", "at", "data__what"
    )
    for some in (min(first, limit), max(0, limit - first)):
        read = list(columns.filter(seq__gt=after)[:some])
        yield from read
        if not read or len(read) < some:
            return
        after = read[-1][0]


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
        .only("text", "conversation__platform", "conversation__kind")
        .in_thread_order()
    )


def triage(batch: Batch, readings: Readings | None, *, now: datetime) -> bool:
    """Look at the touched conversations as they are now, and move the cursor. False: somebody else was here first.

    A conversation that cannot be looked at is looked at without the readings, and if that fails, too, left out; either is logged. It
    does not keep the others from being looked at.
    `readings` is None where nothing could be read: tags then stay as they are.
    """
    try:
        return _triage(batch, readings, now)
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
        sorted(batch.since),
        partial(_look, batch, readings, now),
        told="left_out" if readings is None else "left_without_tags",
    )
    if readings is not None:  # clocks and a place in the list must not depend on what was read
        _isolating.each(left_out, partial(_look, batch, None, now))
    return move_on(batch)


@transaction.atomic(durable=True)
def _triage(batch: Batch, readings: Readings | None, now: datetime) -> bool:
    with events.ledger(batch.brand_id) as ledger:
        if not _move(batch, batch.upto):
            return False
        _looking.look(ledger, list(batch.since), now, readings=readings, news_since=batch.since)
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
