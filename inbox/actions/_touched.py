"""Conversations while triage looks at them: what is known, what shall be written, and the one statement that writes it.

    touched = _touched.load(ledger.brand_id, conversation_ids, now)
    …                                       each.change(priority=1, priority_reasons=[[38, "window closes within the hour"]])
    _touched.finish(ledger, touched, now)   rows that changed, a TRIAGED event for each of them, and their turn timers

Triage runs, in this order, `_tagging.apply(ledger, touched, readings, now)`, `_clocks.recompute(touched, promised, weights, now)` and
`_priority.score(touched, weights, now)`. Whoever scores without new messages (weights changed, a priority
was pinned) does `load`, `score`, `finish`: targets, promise, window and a broken promise are filled in by `load`.

The ledger must be open between the two, so nobody else changes these rows meanwhile. Values are those of the row; `change` also
changes what the others read from here on, so tags → clocks → priority each see what the one before decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import orjson

from inbox import events, platforms
from inbox.actions import _sql, _waiting_words
from inbox.models import ConversationKind, ConversationState, DueKind, EventKind
from inbox.platforms import WindowRules
from inbox.rules import reply_window
from inbox.rules.arrays import array

# Columns that triage may write, with the type the statement reads them as.
WRITABLE = {
    "state": "text", "assignee_id": "bigint", "assignee_name": "text", "assignee_set_by": "text", "assignee_set_at": "timestamptz",
    "team_id": "bigint", "priority": "smallint", "priority_score": "smallint",
    "priority_reasons": "jsonb", "language": "text", "sentiment": "text", "sentiment_confidence": "float8",
    "sentiment_set_by": "text", "sentiment_suggested": "text", "sentiment_version": "integer", "tags": "text[]",
    "waiting_since": "timestamptz", "due_at": "timestamptz", "due_kind": "text", "due_reason": "text",
    "promised_at": "timestamptz", "snoozed_until": "timestamptz", "opened_at": "timestamptz",
}  # fmt: skip

_WRITERS: dict[str, Callable[[Any], str]] = {
    "priority_reasons": lambda reasons: orjson.dumps(reasons).decode(),
    "tags": array,  # as the text of one, since rows of an array are as long as one another
}


@dataclass(slots=True)
class RunningClock:
    """A clock that has not ended. `due_at` is empty while it is paused."""

    kind: str  # a ClockKind
    due_at: datetime | None
    breached: bool
    raises_priority: bool  # its policy makes a late conversation urgent
    started_at: datetime


@dataclass(slots=True)
class Touched:
    """A conversation's row, and the facts beside it. Change columns with `change` only."""

    id: int
    channel_id: int
    platform: str
    kind: str  # a ConversationKind
    state: str  # a ConversationState
    assignee_id: int | None
    assignee_name: str
    assignee_set_by: str
    assignee_set_at: datetime | None
    team_id: int | None
    team_by_hand: bool
    contact_id: int | None
    priority: int
    priority_score: int
    priority_reasons: list[list[Any]]
    priority_pinned: bool
    language: str
    sentiment: str
    sentiment_confidence: float | None
    sentiment_set_by: str  # a SetBy, or empty
    sentiment_suggested: str
    sentiment_version: int | None
    tags: list[str]  # names, as the row shows them; the ConversationTag rows are _tagging's
    message_count: int
    unread_count: int
    last_message_at: datetime
    last_inbound_at: datetime | None
    last_outbound_at: datetime | None
    waiting_since: datetime | None
    window_opened_at: datetime | None
    due_at: datetime | None
    due_kind: str
    due_reason: str
    promised_at: datetime | None
    snoozed_until: datetime | None
    no_reply_needed_at: datetime | None
    opened_at: datetime | None
    created_at: datetime
    resolved_at: datetime | None

    # Facts beside the row.
    followers: int | None  # of the person on this channel
    verified: bool | None
    vip: bool  # a colleague marked the person
    unavailable: bool  # the platform says that this person cannot be written to
    contacts_in_7_days: int  # how often the person came in the seven days up to their newest message
    said: str  # what the customer wrote since the last answer: the newest five messages, shortened
    clocks: list[RunningClock] = field(default_factory=list)  # as stored; _clocks.recompute replaces them

    # For those who come after.
    window_closes_at: datetime | None = None  # the present window; empty: none, or it is closed
    next_turn: datetime | None = (
        None  # _priority says when time alone changes the score; finish keeps a timer for it
    )
    changed: dict[str, Any] = field(default_factory=dict)
    seq: int = 0  # of its TRIAGED event, once written

    def change(self, **columns: Any) -> None:
        """Write these columns at the end, where they differ from what is there."""
        for name, value in columns.items():
            if name not in WRITABLE:
                raise ValueError(f"triage does not write {name}")
            if getattr(self, name) != value:
                setattr(self, name, value)
                self.changed[name] = value

    @property
    def public(self) -> bool:
        return self.kind == ConversationKind.COMMENT

    @property
    def ended(self) -> bool:
        return self.state in (ConversationState.RESOLVED, ConversationState.SPAM)

    @property
    def target(self) -> tuple[datetime, str] | None:
        """The earliest of its running targets and its promise, and which it is (a DueKind). Never the reply window."""
        times = [(clock.due_at, clock.kind) for clock in self.clocks if clock.due_at is not None]
        if self.promised_at is not None:
            times.append((self.promised_at, DueKind.PROMISE.value))
        return min(times, default=None)

    @property
    def broken(self) -> bool:
        """A target was missed, nothing has ended it yet, and its policy makes that urgent."""
        return any(clock.breached and clock.raises_priority for clock in self.clocks)


