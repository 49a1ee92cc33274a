"""Routing hands out what waits: to whom the rule says, with the reasons kept. Two at once never give the same away twice.

The queue's rows are read and decided on without any lock first; only where that would change something is the brand's lock taken,
and everything read and decided again. A colleague who was quicker has won: what they chose is not free any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from inbox import events
from inbox.actions import _queueing, _sql
from inbox.models import Desk, EventKind, Outcome, RoutingDecision, RoutingSettings, RoutingTicket, Team
from inbox.queries import routing_facts, spans
from inbox.rules import routing
from inbox.rules.routing import Candidate, Need, Verdict

AT_ONCE = 64  # conversations of one transaction: the brand's lock is held for some tens of milliseconds
LOOKED_AT = 2000  # of a queue at a time, the most pressing first


Place = tuple[int, datetime, int]  # in the queue: how pressing (the least is first), since when, which


@dataclass(frozen=True, slots=True)
class Ticket:
    """A conversation in the queue, as it is now. What a colleague has in focus is left to them until they go on."""

    conversation_id: int
    team_id: int
    told: str
    is_free: bool
    assignee_id: int | None
    need: Need
    place: Place


@dataclass(frozen=True, slots=True)
class Look:
    """What the rule says of a ticket."""

    ticket: Ticket
    verdict: Verdict

    @property
    def said(self) -> str:
        """Why nobody could; the same is not told twice."""
        return "\n".join([self.verdict.why, *(f"{each.id} {why}" for each, why in self.verdict.passed)])

    @property
    def changes_something(self) -> bool:
        return not self.ticket.is_free or self.verdict.chosen is not None or self.said != self.ticket.told


def waits(brand_id: int) -> bool:
    """Whether anything stands in the brand's queue."""
    return RoutingTicket.objects.filter(brand_id=brand_id).exists()


def waiting() -> list[int]:
    """Brands in whose queue something stands."""
    found = RoutingSettings.objects.filter(is_on=True, brand__in=RoutingTicket.objects.values("brand"))
    return list(found.order_by("pk").values_list("pk", flat=True))


def worth_a_look(*, brand_id: int, now: datetime) -> list[int]:
    """Conversations for which the rule has something new to say, the most pressing first. Takes no lock."""
    settings = routing_facts.settings_of(brand_id)
    if settings is None:
        return []
    after: Place | None = None
    while tickets := _tickets(settings, None, now, after=after):
        looks = _look(settings, tickets, now)
        if found := [look.ticket.conversation_id for look in looks if look.changes_something]:
            return found
        # Nobody can take any of these: what is less pressing is not kept waiting by them.
        after = tickets[-1].place
    return []


@transaction.atomic(durable=True)
def route(*, brand_id: int, conversation_ids: Sequence[int], now: datetime) -> int:
    """Give these away, or say why nobody can take them. Returns how many were given to somebody."""
    with events.ledger(brand_id) as ledger:
        settings = routing_facts.settings_of(brand_id)
        if settings is None:
            return 0
        tickets = _tickets(settings, conversation_ids, now)
        _queueing.forget(ticket.conversation_id for ticket in tickets if not ticket.is_free)
        looks = [
            look for look in _look(settings, tickets, now) if look.ticket.is_free and look.changes_something
        ]
        names = dict(Team.objects.filter(brand_id=brand_id).values_list("pk", "name"))
        _keep([(look, names.get(look.ticket.team_id, "")) for look in looks], brand_id, now)
        given = [look for look in looks if look.verdict.chosen]
        _give(ledger, given, names, now)
        _tell_why_not(ledger, [look for look in looks if not look.verdict.chosen], now)
    return len(given)


def _look(settings: RoutingSettings, tickets: Sequence[Ticket], now: datetime) -> list[Look]:
    """In order, each as if those before it had been given away already."""
    if not tickets:
        return []
    people = routing_facts.people_of(settings.pk, weights=settings.weights, now=now)
    members = routing_facts.members_of({ticket.team_id for ticket in tickets})
    looks = []
    for ticket in tickets:
        team = [people[pk] for pk in members[ticket.team_id] if pk in people]
        if ticket.assignee_id in people:  # whoever has it from last time has room for it already
            team = [_without(each, ticket) for each in team]
        verdict = routing.decide(ticket.need, team)
        if (chosen := verdict.chosen) and ticket.is_free:
            people[chosen.id] = replace(chosen, load=chosen.load + ticket.need.weight, last_turn=now)
            if ticket.assignee_id not in (None, chosen.id) and ticket.assignee_id in people:
                before = people[ticket.assignee_id]
                people[before.id] = replace(before, load=max(0, before.load - ticket.need.weight))
        looks.append(Look(ticket, verdict))
    return looks


