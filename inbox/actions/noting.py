"""Notes for colleagues. They never leave the brand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from inbox import events
from inbox.actions import _writing, replying
from inbox.models import Conversation, Direction, EventKind, Message, MessageState, Person
from inbox.rules.cleaning import clean


class NoteRefused(Exception):
    """The note cannot be kept; the words say why."""


LONGEST_NOTE = 20_000


@transaction.atomic(durable=True)
def add_note(*, conversation: Conversation, by: Person, client_id: UUID, text: str, now: datetime) -> Message:
    """Write a note into the thread. The same client id again is the same note, or SpentClick."""
    text = clean(text).strip()
    if not text:
        raise NoteRefused("Write something first.")
    if len(text) > LONGEST_NOTE:
        raise NoteRefused(f"A note holds at most {LONGEST_NOTE} characters; this one has {len(text)}.")
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if known := Message.objects.filter(conversation=current, client_id=client_id).first():
            if known.direction != Direction.NOTE or known.created_text != text:
                raise replying.SpentClick
            return known
        seq = ledger.record(EventKind.NOTE_ADDED, at=now, conversation_id=current.pk, actor_id=by.pk)
        note = Message.objects.create(
            conversation=current, channel=current.channel, client_id=client_id, direction=Direction.NOTE, origin="agent",
            author_person=by, author_name=by.short_name, sent_at=now, created_text=text, text=text, created_at=now,
            state=MessageState.NOTED, seq=seq,
        )  # fmt: skip
        ledger.attach(seq, note.pk)
        _writing.change(current, seq)
    return note
