"""Columns of conversations as they can be kept in a row of JSON and put back: read and written for whole batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from inbox.actions import _sql
from inbox.models import Conversation

Plain = dict[str, Any]

TYPES = {
    "state": "text", "resolved_at": "timestamptz", "snoozed_until": "timestamptz", "unread_count": "integer",
    "waiting_since": "timestamptz", "promised_at": "timestamptz", "opened_at": "timestamptz", "no_reply_needed_at": "timestamptz",
    "assignee_id": "bigint", "assignee_name": "text", "assignee_set_by": "text", "assignee_set_at": "timestamptz", "team_id": "bigint",
    "team_by_hand": "boolean", "priority": "smallint", "priority_pinned": "boolean", "tags": "text[]",
    "sentiment": "text", "sentiment_confidence": "float8", "sentiment_set_by": "text", "sentiment_suggested": "text",
    "sentiment_version": "integer",
}  # fmt: skip


def plain(value: Any) -> Any:
    """One text for one instant, whatever zone it came in: what is kept is compared."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def of(conversation: Conversation, names: Iterable[str]) -> Plain:
    return {name: plain(getattr(conversation, name)) for name in names}


def read(brand_id: int, conversation_ids: Sequence[int], names: Sequence[str]) -> dict[int, Plain]:
    """Those of the brand, in one query."""
    found = Conversation.objects.filter(brand_id=brand_id, pk__in=list(conversation_ids))
    return {
        row.pop("pk"): {name: plain(value) for name, value in row.items()}
        for row in found.values("pk", *names)
    }


def write(changes: Mapping[int, tuple[int, Mapping[str, Any]]]) -> None:
    """Of each conversation the number of its event and its new columns, the same columns for all; one statement."""
    if not changes:
        return
    names = sorted(next(iter(changes.values()))[1])
    types = ", ".join(f"{name} {TYPES[name]}" for name in names)
    records = [{"id": pk, "seq": seq, **columns} for pk, (seq, columns) in changes.items()]
    _sql.run(
        f"""UPDATE inbox_conversation c SET seq = d.seq, {", ".join(f"{name} = d.{name}" for name in names)}
              FROM jsonb_to_recordset(%s::jsonb) AS d(id bigint, seq bigint, {types}) WHERE c.id = d.id""",
        [orjson.dumps(records).decode()],
    )
