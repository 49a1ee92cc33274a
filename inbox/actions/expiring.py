"""What a network allows to be kept for a short time only: words and files go, and the row stays as evidence that there was something."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _amending, _conversations, _sql, _threads
from inbox.models import Channel, EventKind
from inbox.queries import kept_words

AT_ONCE = 200
# Of a card what says where it stands, so that somebody may read it there.
_PLACE = ["type", "id", "page"]


@transaction.atomic(durable=True)
def expire(*, channel: Channel, before: datetime, now: datetime, limit: int = AT_ONCE) -> int:
    """Forget the words, files and reactions of what others said in public and we learned before then. Returns of how many; less than
    `limit`: nothing is left."""
    with events.ledger(channel.brand_id) as ledger:
        found = list(kept_words.older_than(before, channel_id=channel.pk)[:limit])
        targets = {}
        seq_of: dict[int, int] = {}
        for message in found:
            seq = ledger.record(
                EventKind.MESSAGE_AMENDED, at=now, conversation_id=message.conversation_id, message_id=message.pk, what="expired"
            )  # fmt: skip
            targets[channel.pk, message.external_id or ""] = (message.pk, seq)
            seq_of[message.conversation_id] = seq
        _sql.run(
            """UPDATE inbox_message SET expired_at = %s, text = '', created_text = '',
                      card = coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(card) WHERE key = ANY(%s)), '{}')
                WHERE id = ANY(%s)""",
            [now, _PLACE, [message.pk for message in found]],
        )
        _amending.refold(targets)
        _conversations.bump_seq(seq_of)
        for conversation_id in seq_of:
            _threads.show_newest(conversation_id)
    return len(found)
