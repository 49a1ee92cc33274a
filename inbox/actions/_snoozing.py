"""What ends a snooze: its time, the customer, or a colleague. The timer goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from inbox import events
from inbox.actions import _sql
from inbox.models import EventKind, TimerKind
from inbox.rules.arrays import array


def wake(ledger: events.Ledger, conversation_ids: Iterable[int], now: datetime) -> list[int]:
    """Open those whose time has come, and say so. Whatever was woken, snoozed for longer or closed meanwhile stays as it is.

    The event has the time at which it came back, which is when anybody could see it; the snooze ended when it was to end, however late
    that is seen to, and so it does for clocks."""
    due = _sql.rows(
        """SELECT id, snoozed_until FROM inbox_conversation
            WHERE brand_id = %s AND id = ANY(%s::bigint[]) AND state = 'snoozed' AND snoozed_until <= %s ORDER BY id""",
        [ledger.brand_id, array(list(conversation_ids)), now],
    )
    if not due:
        return []
    records = [(pk, tell_end(ledger, pk, until, now)) for pk, until in due]
    _sql.run(
        """UPDATE inbox_conversation c SET state = 'open', snoozed_until = NULL, seq = d.seq
             FROM unnest(%s::bigint[], %s::bigint[]) AS d(id, seq) WHERE c.id = d.id""",
        _sql.columns(records, 2),
    )
    woken = [pk for pk, _ in records]
    forget_timers(woken)
    return woken


def tell_end(ledger: events.Ledger, conversation_id: int, until: datetime, now: datetime) -> int:
    """Its snooze, which lasted until then, is over."""
    return ledger.record(
        EventKind.WOKEN, at=now, conversation_id=conversation_id, by="time", over_at=until.isoformat()
    )


def set_timer(ledger: events.Ledger, conversation_id: int, until: datetime | None) -> None:
    """One wake-up a conversation; none where the customer's next message is waited for."""
    if until is None:
        forget_timers([conversation_id])
        return
    _sql.run(
        """INSERT INTO inbox_timer (brand_id, conversation_id, clock_id, kind, percent, due_at)
           VALUES (%s, %s, NULL, %s, 0, %s)
           ON CONFLICT (conversation_id, clock_id, kind, percent) DO UPDATE SET due_at = excluded.due_at, fired_at = NULL""",
        [ledger.brand_id, conversation_id, TimerKind.WAKE, until],
    )


def set_timers(ledger: events.Ledger, conversation_ids: list[int], until: datetime | None) -> None:
    """As set_timer, for many that wake at the same time."""
    forget_timers(conversation_ids)
    if until is not None:
        set_each(ledger, dict.fromkeys(conversation_ids, until))


def set_each(ledger: events.Ledger, until: Mapping[int, datetime]) -> None:
    """A time for each; none of them has a timer."""
    if until:
        _sql.run(
            """INSERT INTO inbox_timer (brand_id, conversation_id, clock_id, kind, percent, due_at)
               SELECT %s, d.id, NULL, %s, 0, d.due_at FROM unnest(%s::bigint[], %s::timestamptz[]) AS d(id, due_at)""",
            [ledger.brand_id, TimerKind.WAKE, *_sql.columns(list(until.items()), 2)],
        )


def forget_timers(conversation_ids: list[int]) -> None:
    """Their snooze is over, whatever ended it."""
    if conversation_ids:
        _sql.run(
            "DELETE FROM inbox_timer WHERE conversation_id = ANY(%s) AND clock_id IS NULL AND kind = %s",
            [conversation_ids, TimerKind.WAKE],
        )
