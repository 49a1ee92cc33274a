"""When our own replies were made, where the platform has told no more than when it delivered their echoes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from inbox.actions import _sql
from inbox.actions._arrivals import Key
from inbox.exchange import BY_DELIVERY, InboundMessage
from inbox.models import Message
from inbox.rules import echoes


def by_echoes(
    replies: Mapping[Key, int], messages: Mapping[Key, InboundMessage], now: datetime
) -> dict[Key, InboundMessage]:
    """The echoes of these replies (message ids), each with the time at which the reply was made as nearly as it can be told. What the
    customer wrote before and after it is looked at: where the clocks differ, our own time would put it on the wrong side."""
    dated, bounds = {}, _bounds(replies.values())
    for key, message_id in replies.items():
        if message_id in bounds:
            attempted_at, seen, came = bounds[message_id]
            at = echoes.place(
                attempted_at=attempted_at, told_at=messages[key].sent_at, now=now, seen=seen, came=came
            )
            dated[key] = replace(messages[key], sent_at=at)
    return dated


def by_twin(message_id: int, twin: Message) -> datetime:
    """When a reply was made of which the echo came first, with other words, and stands as a row of its own."""
    if not twin.order_key.endswith(BY_DELIVERY) or not (bounds := _bounds([message_id])):
        return twin.sent_at
    attempted_at, seen, came = bounds[message_id]
    learned = max(twin.created_at, attempted_at)
    return echoes.place(attempted_at=attempted_at, told_at=twin.sent_at, now=learned, seen=seen, came=came)


def _bounds(message_ids: Iterable[int]) -> dict[int, tuple[datetime, datetime | None, datetime | None]]:
    """Of each reply that was tried: when, and the newest of the customer's that was here then, and that came after and lies before it."""
    if not (ids := list(message_ids)):
        return {}
    return {
        row[0]: (row[1], row[2], row[3])
        for row in _sql.rows(
            """SELECT o.id, o.attempted_at, max(i.sent_at) FILTER (WHERE i.created_at <= o.attempted_at),
                      max(i.sent_at) FILTER (WHERE i.created_at > o.attempted_at AND i.sent_at <= o.attempted_at)
                 FROM inbox_message o LEFT JOIN inbox_message i ON i.conversation_id = o.conversation_id AND i.direction = 'in'
                      AND i.kind <> 'system'
                WHERE o.id = ANY(%s) AND o.attempted_at IS NOT NULL GROUP BY o.id""",
            [ids],
        )
    }
