"""Messages of a batch: which are new, which are echoes of our own replies, and the rows for them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.actions import _sql, _untold
from inbox.actions._arrivals import Batch, Key, Met, customer_of
from inbox.actions._conversations import Thread
from inbox.exchange import BY_DELIVERY, InboundMessage, MessageKind, ReadUpTo
from inbox.models import Ended, EventKind
from inbox.models.fields import new_public_id
from inbox.rules import echoes
from inbox.rules.cleaning import LONGEST, clean, clean_json, in_one_line


@dataclass(slots=True)
class Known:
    """A message we have: enough to correct its place and to find its conversation."""

    id: int
    conversation_id: int
    direction: str
    sent_at: datetime
    order_key: str
    state: str
    origin: str
    attempted_at: datetime | None

    @property
    def is_by_our_clock(self) -> bool:
        return self.order_key == "" and self.sent_at == self.attempted_at


@dataclass(frozen=True, slots=True)
class Places:
    """Where each message of a batch is: known before, or new (made now, or one of our own that the platform has now shown us)."""

    known: dict[Key, Known]
    new: dict[Key, int]
    unknown: dict[Key, InboundMessage]
    threads: dict[Key, Thread]

    def of(self, key: Key) -> tuple[int, int] | None:
        """(message id, conversation id)"""
        if key in self.known:
            return self.known[key].id, self.known[key].conversation_id
        if key in self.new:
            return self.new[key], self.threads[(key[0], self.unknown[key].thread_id)].id
        return None

    def read_up_to(self, channel_id: int, look: ReadUpTo) -> tuple[Thread, datetime, int | None] | None:
        """Where and how far a look reaches, and the reply it is at where that is not READ yet; None where what it names has not come.
        A message says it, and not when it was looked at: what left in between was not seen. The time alone counts only where
        the platform names no message."""
        key, thread = (channel_id, look.message_id), self.threads.get((channel_id, look.thread_id))
        if thread is None or not look.message_id:
            return (thread, look.at, None) if thread else None
        message_id, conversation_id = self.of(key) or (0, 0)
        if conversation_id != thread.id:
            return None
        if key in self.known:
            reply = self.known[key]
            return thread, reply.sent_at, message_id if reply.state in ("sent", "delivered") else None
        return thread, self.unknown[key].sent_at, message_id

    def arrived(self) -> list[tuple[int, str, str]]:
        """(channel id, thread, platform id) of what was not here before."""
        return [(key[0], self.unknown[key].thread_id, key[1]) for key in self.new]

    def is_from_customer(self, key: Key) -> bool:
        """Of a message that was here before."""
        return key in self.known and self.known[key].direction == "in"


LONGEST_NAME = 400  # by which a platform calls a file; what is longer is none that it calls a file of ours


def find_known(batch: Batch) -> dict[Key, Known]:
    """What we have of the messages a batch brings, changes, or names as the one before or as the last that was read."""
    wanted = list(
        dict.fromkeys(
            [
                *batch.messages,
                *((channel_id, event.target) for channel_id, event in batch.amendments),
                *((key[0], message.after) for key, message in batch.messages.items() if message.after),
                *((channel_id, event.message_id) for channel_id, event in batch.reads if event.message_id),
            ]
        )
    )
    if not wanted:
        return {}
    found = _sql.rows(
        """SELECT m.channel_id, m.external_id, m.id, m.conversation_id, m.direction, m.sent_at, m.order_key, m.state, m.origin,
                  m.attempted_at
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.external_id COLLATE "C" """,
        _sql.columns(wanted, 2),
    )
    return {(row[0], row[1]): Known(*row[2:]) for row in found}


def order_key_of(message: InboundMessage) -> str:
    key = message.order_key or message.external_id
    return f"{key[:399]}{BY_DELIVERY}" if message.dated_by_delivery else key


def card_of(message: InboundMessage) -> str:
    return json.dumps(clean_json(dict(message.card))) if message.card else "{}"


def news_of(message: InboundMessage, *, historical: bool) -> EventKind:
    """What a new message is as an event."""
    if historical:
        return EventKind.MESSAGE_FOUND
    if message.kind is MessageKind.SYSTEM:
        return EventKind.MESSAGE_OF_SYSTEM
    return EventKind.MESSAGE_ECHOED if message.outbound else EventKind.MESSAGE_RECEIVED


def match_echoes(unknown: dict[Key, InboundMessage], threads: dict[Key, Thread]) -> dict[Key, int]:
    """Which unknown outbound messages are replies of ours on their way: key → message id. Each reply is matched once."""
    outbound = {key: message for key, message in unknown.items() if message.outbound}
    conversation_ids = {
        thread.id for key, message in outbound.items() if (thread := threads.get((key[0], message.thread_id)))
    }
    if not conversation_ids:
        return {}
    attempted: dict[int, list[echoes.Attempted]] = defaultdict(list)
    for row in _sql.rows(
        """SELECT conversation_id, id, client_id::text, attempted_at, CASE state WHEN 'queued' THEN 1 WHEN 'failed' THEN 2 ELSE 0 END,
                  text, attachment_count > 0,
                  ARRAY(SELECT unnest(string_to_array(f.external_id, ' ')) FROM inbox_attachment f WHERE f.message_id = m.id)
             FROM inbox_message m
            WHERE conversation_id = ANY(%s) AND direction = 'out' AND external_id IS NULL AND attempted_at IS NOT NULL
              AND (state <> 'failed' OR may_be_out) AND ended <> %s
            ORDER BY id""",
        [list(conversation_ids), Ended.DISCARDED],
    ):
        content = echoes.Content(row[5], row[6], frozenset(row[7]))
        attempted[row[0]].append(echoes.Attempted(row[1], row[2] or "", content, row[3], row[4]))
    matched: dict[Key, int] = {}
    for key, message in sorted(outbound.items(), key=lambda item: (item[1].sent_at, order_key_of(item[1]))):
        thread = threads.get((key[0], message.thread_id))
        candidates = attempted.get(thread.id, []) if thread else []
        if found := echoes.match(candidates, message):
            candidates.remove(found)
            matched[key] = found.message_id
    return matched


def settle_replies(settled: list[tuple[int, str, datetime, str, int]]) -> None:
    """Our replies that the platform has shown us: (message id, external id, sent_at, order key, seq)."""
    if settled:
        _sql.run(
            """UPDATE inbox_message m SET external_id = s.external_id, sent_at = s.sent_at, order_key = s.order_key,
                      state = 'sent', state_reason = '', ended = '', lease_until = NULL, not_before = NULL, seq = s.seq
                 FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::bigint[])
                      AS s(id, external_id, sent_at, order_key, seq) WHERE m.id = s.id""",
            _sql.columns(settled, 5),
        )


def correct_places(corrected: list[tuple[int, datetime, str, int]]) -> None:
    """(message id, sent_at, order key, seq) of messages whose true place is known now."""
    if corrected:
        _sql.run(
            """UPDATE inbox_message m SET sent_at = s.sent_at, order_key = s.order_key, seq = s.seq
                 FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::bigint[]) AS s(id, sent_at, order_key, seq)
                WHERE m.id = s.id""",
            _sql.columns(corrected, 4),
        )


def insert(
    fresh: list[tuple[int, InboundMessage, Thread, int]],
    people: dict[Key, Met],
    *,
    historical: bool,
    now: datetime,
) -> dict[Key, int]:
    """Write new messages: (channel id, message, its conversation, seq). Returns key → message id."""
    if not fresh:
        return {}
    records = [_record(*item, people) for item in fresh]
    ids = _sql.rows(
        """INSERT INTO inbox_message (
               public_id, conversation_id, channel_id, external_id, direction, kind, origin, author_handle_id, author_name, sent_at,
               order_key, created_text, text, reply_to, card, attachment_count, state, seq, historical, created_at, edit_count,
               reactions, state_reason, human_agent, attempts)
           SELECT m.*, %s, %s, 0, '[]', '', false, 0
             FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
                         %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::int[],
                         %s::text[], %s::bigint[]) AS m
           RETURNING id, channel_id, external_id""",
        [historical, now, *_sql.columns(records, 18)],
    )
    made = {(row[1], row[2]): row[0] for row in ids}
    _insert_attachments(fresh, made, now)
    _untold.ask([made[(row[0], row[1].external_id)] for row in fresh if row[1].untold], now)
    return made


def _record(
    channel_id: int, message: InboundMessage, thread: Thread, seq: int, people: dict[Key, Met]
) -> tuple[Any, ...]:
    author = people.get((channel_id, message.author.external_id)) if not message.outbound else None
    text = clean(message.text[:LONGEST])
    return (
        new_public_id(), thread.id, channel_id, message.external_id, "out" if message.outbound else "in",
        message.kind.value, message.origin.value, author.handle_id if author else None,
        clean((author.name or author.username) if author else message.author.name or message.author.username)[:200],
        message.sent_at, order_key_of(message), text, text, message.reply_to, card_of(message),
        len(message.attachments), "sent" if message.outbound else "received", seq,
    )  # fmt: skip


def _insert_attachments(
    fresh: list[tuple[int, InboundMessage, Thread, int]], made: dict[Key, int], now: datetime
) -> None:
    records = [
        (
            str(new_public_id()), made[(channel_id, message.external_id)], channel_id, place, part.kind.value, clean(part.url),
            clean(part.mime)[:120], in_one_line(part.name)[:255], part.size, clean(part.title), part.external_id[:LONGEST_NAME], part.expires_at,
            "pending" if part.storable and part.url and part.kind.value not in ("share", "location") else "link",
        )
        for channel_id, message, _, _ in fresh
        for place, part in enumerate(message.attachments)
    ]  # fmt: skip
    if records:
        _sql.run(
            """INSERT INTO inbox_attachment (public_id, message_id, channel_id, position, kind, url, mime, name, size, title,
                                             external_id, expires_at, fetch_state, fetch_at, fetch_attempts, path, created_at)
               SELECT a.*, %s, 0, '', %s
                 FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
                             %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[]) AS a""",
            [now, now, *_sql.columns(records, 13)],
        )


def first_of_each_thread(messages: dict[Key, InboundMessage]) -> dict[Key, InboundMessage]:
    """The message that says most of a thread's customer: the earliest that names them, else the earliest."""
    firsts: dict[Key, InboundMessage] = {}
    for (channel_id, _), message in messages.items():
        key = (channel_id, message.thread_id)
        before = firsts.get(key)
        if before is None or _tells_more(message, before):
            firsts[key] = message
    return firsts


def _tells_more(message: InboundMessage, before: InboundMessage) -> bool:
    known, knew = customer_of(message) is not None, customer_of(before) is not None
    return (not known, message.sent_at) < (not knew, before.sent_at)
