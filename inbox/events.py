"""What happened, written with the change itself and told after the commit.

An action opens the brand's ledger, which takes the brand's lock row: writers of one brand stand in line, so sequence numbers rise in
the order of commits. A page that has seen number n may ask for all that came after n and can never be missing one in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.db import connection, transaction
from django.db.models.base import ModelState

from inbox import binding
from inbox.models import BrandSequence, Event, EventKind
from inbox.rules.arrays import arrays

log = structlog.get_logger(__name__)

Reaction = Callable[[list[Event]], None]
_reactions: list[tuple[frozenset[EventKind], Reaction]] = []


class Ledger:
    """The events of one transaction of one brand. Use through `ledger`."""

    def __init__(self, brand_id: int) -> None:
        self.brand_id = brand_id
        self.first = _lock(brand_id) + 1
        self._events: list[Event] = []

    @property
    def last(self) -> int:
        return self.first + len(self._events) - 1

    @property
    def told(self) -> Sequence[Event]:
        """What this transaction has recorded so far. No table has it before it ends."""
        return self._events

    def record(
        self,
        kind: EventKind,
        *,
        at: datetime,
        conversation_id: int | None = None,
        message_id: int | None = None,
        actor_id: int | None = None,
        **data: Any,
    ) -> int:
        """Number an event. The number goes into the `seq` of the rows it changes."""
        seq = self.first + len(self._events)
        event = _made(
            id=None, brand_id=self.brand_id, seq=seq, kind=kind, conversation_id=conversation_id, message_id=message_id,
            actor_id=actor_id, at=at, data=data,
        )  # fmt: skip
        self._events.append(event)
        return seq

    def attach(self, seq: int, message_id: int) -> None:
        """Name the message of an event that was numbered before its row existed."""
        self._events[seq - self.first].message_id = message_id

    def close(self) -> None:
        if not self._events:
            return
        _insert(self._events)
        _run("UPDATE inbox_brandsequence SET last = %s WHERE brand_id = %s", [self.last, self.brand_id])
        events = self._events
        transaction.on_commit(lambda: tell(events))


def _lock(brand_id: int) -> int:
    """Take the brand's lock. Returns its last number. Not asked of Django's ORM, which makes its statement anew each time, for longer than
    the server needs for it."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "A ledger is opened within a transaction, whose end is that of its lock."
        )
    with binding.cursor() as cursor:
        cursor.execute("SELECT last FROM inbox_brandsequence WHERE brand_id = %s FOR UPDATE", [brand_id])
        found = cursor.fetchone()
    if found is None:
        raise BrandSequence.DoesNotExist(f"There is no brand {brand_id}.")
    return int(found[0])


def _made(**columns: Any) -> Event:
    """As if its row had been read. Django sets each column by itself, which takes six times as long, and a batch tells some hundred events."""
    event = Event.__new__(Event)
    event._state = ModelState()
    event._state.adding = False
    event.__dict__.update(columns)
    return event


def _insert(events: list[Event]) -> None:
    """In one statement whatever the number: bulk_create costs a seventh of a batch's time."""
    columns = arrays(
        [
            (event.seq, event.kind, event.conversation_id, event.message_id, event.actor_id, event.at,
             orjson.dumps(event.data).decode() if event.data else "{}")
            for event in events
        ],
        7,
    )  # fmt: skip
    _run(
        """INSERT INTO inbox_event (brand_id, seq, kind, conversation_id, message_id, actor_id, at, data)
           SELECT %s, e.* FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                                      %s::jsonb[]) AS e ORDER BY 2""",
        [events[0].brand_id, *columns],
    )


def _run(sql: str, params: Sequence[Any]) -> None:
    with binding.cursor() as cursor:
        cursor.execute(sql, params)


@contextmanager
def ledger(brand_id: int) -> Iterator[Ledger]:
    """Take the brand's write lock and number what happens. Must be the first lock an action takes, but for
    that of the counters, where it needs both (actions/_view_cursor)."""
    opened = Ledger(brand_id)
    yield opened
    opened.close()


def on(*kinds: EventKind) -> Callable[[Reaction], Reaction]:
    """Register what follows from events of these kinds. It gets those of one transaction together, after the commit."""

    def register(reaction: Reaction) -> Reaction:
        _reactions.append((frozenset(kinds), reaction))
        return reaction

    return register


def tell(events: list[Event]) -> None:
    """Run each reaction on its own: one that fails is logged and the others still hear."""
    for kinds, reaction in _reactions:
        if heard := [event for event in events if event.kind in kinds]:
            try:
                reaction(heard)
            except Exception:
                log.exception(
                    "reaction_failed", reaction=reaction.__name__, events=len(heard), seq=heard[0].seq
                )