_ROW = [each.name for each in fields(Touched)][: [each.name for each in fields(Touched)].index("followers")]

# Threads go on for ever, so conversations cannot be counted: somebody comes again who writes after eight hours of silence.
# Seven days back from their newest message, not from now, so that what was counted stays true. However much was said, little of it is read: from a
# message one goes at once to the first of the eight hours before it, or, where there is none, over the silence to the one before that.
_SPOKEN = "m.conversation_id = o.id AND m.sent_at > s.since AND m.direction <> 'note' AND m.kind <> 'system'"
# Who has this one conversation, and said nothing before these eight hours, came once, and that is most of them.
COMES = f"""CASE WHEN NOT EXISTS (SELECT FROM inbox_conversation o WHERE o.contact_id = c.contact_id AND o.id <> c.id
                                   AND o.last_message_at > c.last_inbound_at - interval '7 days')
                 AND NOT EXISTS (SELECT FROM inbox_message m WHERE m.conversation_id = c.id AND m.sent_at > c.last_inbound_at - interval '7 days'
                                    AND m.sent_at <= c.last_inbound_at - interval '8 hours') THEN 1 ELSE greatest(1, (
           WITH RECURSIVE theirs AS (
               SELECT o.id, o.last_inbound_at FROM inbox_conversation o
                WHERE (o.id = c.id OR o.contact_id = c.contact_id) AND o.last_message_at > c.last_inbound_at - interval '7 days'),
           s AS (SELECT max(last_inbound_at) AS until, max(last_inbound_at) - interval '7 days' AS since FROM theirs),
           walk AS (
               SELECT s.until + interval '1 microsecond' AS at, 0 AS comes FROM s
                UNION ALL
               SELECT coalesce(near.at, far.at), w.comes + coalesce(begun.by_them, 0)
                 FROM walk w CROSS JOIN s
                CROSS JOIN LATERAL (
                    SELECT min(x.sent_at) AS at FROM theirs o CROSS JOIN LATERAL (
                        SELECT m.sent_at FROM inbox_message m
                         WHERE {_SPOKEN} AND m.sent_at >= w.at - interval '8 hours' AND m.sent_at < w.at ORDER BY m.sent_at LIMIT 1) x) near
                CROSS JOIN LATERAL (
                    SELECT max(x.sent_at) AS at FROM theirs o CROSS JOIN LATERAL (
                        SELECT m.sent_at FROM inbox_message m
                         WHERE near.at IS NULL AND {_SPOKEN} AND m.sent_at < w.at ORDER BY m.sent_at DESC LIMIT 1) x) far
                CROSS JOIN LATERAL (
                    SELECT max(1) AS by_them FROM theirs o JOIN inbox_message m ON {_SPOKEN}
                     WHERE near.at IS NULL AND m.sent_at = w.at AND m.direction = 'in') begun
                WHERE w.at IS NOT NULL)
           SELECT max(comes) FROM walk)) END"""

