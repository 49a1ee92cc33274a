"""Routing hands out what waits: to whom the rule says, with the reasons kept. Two at once never give the same away twice.

The queue's rows are read and decided on without any lock first; only where that would change something is the brand's lock taken,
and everything read and decided again. A colleague who was quicker has won: what they chose is not free any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _queueing, _sql
from inbox.models import Desk, EventKind, Outcome, RoutingDecision, RoutingSettings, RoutingTicket, Team
from inbox.queries import routing_facts, routing_queue
from inbox.queries.routing_queue import Place, Staff, Ticket
from inbox.rules.routing import Verdict

AT_ONCE = 64  # conversations of one transaction: the brand's lock is held for some tens of milliseconds


@dataclass(frozen=True, slots=True)
class Look:
    """What the rule says of a ticket."""

    ticket: Ticket
    is_free: bool
    verdict: Verdict

    @property
    def gives(self) -> bool:
        return self.is_free and self.verdict.chosen is not None

    @property
    def changes_something(self) -> bool:
        """Why nobody can take it is told when it is another reason, and not with every figure of those who could not."""
        return not self.is_free or self.gives or self.verdict.why != self.ticket.told


def waits(brand_id: int) -> bool:
    """Whether anything stands in the brand's queue."""
    return RoutingTicket.objects.filter(brand_id=brand_id).exists()


def waiting() -> list[int]:
    """Brands in whose queue something stands."""
    found = RoutingSettings.objects.filter(is_on=True, brand__in=RoutingTicket.objects.values("brand"))
    return list(found.order_by("pk").values_list("pk", flat=True))


def worth_a_look(*, brand_id: int, now: datetime) -> list[int]:
    """Conversations for which the rule has something new to say: those it gives to somebody, then those of which something is to be told.

    The most pressing first. The queue is walked until something can be given, however much is to be told before: what nobody can take keeps
    nothing waiting that somebody can. Takes no lock.
    """
    settings = routing_facts.settings_of(brand_id)
    if settings is None:
        return []
    staff = routing_queue.staff_of(settings, now=now)
    given: list[int] = []
    to_tell: list[int] = []
    after: Place | None = None
    while not given and (tickets := routing_queue.tickets(settings, staff, now=now, after=after)):
        looks = [look for look in _look(staff, tickets, now) if look.changes_something]
        given = [look.ticket.conversation_id for look in looks if look.gives]
        to_tell += [look.ticket.conversation_id for look in looks if not look.gives]
        if len(tickets) < routing_queue.LOOKED_AT:
            break
        after = tickets[-1].place
    return given + to_tell[: routing_queue.LOOKED_AT]


@transaction.atomic(durable=True)
def route(*, brand_id: int, conversation_ids: Sequence[int], now: datetime) -> int:
    """Give these away, or say why nobody can take them. Returns how many were given to somebody."""
    with events.ledger(brand_id) as ledger:
        settings = routing_facts.settings_of(brand_id)
        if settings is None:
            return 0
        staff = routing_queue.staff_of(settings, now=now)
        tickets = routing_queue.tickets(settings, staff, conversation_ids, now=now)
        looks = _look(staff, tickets, now)
        _queueing.forget(look.ticket.conversation_id for look in looks if not look.is_free)
        looks = [look for look in looks if look.is_free and look.changes_something]
        names = dict(Team.objects.filter(brand_id=brand_id).values_list("pk", "name"))
        _keep([(look, names.get(look.ticket.team_id, "")) for look in looks], brand_id, now)
        given = [look for look in looks if look.verdict.chosen]
        _give(ledger, given, names, now)
        _tell_why_not(ledger, [look for look in looks if not look.verdict.chosen], now)
    return len(given)


def _look(staff: Staff, tickets: Sequence[Ticket], now: datetime) -> list[Look]:
    """In order, each as if those before it had been given away already."""
    looks = []
    for ticket in tickets:
        look = Look(ticket, _is_free(ticket), staff.decide(ticket))
        if look.gives and look.verdict.chosen:
            staff.give(ticket, look.verdict.chosen, now=now)
        looks.append(look)
    return looks


def _is_free(ticket: Ticket) -> bool:
    return _queueing.is_free(
        state=ticket.state, assignee_id=ticket.assignee_id, set_by=ticket.set_by, ended_since=ticket.ended_since,
        waiting_since=ticket.waiting_since,
    )  # fmt: skip


