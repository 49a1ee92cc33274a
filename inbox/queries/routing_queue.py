"""The router's queue as it is now: what each conversation needs, and what the rule says of it.

The router decides by it and the pane beside a thread shows it, so what is read there are the figures of that moment. They change with every
reply, and nobody is told of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from inbox.models import RoutingSettings
from inbox.queries import routing_facts, spans
from inbox.rules import routing
from inbox.rules.routing import Candidate, Need, Verdict

LOOKED_AT = 2000  # of a queue at a time, the most pressing first

Place = tuple[int, datetime, int]  # in the queue: how pressing (the least is first), since when, which


@dataclass(frozen=True, slots=True)
class Ticket:
    """A conversation in the queue, as it is now."""

    conversation_id: int
    team_id: int
    told: str
    state: str
    assignee_id: int | None
    set_by: str
    ended_since: bool
    waiting_since: datetime | None
    need: Need
    place: Place


@dataclass(slots=True)
class Staff:
    """Who could take something, at one moment. What is given away while one looks counts."""

    people: dict[int, Candidate]
    members: dict[int, list[int]]
    skills: frozenset[str]

    def decide(self, ticket: Ticket) -> Verdict:
        team = [self.people[pk] for pk in self.members.get(ticket.team_id, ()) if pk in self.people]
        # Whoever has it from last time has room for it already.
        return routing.decide(ticket.need, [_without(each, ticket) for each in team])

    def give(self, ticket: Ticket, to: Candidate, *, now: datetime) -> None:
        self.people[to.id] = replace(to, load=to.load + ticket.need.weight, last_turn=now)
        before = self.people.get(ticket.assignee_id or 0)
        if before and before.id != to.id:
            self.people[before.id] = _without(before, ticket)


def staff_of(settings: RoutingSettings, *, now: datetime) -> Staff:
    """In three queries, however many people and teams there are."""
    return Staff(
        people=routing_facts.people_of(settings.pk, weights=settings.weights, now=now),
        members=routing_facts.members_of(settings.pk),
        skills=routing_facts.skills_of(settings.pk),
    )


def as_it_is(
    settings: RoutingSettings, conversation_id: int, *, now: datetime
) -> tuple[Ticket, Verdict] | None:
    """What the rule would say of it alone at this moment. None: it does not wait for anybody."""
    staff = staff_of(settings, now=now)
    found = tickets(settings, staff, [conversation_id], now=now, whoever_has_it_in_focus=True)
    return (found[0], staff.decide(found[0])) if found else None


_TICKETS = f"""
    SELECT k.conversation_id, k.team_id, late.people, k.told, c.state, c.assignee_id, c.assignee_set_by,
           c.assignee_set_at < c.opened_at AND {routing_facts.ENDED_SINCE}, c.waiting_since, c.kind, c.priority, c.language, c.tags, known.person, known.at,
           -c.priority_score, k.since
      FROM (SELECT k.conversation_id, k.team_id, k.told, k.since
              FROM inbox_routingticket k JOIN inbox_conversation c ON c.id = k.conversation_id
             WHERE k.brand_id = %s
               AND NOT EXISTS (SELECT FROM inbox_focus f WHERE f.conversation_id = c.id AND f.until > %s::timestamptz AND f.standing = 'current')
               AND (%s::bigint[] IS NULL OR k.conversation_id = ANY(%s::bigint[]))
               AND (%s::bigint IS NULL OR (-c.priority_score, k.since, k.conversation_id) > (%s, %s::timestamptz, %s))
             ORDER BY -c.priority_score, k.since, k.conversation_id LIMIT %s) k
      JOIN inbox_conversation c ON c.id = k.conversation_id
      LEFT JOIN LATERAL ({routing_facts.WROTE_LAST}) known ON true
      LEFT JOIN LATERAL ({routing_facts.LATE_WITH}) late ON true
     ORDER BY -c.priority_score, k.since, k.conversation_id"""  # noqa: S608


def tickets(
    settings: RoutingSettings, staff: Staff, ids: Sequence[int] | None = None, *, now: datetime, after: Place | None = None,
    whoever_has_it_in_focus: bool = False,
) -> list[Ticket]:  # fmt: skip
    """The most pressing first: those asked for, else at most LOOKED_AT of those behind `after`. What somebody has in focus is left to them until they go
    on; what is only kept ready for them is not: who waits in it need not wait for the end of what they are at."""
    wanted = None if ids is None else list(ids)
    limit = LOOKED_AT if wanted is None else len(wanted)
    behind = after or (None, None, None)
    sticky_from = now - timedelta(seconds=settings.sticky_seconds)
    in_focus_until = None if whoever_has_it_in_focus else now  # nothing lasts longer than NULL
    with connection.cursor() as cursor:
        cursor.execute(
            _TICKETS,
            [
                settings.pk,
                in_focus_until,
                wanted,
                wanted,
                behind[2],
                *behind,
                limit,
                sticky_from,
                sticky_from,
            ],
        )
        rows = cursor.fetchall()
    found = []
    for row in rows:
        (pk, team_id, late_with, told, state, assignee_id, set_by, ended_since, waiting_since, kind, priority, language, tags,
         known_by, answered_at, pressing, since) = row  # fmt: skip
        need = Need(
            language=language,
            skills=staff.skills.intersection(tags),
            weight=routing.weight_of(kind, priority, settings.weights),
            known_by=known_by,
            known_why=f"answered {spans.of(now - answered_at)} ago" if known_by else "",
            not_to=frozenset(late_with or ()),
        )
        found.append(
            Ticket(
                pk, team_id, told, state, assignee_id, set_by, bool(ended_since), waiting_since, need, (pressing, since, pk)
            )
        )  # fmt: skip
    return found


def asked(need: Need) -> dict[str, Any]:
    """As it is kept with a decision."""
    return {"language": need.language, "skills": sorted(need.skills), "weight": need.weight}


def candidates(verdict: Verdict) -> list[dict[str, Any]]:
    """As they are kept with a decision: first whom it chose."""
    everybody = [(verdict.chosen, verdict.why)] if verdict.chosen else []
    return [
        {"id": each.id, "name": each.name, "presence": each.presence, "load": each.load, "capacity": each.capacity,
         "chosen": each is verdict.chosen, "why": why}
        for each, why in [*everybody, *verdict.passed]
    ]  # fmt: skip


def _without(candidate: Candidate, ticket: Ticket) -> Candidate:
    if candidate.id != ticket.assignee_id:
        return candidate
    return replace(candidate, load=max(0, candidate.load - ticket.need.weight))
