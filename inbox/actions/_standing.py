"""Messages that history shows again: what became of them since, where no delivery told it."""

from __future__ import annotations

import json
from collections import defaultdict

from inbox.actions import _sql
from inbox.actions._arrivals import Batch, Key
from inbox.actions._messages import Known
from inbox.exchange import Edited, Reacted, Unsent
from inbox.rules import standing


def amendments(batch: Batch, known: dict[Key, Known]) -> list[tuple[int, Edited | Unsent | Reacted]]:
    """What must have happened to the messages of a batch that tells how they stand."""
    again = {key: message for key, message in batch.messages.items() if message.standing and key in known}
    if not again:
        return []
    key_of = {known[key].id: key for key in again}
    shown = {
        key_of[row[0]]: standing.Shown(
            row[1],
            row[2],
            row[3],
            tuple((each["actor"], each["emoji"], each["name"]) for each in json.loads(row[4])),
        )
        for row in _sql.rows(
            """SELECT id, text, deleted_at IS NOT NULL, client_id IS NOT NULL, reactions
                 FROM inbox_message WHERE id = ANY(%s)""",
            [list(key_of)],
        )
    }
    told: dict[Key, list[standing.Told]] = defaultdict(list)
    for row in _sql.rows(
        """SELECT a.channel_id, a.target, a.kind, a.at, a.version, a.actor, a.learned_at
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, target)
             JOIN inbox_amendment a ON a.channel_id = k.channel_id AND a.target = k.target COLLATE "C" """,
        _sql.columns(list(again), 2),
    ):
        told[(row[0], row[1])].append(standing.Told(*row[2:]))
    return [
        (key[0], event)
        for key, message in again.items()
        for event in standing.amendments(message, shown[key], told[key])
    ]
