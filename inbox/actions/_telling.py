"""Warnings and breaches are told: once each, to those whom the policy names, with what follows from a breach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox import events
from inbox.actions import _clock_rows, _notifying, _queueing
from inbox.actions._clocks import Standing
from inbox.actions._notifying import Notice
from inbox.models import EventKind, Membership, NotificationKind, Role, TimerKind
from inbox.queries import spans

_LEADS = (Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class _Colleague:
    name: str
    leads: bool


def tell(ledger: events.Ledger, standing: Sequence[Standing], now: datetime) -> None:
    """The ledger is open, so no other sweep tells the same meanwhile; what was told is written with the telling."""
    due = [(each, timer) for each in standing if (timer := each.next_timer(now)) and timer[2] <= now]
    if not due:
        return
    staff = _staff(ledger.brand_id)
    told: list[tuple[int, int, str, int, datetime]] = []
    breaches: list[tuple[int, datetime, int]] = []
    notices: list[Notice] = []
    for each, (kind, percent, due_at) in due:
        told.append((each.touched.id, each.stored.id, kind, percent, due_at))
        before = each.touched.assignee_id
        if kind == TimerKind.BREACH:
            seq = _record(ledger, EventKind.SLA_BREACHED, each, now, percent)
            each.stored.breached_at, each.stored.breach_seq = due_at, seq
            breaches.append((each.stored.id, due_at, seq))
            _escalate(ledger, each, staff, now)
        else:
            _record(ledger, EventKind.SLA_WARNED, each, now, percent)
            each.stored.warnings = (*each.stored.warnings, (percent, due_at))
        notices += _notices(each, percent, before, staff)
    _clock_rows.note_told(ledger.brand_id, told, breaches, now)
    _notifying.notify(ledger, notices, now)


def _staff(brand_id: int) -> dict[int, _Colleague]:
    found = Membership.objects.filter(brand_id=brand_id, person__is_active=True).select_related("person")
    return {each.person_id: _Colleague(each.person.short_name, each.role in _LEADS) for each in found}


def _record(ledger: events.Ledger, kind: EventKind, standing: Standing, now: datetime, percent: int) -> int:
    clock, touched = standing.clock, standing.touched
    touched.changed.setdefault("due_at", touched.due_at)  # its row is shown anew, whatever else changes
    return ledger.record(
        kind, at=now, conversation_id=touched.id, clock=clock.kind.value, policy=standing.stored.policy_name,
        target=standing.stored.target, percent=percent, ended=clock.ended_at is not None,
        due_at=clock.due_at.isoformat() if clock.due_at else None, started_at=clock.started_at.isoformat(),
    )  # fmt: skip


def _escalate(
    ledger: events.Ledger, standing: Standing, staff: Mapping[int, _Colleague], now: datetime
) -> None:
    """What is late and not ended becomes urgent (by the score, which reads it here) and may change hands."""
    touched, policy = standing.touched, standing.policy
    if standing.clock.ended_at is not None:
        return
    for clock in touched.clocks:
        if clock.kind == standing.stored.kind:
            clock.breached = True
    if policy is None or touched.ended:
        return  # an answer that is on its way is late, and nobody has to write another
    to = policy.reassigns_to_id if policy.reassigns_to_id in staff else None
    if to is None and not (policy.unassigns_late or policy.reassigns_to_id):
        return  # it stays where it is
    if to == touched.assignee_id:
        return
    name = staff[to].name if to else ""
    ledger.record(  # right after the breach: by its number it is known which one took it away (routing_facts.LATE_WITH)
        EventKind.ASSIGNED if to else EventKind.UNASSIGNED, at=now, conversation_id=touched.id, to=to, to_name=name,
        before=touched.assignee_id, why="late",
    )  # fmt: skip
    touched.change(
        assignee_id=to,
        assignee_name=name,
        assignee_set_by=_queueing.BY_POLICY if to else "",
        assignee_set_at=now,
    )


def _notices(
    standing: Standing, percent: int, before: int | None, staff: Mapping[int, _Colleague]
) -> Iterator[Notice]:
    """Who is told: whoever has it, and had it; those whom the policy names; of what is late, those who lead, too."""
    policy, touched = standing.policy, standing.touched
    if policy is None or standing.clock.ended_at is not None:
        return
    people = set(policy.notifies)
    if policy.notifies_assignee:
        people |= {pk for pk in (before, touched.assignee_id) if pk is not None}
    if policy.notifies_managers and not percent:
        people |= {pk for pk, colleague in staff.items() if colleague.leads}
    for pk in sorted(people & staff.keys()):
        yield Notice(pk, NotificationKind.LATE, touched.id, _in_words(standing, percent))


def _in_words(standing: Standing, percent: int) -> str:
    what = standing.clock.kind
    name = {"first": "First response", "next": "Next response", "resolution": "Resolution"}[what]
    target = spans.of(timedelta(seconds=standing.stored.target))
    return (
        f"{name}: {percent} % of {target} used up" if percent else f"{name} is late: promised within {target}"
    )