_LOAD = f"""
    SELECT {", ".join(f"c.{name}" for name in _ROW)}, h.followers, h.verified, coalesce(p.vip, false), coalesce(h.unavailable_reason <> '', false),
           {COMES}, {_waiting_words.SINCE},
           (SELECT json_agg(json_build_array(k.kind, k.due_at, coalesce(k.due_at <= k.breached_at, false), coalesce(p.raises_priority, false), k.started_at))
              FROM inbox_clock k LEFT JOIN inbox_slapolicy p ON p.id = k.policy_id
             WHERE k.conversation_id = c.id AND k.ended_at IS NULL)
      FROM inbox_conversation c
      LEFT JOIN inbox_handle h ON h.channel_id = c.channel_id AND h.external_id = c.recipient_key COLLATE "C"
                              AND c.recipient_key <> ''
      LEFT JOIN inbox_contact p ON p.id = c.contact_id
     WHERE c.brand_id = %s AND c.id = ANY(%s::bigint[]) ORDER BY c.id"""


def load(brand_id: int, conversation_ids: Iterable[int], now: datetime) -> list[Touched]:
    """These conversations of the brand as they are, in one query."""
    found = []
    for row in _sql.rows(_LOAD, [brand_id, array(list(conversation_ids))]):
        touched = Touched(*row[:-1])
        reasons: Any = touched.priority_reasons  # this driver gives JSON as text
        clocks = row[-1] or []
        touched.priority_reasons = orjson.loads(reasons) if isinstance(reasons, str) else reasons
        touched.clocks = [
            RunningClock(
                kind,
                datetime.fromisoformat(due) if due else None,
                breached,
                raises,
                datetime.fromisoformat(began),
            )
            for kind, due, breached, raises, began in clocks
        ]
        touched.window_closes_at = _window_end(touched, now)
        found.append(touched)
    return found


def _window_end(touched: Touched, now: datetime) -> datetime | None:
    """When the present window ends, as the composer says it: a longer one may follow. Answers under a post know no window."""
    if touched.public or touched.unavailable:
        return None
    try:
        rules = platforms.get(touched.platform).window
    except platforms.UnknownPlatform:
        rules = WindowRules()
    window = reply_window.decide(rules, opened_at=touched.window_opened_at, now=now)
    return window.closes_at if window.may_write else None


def finish(ledger: events.Ledger, touched: Sequence[Touched], now: datetime) -> list[Touched]:
    """Write what changed and say so, one event a conversation, so that its row is shown anew. Returns those that changed."""
    changed = [each for each in touched if each.changed]
    for each in changed:
        each.seq = ledger.record(
            EventKind.TRIAGED, at=now, conversation_id=each.id, columns=sorted(each.changed)
        )
    _write(changed)
    _set_turns(ledger.brand_id, touched)
    return changed


def _write(changed: Sequence[Touched]) -> None:
    if not changed:
        return
    names = [name for name in WRITABLE if any(name in each.changed for each in changed)]
    columns: list[list[Any]] = [[each.id for each in changed], [each.seq for each in changed]]
    columns += [
        [_WRITERS[name](getattr(each, name)) if name in _WRITERS else getattr(each, name) for each in changed]
        for name in names
    ]
    types = ["bigint", "bigint", *("text" if name == "tags" else WRITABLE[name] for name in names)]
    _sql.run(
        f"""UPDATE inbox_conversation c SET seq = d.seq, {", ".join(f"{name} = d.{name}::{WRITABLE[name]}" for name in names)}
              FROM unnest({", ".join(f"%s::{type_}[]" for type_ in types)}) AS d(id, seq, {", ".join(names)}) WHERE c.id = d.id""",
        [array(column) for column in columns],
    )  # fmt: skip


def _set_turns(brand_id: int, touched: Sequence[Touched]) -> None:
    """One timer a conversation, at the time its score changes next; none where it does not."""
    turns = {each.id: None if each.ended else each.next_turn for each in touched}
    if still := [pk for pk, at in turns.items() if at is None]:
        _sql.run(
            "DELETE FROM inbox_timer WHERE conversation_id = ANY(%s) AND clock_id IS NULL AND kind = 'turn'",
            [still],
        )
    if records := [(pk, at) for pk, at in turns.items() if at is not None]:
        _sql.run(
            """INSERT INTO inbox_timer AS t (brand_id, conversation_id, clock_id, kind, percent, due_at)
               SELECT %s, d.id, NULL, 'turn', 0, d.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS d(id, at)
               ON CONFLICT (conversation_id, clock_id, kind, percent) DO UPDATE SET due_at = excluded.due_at, fired_at = NULL
                WHERE t.due_at <> excluded.due_at OR t.fired_at IS NOT NULL""",
            [brand_id, *_sql.columns(records, 2)],
        )
