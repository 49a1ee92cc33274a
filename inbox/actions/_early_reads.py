"""Looks that came before what was looked at: kept under the message they name, or under the thread where they name none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from inbox.actions import _sql, _threads
from inbox.actions._arrivals import Batch
from inbox.actions._conversations import Thread
from inbox.actions._messages import Places
from inbox.actions._threads import Change
from inbox.exchange import ReadUpTo


def note(batch: Batch, places: Places, change_of: Callable[[Thread], Change]) -> None:
    """Looks that a batch brings, and those that what it brings was waited for with."""
    early = []
    for channel_id, look in [*batch.reads, *take(places.arrived())]:
        reached = places.read_up_to(channel_id, look)
        if reached is None:
            early.append((channel_id, look))
            continue
        thread, up_to, message_id = reached
        if message_id is not None:
            change_of(thread).read_ids.append(message_id)
        if thread.customer_read_at is None or thread.customer_read_at < up_to:
            change = change_of(thread)
            change.read_at = _threads.latest(change.read_at, up_to)
    keep(early)


def keep(looks: Sequence[tuple[int, ReadUpTo]]) -> None:
    """(channel id, look). Of several at the same the last one stays."""
    latest: dict[tuple[int, str, str], datetime] = {}
    for channel_id, look in looks:
        key = (channel_id, look.thread_id, look.message_id)
        latest[key] = max(look.at, latest.get(key, look.at))
    if latest:
        _sql.run(
            """INSERT INTO inbox_earlyread AS e (channel_id, thread_key, message_key, at)
               SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
               ON CONFLICT (channel_id, thread_key, message_key) DO UPDATE SET at = greatest(e.at, excluded.at)""",
            _sql.columns([(*key, at) for key, at in latest.items()], 4),
        )


def take(arrived: Sequence[tuple[int, str, str]]) -> list[tuple[int, ReadUpTo]]:
    """What was kept for these messages, (channel id, thread, platform id), and for their threads. It is used up by this."""
    keys = [*arrived, *((channel_id, thread, "") for channel_id, thread, _ in arrived)]
    if not keys:
        return []
    return [
        (row[0], ReadUpTo(row[1], row[3], row[2]))
        for row in _sql.rows(
            """DELETE FROM inbox_earlyread e USING unnest(%s::bigint[], %s::text[], %s::text[]) AS k(channel_id, thread_key, message_key)
                WHERE e.channel_id = k.channel_id AND e.thread_key = k.thread_key COLLATE "C"
                  AND e.message_key = k.message_key COLLATE "C"
            RETURNING e.channel_id, e.thread_key, e.message_key, e.at""",
            _sql.columns(keys, 3),
        )
    ]
