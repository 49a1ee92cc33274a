"""What an echo told that was taken for a reply of ours by its words: kept until the platform's answer says whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from inbox.actions import _sql
from inbox.exchange import (
    Attachment,
    AttachmentKind,
    InboundMessage,
    MessageKind,
    Origin,
    Party,
    ThreadKind,
)
from inbox.models import Message, TakenEcho
from inbox.rules.cleaning import LONGEST, clean_json


def keep(taken: Mapping[int, InboundMessage], now: datetime) -> None:
    """Reply → the echo it was taken for."""
    if not taken:
        return
    _sql.run(
        """INSERT INTO inbox_takenecho (message_id, told, taken_at)
           SELECT t.*, %s FROM unnest(%s::bigint[], %s::jsonb[]) AS t ON CONFLICT DO NOTHING""",
        [now, *_sql.columns([(pk, json.dumps(_written(echo))) for pk, echo in taken.items()], 2)],
    )


def forget(message_ids: Sequence[int]) -> None:
    TakenEcho.objects.filter(message__in=message_ids).delete()


def told_of(reply: Message) -> InboundMessage:
    """The message that the reply was taken for, which has its words, where it stands now."""
    kept = TakenEcho.objects.filter(message=reply).first()
    told = kept.told if kept else {}
    return InboundMessage(
        external_id=reply.external_id or "",
        thread_id=reply.conversation.thread_key,
        sent_at=reply.sent_at,
        author=Party("", name=told.get("name", "")),
        text=told.get("text", reply.created_text),
        kind=MessageKind(told.get("kind", MessageKind.TEXT)),
        thread_kind=ThreadKind(reply.conversation.kind),
        outbound=True,
        origin=Origin(told.get("origin", Origin.OTHER_CLIENT)),
        order_key=reply.order_key,
        attachments=tuple(map(_file, told.get("files", ()))),
        reply_to=told.get("reply_to", ""),
        card=told.get("card", {}),
    )


def _written(echo: InboundMessage) -> Any:
    return clean_json(
        {
            "name": echo.author.name or echo.author.username,
            "text": echo.text[:LONGEST],
            "kind": echo.kind,
            "origin": echo.origin,
            "files": [asdict(file) for file in echo.attachments],
            "reply_to": echo.reply_to,
            "card": echo.card,
        }
    )


def _file(told: dict[str, Any]) -> Attachment:
    ends = told["expires_at"]
    read = {
        "kind": AttachmentKind(told["kind"]),
        "expires_at": datetime.fromisoformat(ends) if ends else None,
    }
    return Attachment(**told | read)
