"""The sweep: whatever a timer says is due now. Timers are rows, so neither a killed worker nor a flushed broker loses one."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from inbox import events
from inbox.actions import _by_brand, _isolating, _looking, _snoozing, _sql
from inbox.rules.arrays import array
from inbox.rules.pacing import Pace

# Conversations of one transaction: as many as hold the brand's lock no longer than others may wait (rules.pacing), and so many at least. The
# statements of a batch cost the same for eight, and on a machine that is busy after an outage small batches would make what is due later still.
# So few that pages are sent their rows (realtime.MANY_ROWS): they come in by themselves.
AT_ONCE, AT_MOST = 96, 512
A_LOOK = 500  # timers that one look finds
LATER = timedelta(minutes=1)  # for a conversation that cannot be looked at
SELDOM = 10  # times as long as it took to find that out, so that it takes a small part of the time

DUE = """SELECT brand_id, conversation_id FROM inbox_timer
          WHERE fired_at IS NULL AND due_at <= %s AND brand_id <> ALL(%s) ORDER BY due_at, id LIMIT %s"""

STILL_DUE = """SELECT DISTINCT conversation_id FROM inbox_timer
                WHERE conversation_id = ANY(%s::bigint[]) AND fired_at IS NULL AND due_at <= %s ORDER BY conversation_id"""


def due(*, now: datetime, without: Collection[int] = (), limit: int = A_LOOK) -> dict[int, list[int]]:
    """Conversations with a timer that is due, by brand, the most overdue first."""
    found: dict[int, dict[int, None]] = {}
    for brand_id, conversation_id in _sql.rows(DUE, [now, list(without), limit]):
        found.setdefault(brand_id, {})[conversation_id] = None
    return {brand_id: list(ids) for brand_id, ids in found.items()}


def a_pace() -> Pace:
    return Pace(AT_ONCE, most=AT_MOST, fewest=AT_ONCE)


def sweep(*, now: datetime, without: Collection[int] = (), pace: Pace | None = None) -> int:
    """Do what is due. Returns how many conversations had something. Two sweepers at once tell nothing twice. Whoever sweeps again and again
    keeps the `pace`.

    A brand whose lock somebody holds, or that cannot be worked, is left to the next sweep; the others do not wait for it, nor for more than a
    batch of a brand in which much is due, nor for one in which more is due than one look finds.
    """
    done, found, pace = 0, due(now=now, without=without), pace or a_pace()
    left = dict(found)
    while left:
        for brand_id, ids in list(left.items()):
            some, left[brand_id] = ids[: pace.size], ids[pace.size :]
            is_done = _by_brand.work(brand_id, partial(_sweep_some, brand_id, some, now, pace), now=now)
            if is_done:
                done += len(some)
            if not (is_done and left[brand_id]):
                del left[brand_id]
    if found:  # what is due there may have left no place for what is due elsewhere
        done += sweep(now=now, without=[*without, *found], pace=pace)
    return done


def _sweep_some(brand_id: int, conversation_ids: Sequence[int], now: datetime, pace: Pace) -> None:
    failed, began = list[int](), time.monotonic()
    try:
        _isolating.each(sorted(conversation_ids), partial(_fire, brand_id, now), failed=failed)
    finally:
        took = time.monotonic() - began
        pace.took(took, of=len(conversation_ids))
        if failed:
            _put_off(brand_id, failed, now, max(LATER, timedelta(seconds=SELDOM * took)))


@transaction.atomic(durable=True)
def _fire(brand_id: int, now: datetime, conversation_ids: Sequence[int]) -> None:
    """Look at these conversations as they are now and tell what is due. What is no longer due is not told."""
    _by_brand.be_patient()
    with events.ledger(brand_id) as ledger:
        still_due = [pk for (pk,) in _sql.rows(STILL_DUE, [array(conversation_ids), now])]
        if not still_due:  # another sweeper had the lock before
            return
        _snoozing.wake(ledger, still_due, now)
        _sql.run(  # turns of scores are set anew by the look, which writes each of them once
            """UPDATE inbox_timer SET fired_at = %s WHERE conversation_id = ANY(%s::bigint[]) AND clock_id IS NULL AND kind <> 'turn'
                AND fired_at IS NULL AND due_at <= %s""",
            [now, array(still_due), now],
        )
        _looking.look(ledger, still_due, now, tell=True)


@transaction.atomic(durable=True)
def _put_off(brand_id: int, conversation_ids: Sequence[int], now: datetime, by: timedelta = LATER) -> None:
    _by_brand.be_patient()
    with events.ledger(brand_id):
        _sql.run(
            "UPDATE inbox_timer SET due_at = %s WHERE conversation_id = ANY(%s) AND fired_at IS NULL AND due_at <= %s",
            [now + by, list(conversation_ids), now],
        )