def _without(candidate: Candidate, ticket: Ticket) -> Candidate:
    if candidate.id != ticket.assignee_id:
        return candidate
    return replace(candidate, load=max(0, candidate.load - ticket.need.weight))


_TICKETS = f"""
    SELECT k.conversation_id, k.team_id, late.people, k.told, c.state, c.assignee_id, c.assignee_set_by,
           c.assignee_set_at < c.opened_at AND {routing_facts.ENDED_SINCE}, c.waiting_since, c.kind, c.priority, c.language, c.tags, known.assignee_id, known.last_outbound_at,
           -c.priority_score, k.since
      FROM inbox_routingticket k JOIN inbox_conversation c ON c.id = k.conversation_id
      LEFT JOIN LATERAL (SELECT o.assignee_id, o.last_outbound_at FROM inbox_conversation o
                          WHERE o.contact_id = c.contact_id AND o.assignee_id IS NOT NULL AND o.last_outbound_at > %s
                          ORDER BY o.last_message_at DESC LIMIT 1) known ON true
      LEFT JOIN LATERAL ({routing_facts.LATE_WITH}) late ON true
     WHERE k.brand_id = %s AND NOT EXISTS (SELECT FROM inbox_focus f WHERE f.conversation_id = c.id AND f.until > %s AND f.standing = 'current')
       AND (%s::bigint[] IS NULL OR k.conversation_id = ANY(%s::bigint[]))
       AND (%s::bigint IS NULL OR (-c.priority_score, k.since, k.conversation_id) > (%s, %s::timestamptz, %s))
     ORDER BY -c.priority_score, k.since, k.conversation_id LIMIT %s"""


def _tickets(
    settings: RoutingSettings, ids: Sequence[int] | None, now: datetime, *, after: Place | None = None
) -> list[Ticket]:
    sticky_from = now - timedelta(seconds=settings.sticky_seconds)
    wanted = None if ids is None else list(ids)
    skills = routing_facts.skills_of(settings.pk)
    found = []
    behind = after or (None, None, None)
    params = [sticky_from, settings.pk, now, wanted, wanted, behind[2], *behind, LOOKED_AT]
    for row in _sql.rows(_TICKETS, params):
        (pk, team_id, late_with, told, state, assignee_id, set_by, ended_since, waiting_since, kind, priority, language, tags,
         known_by, answered_at, pressing, since) = row  # fmt: skip
        need = Need(
            language=language,
            skills=skills.intersection(tags),
            weight=routing.weight_of(kind, priority, settings.weights),
            known_by=known_by,
            known_why=f"answered {spans.of(now - answered_at)} ago" if known_by else "",
            not_to=frozenset(late_with or ()),
        )
        free = _queueing.is_free(
            state=state, assignee_id=assignee_id, set_by=set_by, ended_since=bool(ended_since), waiting_since=waiting_since
        )  # fmt: skip
        found.append(Ticket(pk, team_id, told, free, assignee_id, need, (pressing, since, pk)))
    return found


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


def _tell_why_not(ledger: events.Ledger, looks: Sequence[Look], now: datetime) -> None:
    """Nothing has changed but the reason, so it is shown beside the conversation and not between its messages."""
    records = []
    for look in looks:
        pk = look.ticket.conversation_id
        seq = ledger.record(EventKind.TRIAGED, at=now, conversation_id=pk, columns=["routing"])
        records.append((pk, look.said, seq))
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
    verdict, need = look.verdict, look.ticket.need
    everybody = [(verdict.chosen, verdict.why, True)] if verdict.chosen else []
    everybody += [(each, why, False) for each, why in verdict.passed]
    return RoutingDecision(
        brand_id=brand_id,
        conversation_id=look.ticket.conversation_id,
        at=now,
        outcome=Outcome.ASSIGNED if verdict.chosen else Outcome.NOBODY,
        chosen_id=verdict.chosen.id if verdict.chosen else None,
        team_id=look.ticket.team_id,
        team_name=team_name,
        why=verdict.why[:200],
        asked={"language": need.language, "skills": sorted(need.skills), "weight": need.weight},
        candidates=[
            {"id": each.id, "name": each.name, "presence": each.presence, "load": each.load, "capacity": each.capacity,
             "chosen": chosen, "why": why}
            for each, why, chosen in everybody
        ],
    )  # fmt: skip
