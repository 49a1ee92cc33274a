"""How far our replies have come on the other side: delivered, and seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from inbox import events
from inbox.actions import _conversations, _sql, _threads
from inbox.actions._arrivals import Key
from inbox.actions._threads import Change
from inbox.models import EventKind


def mark_delivered(ledger: events.Ledger, keys: Sequence[Key], now: datetime) -> None:
    """Of these platform messages the replies that were told as sent and no more are DELIVERED."""
    seq_of = {}
    for message_id, conversation_id in _sent_among(keys):
        seq = ledger.record(
            EventKind.REPLY_DELIVERED, at=now, conversation_id=conversation_id, message_id=message_id
        )
        _sql.run(
            "UPDATE inbox_message SET state = 'delivered', seq = %s WHERE id = %s AND state = 'sent'",
            [seq, message_id],
        )
        seq_of[conversation_id] = seq
    _conversations.bump_seq(seq_of)


def _sent_among(keys: Sequence[Key]) -> list[tuple[int, int]]:
    """(message id, conversation id)"""
    if not keys:
        return []
    return [
        (row[0], row[1])
        for row in _sql.rows(
            """SELECT m.id, m.conversation_id FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
                 JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.external_id COLLATE "C"
                WHERE m.direction = 'out' AND m.state = 'sent' ORDER BY m.id""",
            _sql.columns(list(dict.fromkeys(keys)), 2),
        )
    ]


def mark_seen(ledger: events.Ledger, changes: Iterable[Change], now: datetime) -> None:
    """The replies of these conversations that the customer has looked at by now are READ."""
    looking = [
        change for change in changes
        if change.read_ids or change.read_at or (change.answered and change.thread.customer_read_at)
    ]  # fmt: skip
    if not looking:
        return
    seq_of = {
        change.thread.id: ledger.record(EventKind.REPLY_SEEN, at=now, conversation_id=change.thread.id)
        for change in looking
    }
    read_ids = [message_id for change in looking for message_id in change.read_ids]
    _threads.mark_seen_replies(list(seq_of), seq_of, read_ids)
    _conversations.bump_seq(seq_of)
