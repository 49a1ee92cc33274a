"""What the router decides from: the brand's figures, its teams, and who is there with how much room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection

from inbox.models import Desk, Membership, RoutingSettings, Team, TeamMember
from inbox.rules.routing import Candidate, Presence, Takes, weight_of

HEARD_EVERY = timedelta(seconds=10)  # an open page says so (inbox.attendance)
# Who was not heard of for so long gets nothing new, and may come back. A few of their page's beats may be lost.
SILENT_AFTER = timedelta(seconds=45)

# Of a conversation `c` whether a spell ended after somebody was last chosen. What was taken back never was; a reopening
# that was taken back has chosen somebody all the same (closing.reopen), so its undoing ends that. The kinds of the inner
# question are written out, so that the index of these events is used (turns_of_conversation).
ENDED_SINCE = """EXISTS (
        SELECT FROM inbox_event e
         WHERE e.conversation_id = c.id AND e.kind IN ('conversation.resolved', 'conversation.spam') AND e.at >= c.assignee_set_at
           AND NOT EXISTS (
               SELECT FROM inbox_event u
                WHERE u.conversation_id = c.id AND (u.data->>'undoes')::bigint = e.seq
                  AND u.kind IN ('conversation.resolved', 'conversation.reopened', 'conversation.snoozed', 'conversation.woken',
                                 'conversation.no_reply_needed', 'conversation.pending', 'conversation.spam')))"""

# Of a conversation `c` from whom it was taken because of a promise that is broken still, whoever has had it since. A promise that was lengthened
# since is broken no more. That it was taken is the event after the one that tells the breach (actions._telling).
LATE_WITH = """SELECT array_agg(DISTINCT (e.data->>'before')::bigint) FILTER (WHERE e.data->>'before' IS NOT NULL) AS people
                 FROM inbox_clock k JOIN inbox_event e ON e.conversation_id = k.conversation_id AND e.seq = k.breach_seq + 1
                WHERE k.conversation_id = c.id AND k.ended_at IS NULL AND k.due_at <= k.breached_at
                  AND e.kind IN ('conversation.assigned', 'conversation.unassigned') AND e.data->>'why' = 'late'"""

# Who of the people here wrote last to the customer of a conversation `c`, in whichever of their conversations, after a time that is given twice. A
# group belongs to nobody, so that it is that one alone. What was written in the platform's own app names nobody: it is whoever's who has that conversation.
WROTE_LAST = """SELECT coalesce(m.author_person_id, o.assignee_id) AS person, m.sent_at AS at
                  FROM inbox_conversation o
                 CROSS JOIN LATERAL (
                       SELECT n.author_person_id, n.sent_at FROM inbox_message n
                        WHERE n.conversation_id = o.id AND n.sent_at > %s AND n.direction = 'out' AND n.origin <> 'automation'
                          AND n.state IN ('sent', 'delivered', 'read')
                        ORDER BY n.sent_at DESC, n.order_key DESC, n.id DESC LIMIT 1) m
                 WHERE (o.id = c.id OR o.contact_id = c.contact_id) AND o.last_outbound_at > %s
                   AND coalesce(m.author_person_id, o.assignee_id) IS NOT NULL
                 ORDER BY m.sent_at DESC, o.id DESC LIMIT 1"""


def settings_of(brand_id: int) -> RoutingSettings | None:
    """The brand's figures; None where people hand out the work themselves."""
    return RoutingSettings.objects.filter(pk=brand_id, is_on=True).first()


def ended_since_chosen(conversation_id: int) -> bool:
    """Whether the spell for which somebody chose who has it is over, so that the choice holds no more."""
    sql = (
        f"SELECT c.assignee_set_at < c.opened_at AND {ENDED_SINCE} FROM inbox_conversation c WHERE c.id = %s"  # noqa: S608
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [conversation_id])
        return any(ended for (ended,) in cursor.fetchall())


def teams_of(brand_id: int) -> list[Takes]:
    """In the order in which they are asked."""
    rows = Team.objects.staying().filter(brand_id=brand_id, is_active=True).order_by("position", "pk")
    return [
        Takes(
            row.pk,
            frozenset(row.channels),
            frozenset(row.tags),
            frozenset(row.languages),
            frozenset(row.kinds),
        )
        for row in rows
    ]


def skills_of(brand_id: int) -> frozenset[str]:
    """Tags that are a skill, because somebody who works here has it."""
    here = Membership.objects.filter(brand_id=brand_id, person__is_active=True).values("person")
    desks = Desk.objects.filter(brand_id=brand_id, person__in=here).exclude(skills=[])
    found = desks.values_list("skills", flat=True)
    return frozenset(skill for skills in found for skill in skills)


_PEOPLE = """
    SELECT p.id, coalesce(nullif(p.name, ''), split_part(p.email, '@', 1)), coalesce(r.state, 'offline'), r.last_seen_at,
           coalesce(d.capacity, %s), coalesce(d.languages, '{}'), coalesce(d.skills, '{}'), d.last_routed_at,
           (SELECT json_agg(json_build_array(w.kind, w.priority, w.conversations)) FROM inbox_workload w
             WHERE w.brand_id = m.brand_id AND w.person_id = p.id AND w.conversations > 0)
      FROM inbox_membership m JOIN inbox_person p ON p.id = m.person_id AND p.is_active
      LEFT JOIN inbox_presence r ON r.brand_id = m.brand_id AND r.person_id = p.id
      LEFT JOIN inbox_desk d ON d.brand_id = m.brand_id AND d.person_id = p.id
     WHERE m.brand_id = %s ORDER BY p.id"""


def people_of(brand_id: int, *, weights: Mapping[str, int], now: datetime) -> dict[int, Candidate]:
    """Everybody who works for the brand, with what they have and can take: one query, and no conversation is counted."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [Desk.CAPACITY, brand_id])
        for pk, name, state, seen_at, capacity, languages, skills, turn, work in cursor.fetchall():
            found[pk] = Candidate(
                id=pk,
                name=name,
                presence=Presence(state),
                silent=state != Presence.OFFLINE and seen_at < now - SILENT_AFTER,
                load=_load(work, weights),
                capacity=capacity,
                languages=frozenset(languages),
                skills=frozenset(skills),
                last_turn=turn,
            )
    return found


def members_of(brand_id: int) -> dict[int, list[int]]:
    """Ids of people, by team."""
    found: dict[int, list[int]] = {}
    rows = TeamMember.objects.filter(team__brand=brand_id).order_by("team_id", "person_id")
    for team_id, person_id in rows.values_list("team_id", "person_id"):
        found.setdefault(team_id, []).append(person_id)
    return found


def _load(work: Any, weights: Mapping[str, int]) -> int:
    told = orjson.loads(work) if isinstance(work, str) else work or []
    return sum(weight_of(kind, priority, weights) * number for kind, priority, number in told)