def _give(ledger: events.Ledger, given: Sequence[Look], names: dict[int, str], now: datetime) -> None:
    records = []
    for ticket, verdict in ((look.ticket, look.verdict) for look in given):
        assert verdict.chosen
        seq = ledger.record(
            EventKind.ASSIGNED, at=now, conversation_id=ticket.conversation_id, to=verdict.chosen.id,
            to_name=verdict.chosen.name, before=ticket.assignee_id, by=_queueing.BY_ROUTING, why=verdict.why,
            team=ticket.team_id, team_name=names.get(ticket.team_id, ""),
        )  # fmt: skip
        records.append((ticket.conversation_id, verdict.chosen.id, verdict.chosen.name, seq))
    if not records:
        return
    _sql.run(
        """UPDATE inbox_conversation c SET assignee_id = d.person, assignee_name = d.name, assignee_set_by = %s, assignee_set_at = %s,
                  seq = d.seq
             FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[]) AS d(id, person, name, seq) WHERE c.id = d.id""",
        [_queueing.BY_ROUTING, now, *_sql.columns(records, 4)],
    )
    _sql.run(
        """INSERT INTO inbox_desk (brand_id, person_id, capacity, languages, skills, last_routed_at)
           SELECT %s, person, %s, '{}', '{}', %s FROM (SELECT DISTINCT unnest(%s::bigint[]) AS person) p
           ON CONFLICT (brand_id, person_id) DO UPDATE SET last_routed_at = excluded.last_routed_at""",
        [ledger.brand_id, Desk.CAPACITY, now, [person for _, person, _, _ in records]],
    )
    RoutingTicket.objects.filter(pk__in=[pk for pk, *_ in records]).delete()
    # Kept ready for a colleague: it would be kept from whoever has it now. What their page is taking or giving back in this moment, it deals with.
    _sql.run(
        """DELETE FROM inbox_focus WHERE id IN (
               SELECT f.id FROM inbox_focus f JOIN unnest(%s::bigint[], %s::bigint[]) AS d(id, person)
                                                ON f.conversation_id = d.id AND f.person_id <> d.person AND f.standing = 'next'
                  FOR UPDATE OF f SKIP LOCKED)""",
        _sql.columns([(pk, person) for pk, person, *_ in records], 2),
    )


def _tell_why_not(ledger: events.Ledger, looks: Sequence[Look], now: datetime) -> None:
    """Nothing has changed but the reason, so it is shown beside the conversation and not between its messages."""
    records = []
    for look in looks:
        pk = look.ticket.conversation_id
        seq = ledger.record(EventKind.TRIAGED, at=now, conversation_id=pk, columns=["routing"])
        records.append((pk, look.verdict.why, seq))
    if not records:
        return
    columns = _sql.columns(records, 3)
    _sql.run(
        """UPDATE inbox_routingticket t SET told = d.told FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS d(id, told, seq)
            WHERE t.conversation_id = d.id""",
        columns,
    )
    _sql.run(
        """UPDATE inbox_conversation c SET seq = d.seq FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS d(id, told, seq)
            WHERE c.id = d.id""",
        columns,
    )


def _keep(looks: Sequence[tuple[Look, str]], brand_id: int, now: datetime) -> None:
    """The decisions with their candidates. Of why nobody could take it only the newest is kept."""
    if not looks:
        return
    ids = [look.ticket.conversation_id for look, _ in looks]
    RoutingDecision.objects.filter(conversation__in=ids, outcome=Outcome.NOBODY).delete()
    RoutingDecision.objects.bulk_create(_decision(look, name, brand_id, now) for look, name in looks)


def _decision(look: Look, team_name: str, brand_id: int, now: datetime) -> RoutingDecision:
    """While nobody can take it, those who cannot are read as they are (routing_queue.as_it_is), and not kept as they were."""
    verdict = look.verdict
    return RoutingDecision(
        brand_id=brand_id,
        conversation_id=look.ticket.conversation_id,
        at=now,
        outcome=Outcome.ASSIGNED if verdict.chosen else Outcome.NOBODY,
        chosen_id=verdict.chosen.id if verdict.chosen else None,
        team_id=look.ticket.team_id,
        team_name=team_name,
        why=verdict.why[:200],
        asked=routing_queue.asked(look.ticket.need),
        candidates=routing_queue.candidates(verdict) if verdict.chosen else [],
    )
