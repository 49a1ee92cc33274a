"""Notes for colleagues. They never leave the brand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from inbox import events
from inbox.actions import _drafts, _noting, _writing
from inbox.actions._noting import NoteRefused
from inbox.models import Conversation, Message, Person

__all__ = ["NoteRefused", "add_note"]


@transaction.atomic(durable=True)
def add_note(
    *,
    conversation: Conversation,
    by: Person,
    client_id: UUID,
    text: str,
    now: datetime,
    draft: _drafts.Sent = _drafts.NONE,
) -> Message:
    """Write a note into the thread. The same client id again is the same note, or SpentClick. `draft` as in replying.queue_reply."""
    with events.ledger(conversation.brand_id) as ledger:
        return _noting.write(
            ledger,
            _writing.locked(conversation.pk),
            by=by,
            client_id=client_id,
            text=text,
            now=now,
            draft=draft,
        )
