"""What happened in conversations, as far as it matters to their clocks: a constant number of queries for any number of them.

A thread of thousands of messages is condensed where it lies: of messages that follow one another with nothing between them
only the first says anything to a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from inbox.models import EventKind
from inbox.queries import merges, said_times
from inbox.rules.course import ENDS, Course, Said, Turn, What, course

TURNS = {
    EventKind.RESOLVED: What.RESOLVED,
    EventKind.REOPENED: What.REOPENED,
    EventKind.SNOOZED: What.SNOOZED,
    EventKind.WOKEN: What.WOKEN,
    EventKind.NO_REPLY_NEEDED: What.NO_REPLY_NEEDED,
    EventKind.PENDING: What.PENDING,
    EventKind.MARKED_SPAM: What.SPAM,
}


@dataclass(slots=True)
class Facts:
    """`since`: what began before belongs to spells that are over, and their clocks stay as they are."""

    said: list[Said] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    since: datetime | None = None
    spell_before: bool = False

    def course(self) -> Course:
        return course(self.said, self.turns, spell_before=self.spell_before)


def read(conversations: Iterable[tuple[int, datetime | None]]) -> dict[int, Facts]:
    """Of each (conversation, when the spell that was last looked at began): all since that spell began."""
    opened = dict(conversations)
    if not opened:
        return {}
    facts = {conversation_id: Facts() for conversation_id in opened}
    for conversation_id, turns in _turns(list(opened)).items():
        _cut(facts[conversation_id], turns, opened[conversation_id])
    for conversation_id, *message in _messages(facts):
        facts[conversation_id].said.append(Said(*message))
    return facts


def _turns(conversation_ids: list[int]) -> dict[int, list[Turn]]:
    found: dict[int, list[Turn]] = {}
    rows = _rows(
        # The kinds are written out, so that the index of these events is used (turns_of_conversation).
        """SELECT e.conversation_id, e.seq, e.at, e.kind, (e.data->>'undoes')::bigint FROM inbox_event e
            WHERE e.conversation_id = ANY(%s)
              AND e.kind IN ('conversation.resolved', 'conversation.reopened', 'conversation.snoozed', 'conversation.woken',
                             'conversation.no_reply_needed', 'conversation.pending', 'conversation.spam')
            ORDER BY e.conversation_id, e.seq""",
        [conversation_ids],
    )
    # What somebody took back at once never was, and neither was the taking back.
    undone = {undoes for *_, undoes in rows if undoes}
    for conversation_id, seq, at, kind, undoes in rows:
        if undoes or seq in undone:
            continue
        turns = found.setdefault(conversation_id, [])
        # Numbers rise in the order of commits; the clocks of two processes may differ a little.
        at = max(at, turns[-1].at) if turns else at
        turns.append(Turn(at, seq, TURNS[EventKind(kind)]))
    return found


def _cut(facts: Facts, turns: list[Turn], opened_at: datetime | None) -> None:
    """Leave out the spells that are over. Who reopens one by hand takes over what its customer had not been answered."""
    ends = [
        number
        for number, turn in enumerate(turns)
        if turn.what in ENDS and opened_at is not None and turn.at < opened_at
    ]
    if ends:
        facts.since = turns[ends[-1]].at
        by_hand = ends[-1] + 1 < len(turns) and turns[ends[-1] + 1].what is What.REOPENED
        keep = _end_before(turns, ends) if by_hand else ends[-1]
        facts.spell_before = keep >= 0
        turns = turns[max(keep, 0) :]
    facts.turns = turns


def _end_before(turns: list[Turn], ends: list[int]) -> int:
    """The end of the spell before the one that ended last; -1: there was none. What is resolved and spam besides has ended once."""
    at = len(ends) - 1
    while (
        at and ends[at - 1] == ends[at] - 1 and What.SPAM in (turns[ends[at]].what, turns[ends[at - 1]].what)
    ):
        at -= 1
    return ends[at - 1] if at else -1


def _messages(facts: dict[int, Facts]) -> list[tuple[Any, ...]]:
    """(conversation, at, learned at, by the customer?, unsent at).

    What waited in a conversation that was merged into this one, and what is said there until it is opened again, is said here, and learned
    with the merge. Which time counts: said_times.
    """
    asked: list[dict[str, Any]] = []
    for conversation_id, each in facts.items():
        known = {"id": conversation_id, "since": each.turns[0].at if each.spell_before else None, "turns": [turn.at for turn in each.turns]}  # fmt: skip
        asked.append({**known, "thread": conversation_id})
    by_id = {each["id"]: each for each in asked}
    for kept, merged, first, until, learned in merges.counted(facts):
        asked.append({**by_id[kept], "thread": merged, "first": first, "until": until, "learned": learned})
    return _rows(
        f"""SELECT id, at, created_at, asks, deleted_at FROM (
               SELECT h.id, h.at, h.created_at, h.asks, h.deleted_at,
                      lag(h.class) OVER turn IS DISTINCT FROM h.class
                      OR lag(h.place) OVER turn IS DISTINCT FROM h.place AS says_something
                 FROM (SELECT g.*, width_bucket(CASE WHEN g.asks THEN g.created_at ELSE g.at END, g.turns) AS place FROM (
               SELECT d.id, d.turns, f.number, f.created_at, f.asks, f.deleted_at, f.class, {said_times.IN_ORDER} AS at
                 FROM jsonb_to_recordset(%s::jsonb) AS d(id bigint, since timestamptz, turns timestamptz[], thread bigint,
                                                         first timestamptz, until timestamptz, learned timestamptz)
                CROSS JOIN LATERAL (
                    SELECT m.id AS number, t.created_at, m.deleted_at, m.direction = 'in' AS asks, t.at,
                           CASE WHEN m.direction = 'out' THEN 0 WHEN m.deleted_at IS NULL THEN -1 ELSE m.id END AS class,
                           m.sent_at, m.order_key, {said_times.TRIED} AS tried
                      FROM inbox_message m
                     CROSS JOIN LATERAL (SELECT {said_times.AT} AS at, greatest(m.created_at, d.learned) AS created_at) t
                     WHERE m.conversation_id = d.thread AND (d.first IS NULL OR t.at >= d.first) AND (d.until IS NULL OR m.created_at < d.until)
                       AND (d.since IS NULL OR m.sent_at > d.since - interval '7 days')
                       AND CASE WHEN m.direction = 'in'
                                THEN NOT m.historical AND m.kind <> 'system' AND (d.since IS NULL OR t.created_at > d.since)
                                ELSE m.direction = 'out' AND m.state IN ('sent', 'delivered', 'read')
                                     AND m.origin <> 'automation' AND (d.since IS NULL OR m.sent_at > d.since) END) f
               WINDOW following AS (PARTITION BY d.id, d.thread {said_times.FOLLOWING})) g) h
               WINDOW turn AS (PARTITION BY h.id ORDER BY h.at, h.asks DESC, h.number)) s
            WHERE says_something ORDER BY id, at""",  # noqa: S608
        [orjson.dumps(asked).decode()],
    )


def _rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
