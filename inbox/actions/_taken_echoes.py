"""What an echo told that was taken for a reply of ours by its words: kept until the platform's answer says whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from inbox.actions import _sql, _tellings
from inbox.exchange import InboundMessage, MessageKind, Origin, ThreadKind
from inbox.models import Message, TakenEcho


def keep(taken: Mapping[int, InboundMessage], now: datetime) -> None:
    """Reply → the echo it was taken for."""
    if not taken:
        return
    _sql.run(
        """INSERT INTO inbox_takenecho (message_id, told, taken_at)
           SELECT t.*, %s FROM unnest(%s::bigint[], %s::jsonb[]) AS t ON CONFLICT DO NOTHING""",
        [now, *_sql.columns([(pk, json.dumps(_tellings.written(echo))) for pk, echo in taken.items()], 2)],
    )


def forget(message_ids: Sequence[int]) -> None:
    TakenEcho.objects.filter(message__in=message_ids).delete()


def told_of(reply: Message) -> InboundMessage:
    """The message that the reply was taken for, which has its words, where it stands now."""
    kept = TakenEcho.objects.filter(message=reply).first()
    told = kept.told if kept else {}
    return _tellings.read(
        {"text": reply.created_text, "kind": MessageKind.TEXT, "origin": Origin.OTHER_CLIENT} | told,
        external_id=reply.external_id or "",
        thread_id=reply.conversation.thread_key,
        thread_kind=ThreadKind(reply.conversation.kind),
        sent_at=reply.sent_at,
        order_key=reply.order_key,
    )
