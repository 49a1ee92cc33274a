"""What happened in conversations, as far as it matters to their clocks: a constant number of queries for any number of them, however many
of their spells are over.

A thread of thousands of messages is condensed where it lies: of messages that follow one another with nothing between them
only the first says anything to a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from inbox import binding
from inbox.models import ConversationState, EventKind
from inbox.queries import merges, said_times
from inbox.rules.arrays import array
from inbox.rules.course import Course, course
from inbox.rules.happened import ENDS, Held, Said, Turn, What, with_ends

TURNS = {
    EventKind.RESOLVED: What.RESOLVED,
    EventKind.REOPENED: What.REOPENED,
    EventKind.SNOOZED: What.SNOOZED,
    EventKind.WOKEN: What.WOKEN,
    EventKind.NO_REPLY_NEEDED: What.NO_REPLY_NEEDED,
    EventKind.PENDING: What.PENDING,
    EventKind.MARKED_SPAM: What.SPAM,
}
_ASIDE = (ConversationState.SNOOZED, ConversationState.PENDING)


_ON_ITS_WAY = "m.state IN ('queued', 'sending', 'uncertain')"
# When a reply `g` was queued, once more where it had failed. That somebody gave it up and took that back is as if nothing had been.
_QUEUED = """SELECT max(e.seq) FROM inbox_event e
              WHERE e.message_id = g.number AND e.kind = 'reply.queued' AND e.data->'undoes' IS NULL"""

# In the thread `d` what may count: all that was said since shortly before `d.since`, of however long a thread. Of what is older that counts which was learned
# since. Its number is higher than that of any message there of which something was told before, and the index of the thread knows the numbers: of the
# rest no row is read, though each entry is walked (docs/performance.md). `d.joined`: by number, when that came from another conversation, which opened this one.
_FROM = "CASE WHEN d.since IS NULL THEN '-infinity' ELSE least(d.since - interval '7 days', d.first) END"
_SAID_THERE = f"""SELECT * FROM inbox_message r WHERE r.conversation_id = d.thread AND r.sent_at >= {_FROM}
                   UNION ALL
                  SELECT * FROM inbox_message r
                   WHERE d.learned IS NULL AND r.conversation_id = d.thread AND r.sent_at < {_FROM} AND NOT d.joined ? r.id::text
                     AND r.id > (SELECT coalesce(max(e.message_id), 0) FROM (
                                     SELECT e.message_id FROM inbox_event e
                                      WHERE e.conversation_id = d.thread AND e.seq < d.after AND e.message_id IS NOT NULL
                                      ORDER BY e.seq DESC LIMIT 20) e)
                   UNION ALL
                  SELECT r.* FROM jsonb_object_keys(d.joined) AS j(number) JOIN inbox_message r ON r.id = j.number::bigint
                   WHERE r.conversation_id = d.thread AND r.sent_at < {_FROM}"""  # noqa: S608
# What came from another conversation while this one was closed or aside is learned when it came, whatever was known of it elsewhere.
_LEARNED = "greatest(m.created_at, d.learned, (d.joined->>m.id::text)::timestamptz)"

# In the thread `d` that was opened again: the answer to what was said at `t.at`.
_ANSWERED_THERE = f"""SELECT {said_times.AT} FROM inbox_message m
                       WHERE m.conversation_id = d.thread AND m.sent_at >= t.at AND m.created_at >= d.until AND m.direction = 'out'
                         AND m.origin <> 'automation' AND m.state IN ('sent', 'delivered', 'read')
                       ORDER BY m.sent_at, m.order_key, m.id LIMIT 1"""  # noqa: S608


@dataclass(slots=True)
class Facts:
    """`opened_at`: when the spell began that is looked at. `end`: of the last one that is over and not looked at. What belongs to that and
    those before stays as it is."""

    said: list[Said] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    opened_at: datetime | None = None
    end: Turn | None = None
    spell_before: bool = False
    wrote_before: bool = False  # the customer, in that one or an earlier one

    @property
    def since(self) -> datetime | None:
        return self.end.at if self.end is not None else None

    @property
    def waits_on(self) -> list[Held]:
        """What was on its way when that spell ended, and had not left when the next one began: the wait for it is of both.

        What left in between has ended its wait, and concerns nothing that is looked at.
        """
        if self.end is None or self.opened_at is None:
            return []
        # A message that came late may have opened it earlier than was known.
        late = [
            each.at
            for each in self.said
            if each.by_customer and not each.brought and each.learned_at > self.end.at
        ]
        began = min([self.opened_at, *(max(at, self.end.at) for at in late)])
        out = [each for each in self.held if each.left_at is None or each.left_at >= began]
        return out if _is_out(out, self.end) else []

    def looks_at(self, started_at: datetime, ended_at: datetime | None) -> bool:
        """Whether a clock is of the spells that are looked at. What a merge brings has waited since before they began."""
        if self.since is None or self.opened_at is None or ended_at is None:
            return True
        return started_at >= self.since or ended_at >= self.opened_at

    def course(self, cancelled: Collection[datetime] = ()) -> Course:
        """`cancelled`: when clocks ended that stay so. Nothing was on its way by resolving then, whatever is known of it now."""
        ends = [turn for turn in self.turns if turn.what is What.RESOLVED and turn.at in cancelled]
        held = [each for each in self.held if not any(each.is_out(turn.at, turn.order) for turn in ends)]
        return course(self.said, self.turns, held, responded=self.wrote_before)


def read(
    conversations: Iterable[tuple[int, datetime | None]], now: datetime | None = None
) -> dict[int, Facts]:
    """Of each (conversation, when the spell that was last looked at began): all since that spell began. `now`: for whoever asks how long clocks stood
    still, since a snooze is over by then that nobody has seen to.

    Where a wait goes into it from an earlier one, that is looked at as well. Once and no further: whatever left since the spell began, or is
    on its way, is known by the first look, and so is how far back it was queued.
    """
    opened = dict(conversations)
    if not opened:
        return {}
    turns = _turns(list(opened), now)
    facts = {pk: _cut(turns.get(pk, []), at, []) for pk, at in opened.items()}
    _tell(facts)
    further = {pk: _cut(turns[pk], opened[pk], held) for pk, each in facts.items() if (held := each.waits_on)}
    if further:
        _tell(further)
    return facts | further


def _tell(facts: dict[int, Facts]) -> None:
    asked = _places(facts)
    for conversation_id in _wrote_before([each for each in asked if each["since"]]):
        facts[conversation_id].wrote_before = True
    for conversation_id, queued, at, *message in _messages(asked):
        if queued is not None:
            facts[conversation_id].held.append(Held(queued, at))
        if at is not None:
            facts[conversation_id].said.append(Said(at, *message))


def _turns(conversation_ids: list[int], now: datetime | None) -> dict[int, list[Turn]]:
    found: dict[int, list[Turn]] = {}
    rows = _rows(
        # The kinds are written out, so that the index of these events is used (turns_of_conversation).
        """SELECT e.conversation_id, e.seq, e.at, e.kind, e.data ? 'into', e.data->>'before', (e.data->>'until')::timestamptz,
                  (e.data->>'undoes')::bigint, e.data->>'joined'
             FROM inbox_event e
            WHERE e.conversation_id = ANY(%s::bigint[])
              AND e.kind IN ('conversation.resolved', 'conversation.reopened', 'conversation.snoozed', 'conversation.woken',
                             'conversation.no_reply_needed', 'conversation.pending', 'conversation.spam')
            ORDER BY e.conversation_id, e.seq""",
        [array(conversation_ids)],
    )
    # What somebody took back at once never was, and neither was the taking back.
    undone = {undoes for *_, undoes, _ in rows if undoes}
    for conversation_id, seq, at, kind, into, before, until, undoes, joined in rows:
        if undoes or seq in undone:
            continue
        turns = found.setdefault(conversation_id, [])
        # Numbers rise in the order of commits; the clocks of two processes may differ a little.
        at = max(at, turns[-1].at) if turns else at
        what = What.MERGED if into else TURNS[EventKind(kind)]
        if what is What.REOPENED and before in _ASIDE:  # it was not closed
            what = What.WOKEN
        turns.append(Turn(at, seq, what, until, tuple(orjson.loads(joined or "[]"))))
    return {pk: with_ends(each, now) for pk, each in found.items()}


def _is_out(held: list[Held], end: Turn) -> bool:
    return end.what is What.RESOLVED and any(each.is_out(end.at, end.order) for each in held)


def _cut(turns: list[Turn], opened_at: datetime | None, held: list[Held]) -> Facts:
    """Leave out the spells that are over. Who reopens one by hand takes over what its customer had not been answered.

    `held`: what was on its way when they ended, and is waited for in the one that is not.
    """
    facts = Facts(turns=turns, opened_at=opened_at)
    ends = [
        number
        for number, turn in enumerate(turns)
        if turn.what in ENDS and opened_at is not None and turn.at < opened_at
    ]
    while ends and _is_out(held, turns[ends[-1]]):
        ends.pop()
    if ends:
        facts.end = turns[ends[-1]]
        by_hand = ends[-1] + 1 < len(turns) and turns[ends[-1] + 1].what is What.REOPENED
        keep = _end_before(turns, ends) if by_hand else ends[-1]
        facts.spell_before = keep >= 0
        facts.turns = turns[max(keep, 0) :]
    return facts


def _end_before(turns: list[Turn], ends: list[int]) -> int:
    """The end of the spell before the one that ended last; -1: there was none. What is resolved and spam besides has ended once."""
    at = len(ends) - 1
    while (
        at and ends[at - 1] == ends[at] - 1 and What.SPAM in (turns[ends[at]].what, turns[ends[at - 1]].what)
    ):
        at -= 1
    return ends[at - 1] if at else -1


def _places(facts: dict[int, Facts]) -> list[dict[str, Any]]:
    """Where something is said that counts for each: there, and in what was merged into it."""
    asked: list[dict[str, Any]] = []
    for conversation_id, each in facts.items():
        known: dict[str, Any] = {
            "id": conversation_id,
            "turns": [turn.at for turn in each.turns],
            "joined": {str(number): turn.at for turn in each.turns for number in turn.joined},
            "since": None,
        }
        if each.spell_before:
            known |= {"since": each.turns[0].at, "after": each.turns[0].order}
        asked.append({**known, "thread": conversation_id})
    by_id = {each["id"]: each for each in asked}
    for kept, merged, first, until, learned in merges.counted(facts):
        asked.append({**by_id[kept], "thread": merged, "first": first, "until": until, "learned": learned})
    return asked


def _wrote_before(asked: list[dict[str, Any]]) -> list[int]:
    """Those whose customer had written by the end of the spell that is not looked at. The newest message of before it is asked for: it tells nearly always."""
    if not asked:
        return []
    rows = _rows(
        f"""SELECT d.id FROM jsonb_to_recordset(%s::jsonb) AS d(id bigint, since timestamptz, thread bigint, first timestamptz, until timestamptz,
                                                               learned timestamptz, joined jsonb)
            CROSS JOIN LATERAL (
                SELECT FROM inbox_message m
                 WHERE m.conversation_id = d.thread AND m.direction = 'in' AND NOT m.historical AND m.kind <> 'system'
                   AND {_LEARNED} <= d.since AND (d.until IS NULL OR m.created_at < d.until)
                   AND (d.first IS NULL OR least(m.sent_at, m.created_at) >= d.first)
                 ORDER BY m.sent_at DESC LIMIT 1) m""",  # noqa: S608
        [orjson.dumps(asked).decode()],
    )
    return [conversation_id for (conversation_id,) in rows]


def _messages(asked: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """(conversation, number of its being queued, at, learned at, by the customer?, unsent at, brought by a merge?, answered at). The number is told of replies
    of ours that were on their way at some turn, or are; what is has no time.

    What waited in a conversation that was merged into this one, and what is said there until it is opened again, is said here, and learned
    with the merge. Once that is opened again, an answer in it concerns of what waits here what was brought from there alone. Which time counts: said_times.
    """
    return _rows(
        f"""SELECT id, queued, CASE WHEN isfinite(at) THEN at END, created_at, asks, deleted_at, brought, answered_at FROM (
               SELECT h.id, h.queued, h.at, h.created_at, h.asks, h.deleted_at, h.brought, h.answered_at,
                      lag(h.class) OVER turn IS DISTINCT FROM h.class
                      OR lag(h.answered_at) OVER turn IS DISTINCT FROM h.answered_at
                      OR lag(h.place) OVER turn IS DISTINCT FROM h.place AS says_something
                 FROM (SELECT g.*, width_bucket(CASE WHEN g.asks THEN g.created_at ELSE g.at END, g.turns) AS place,
                              CASE WHEN width_bucket(g.written_at - interval '1 minute', g.turns) <> width_bucket(g.at, g.turns)
                                   THEN ({_QUEUED}) END AS queued FROM (
               SELECT d.id, d.turns, f.number, f.created_at, f.written_at, f.asks, f.deleted_at, f.brought, f.answered_at, f.class, {said_times.IN_ORDER} AS at
                 FROM jsonb_to_recordset(%s::jsonb) AS d(id bigint, since timestamptz, after bigint, turns timestamptz[], thread bigint,
                                                         first timestamptz, until timestamptz, learned timestamptz, joined jsonb)
                CROSS JOIN LATERAL (
                    SELECT m.id AS number, t.created_at, m.deleted_at, m.direction = 'in' AS asks, t.at,
                           m.direction = 'in' AND d.learned IS NOT NULL AS brought,
                           CASE WHEN m.direction = 'in' AND d.until IS NOT NULL THEN ({_ANSWERED_THERE}) END AS answered_at,
                           CASE WHEN m.direction = 'out' THEN 0 WHEN m.deleted_at IS NOT NULL THEN m.id
                                WHEN d.learned IS NULL THEN -1 ELSE -2 END AS class,
                           m.sent_at, m.order_key, CASE WHEN isfinite(t.at) THEN {said_times.TRIED} END AS tried,
                           CASE WHEN m.direction = 'out' AND m.client_id IS NOT NULL THEN m.created_at END AS written_at
                      FROM ({_SAID_THERE}) m
                     CROSS JOIN LATERAL (SELECT CASE WHEN {_ON_ITS_WAY} THEN 'infinity' ELSE {said_times.AT} END AS at,
                                                {_LEARNED} AS created_at) t
                     WHERE (d.first IS NULL OR t.at >= d.first) AND (d.until IS NULL OR m.created_at < d.until)
                       AND CASE WHEN m.direction = 'in'
                                THEN NOT m.historical AND m.kind <> 'system' AND (d.since IS NULL OR t.created_at > d.since)
                                ELSE m.direction = 'out' AND m.origin <> 'automation' AND ({_ON_ITS_WAY}
                                     OR (m.state IN ('sent', 'delivered', 'read') AND (d.since IS NULL OR m.sent_at > d.since))) END) f
               WINDOW following AS (PARTITION BY d.id, d.thread {said_times.FOLLOWING})) g) h
               WINDOW turn AS (PARTITION BY h.id ORDER BY h.at, h.asks DESC, h.number)) s
            WHERE says_something OR queued IS NOT NULL ORDER BY id, at""",  # noqa: S608
        [orjson.dumps(asked).decode()],
    )


def _rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with binding.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
