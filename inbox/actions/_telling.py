"""Warnings and breaches are told: once each, with what follows from a breach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox import events
from inbox.actions import _clock_rows
from inbox.actions._clocks import Standing
from inbox.models import EventKind, TimerKind


def tell(ledger: events.Ledger, standing: Sequence[Standing], now: datetime) -> None:
    """The ledger is open, so no other sweep tells the same meanwhile; what was told is written with the telling."""
    told: list[tuple[int, int, str, int, datetime]] = []
    breaches: list[tuple[int, datetime, int]] = []
    for each in standing:
        timer = each.next_timer(now)
        if timer is None or timer[2] > now:
            continue
        kind, percent, due_at = timer
        told.append((each.touched.id, each.stored.id, kind, percent, due_at))
        if kind == TimerKind.BREACH:
            seq = _record(ledger, EventKind.SLA_BREACHED, each, now, percent)
            each.stored.breached_at, each.stored.breach_seq = due_at, seq
            breaches.append((each.stored.id, due_at, seq))
            _escalate(ledger, each, now)
        else:
            _record(ledger, EventKind.SLA_WARNED, each, now, percent)
            each.stored.warned = percent
    _clock_rows.note_told(ledger.brand_id, told, breaches, now)


def _record(ledger: events.Ledger, kind: EventKind, standing: Standing, now: datetime, percent: int) -> int:
    clock, touched = standing.clock, standing.touched
    touched.changed.setdefault("due_at", touched.due_at)  # its row is shown anew, whatever else changes
    return ledger.record(
        kind, at=now, conversation_id=touched.id, clock=clock.kind.value, policy=standing.stored.policy_name,
        target=standing.stored.target, percent=percent, ended=clock.ended_at is not None,
        due_at=clock.due_at.isoformat() if clock.due_at else None, started_at=clock.started_at.isoformat(),
    )  # fmt: skip


def _escalate(ledger: events.Ledger, standing: Standing, now: datetime) -> None:
    """What is late and not ended becomes urgent (by the score, which reads it here) and may leave its assignee."""
    touched = standing.touched
    if standing.clock.ended_at is not None:
        return
    for clock in touched.clocks:
        if clock.kind == standing.stored.kind:
            clock.breached = True
    if standing.unassigns and touched.assignee_id is not None:
        ledger.record(
            EventKind.UNASSIGNED, at=now, conversation_id=touched.id, to=None, to_name="", before=touched.assignee_id,
            why="late",
        )  # fmt: skip
        touched.change(assignee_id=None, assignee_name="")
