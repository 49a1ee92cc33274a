"""A note on its way into the thread, within the action that writes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from inbox import events
from inbox.actions import _drafts, _notifying, _undo, _writing
from inbox.actions._answering import SpentClick
from inbox.actions._notifying import Notice
from inbox.models import (
    Conversation,
    Direction,
    DraftKind,
    EventKind,
    Message,
    MessageState,
    NotificationKind,
    Person,
    UndoKind,
)
from inbox.queries import merges
from inbox.rules import mentions
from inbox.rules.blank import is_blank
from inbox.rules.cleaning import clean


class NoteRefused(Exception):
    """The note cannot be kept; the words say why."""


LONGEST_NOTE = 20_000


def write(
    ledger: events.Ledger,
    current: Conversation,
    *,
    by: Person,
    client_id: UUID,
    text: str,
    now: datetime,
    draft: _drafts.Sent = _drafts.NONE,
) -> Message:
    """As noting.add_note, in a transaction that is open."""
    text = clean(text).strip()
    if is_blank(text):
        raise NoteRefused("Write something first.")
    if len(text) > LONGEST_NOTE:
        raise NoteRefused(f"A note holds at most {LONGEST_NOTE} characters; this one has {len(text)}.")
    if known := Message.objects.filter(conversation=current, client_id=client_id).first():
        if known.direction != Direction.NOTE or known.created_text != text:
            raise SpentClick
        _drafts.remove(conversation_id=current.pk, writer=by, kind=DraftKind.NOTE, sent=draft)
        return known
    if merges.emptied(current):
        raise NoteRefused(merges.EMPTIED)
    seq = ledger.record(EventKind.NOTE_ADDED, at=now, conversation_id=current.pk, actor_id=by.pk)
    note = Message.objects.create(
        conversation=current, channel=current.channel, client_id=client_id, direction=Direction.NOTE, origin="agent",
        author_person=by, author_name=by.short_name, sent_at=now, created_text=text, text=text, created_at=now,
        state=MessageState.NOTED, seq=seq,
    )  # fmt: skip
    ledger.attach(seq, note.pk)
    _writing.change(current, seq)
    step = _undo.step(current.pk, seq, None, {"messages": [note.pk]})
    _undo.keep(ledger, UndoKind.NOTE, "Noted", [step], conversation=current, by=by, now=now)
    _drafts.remove(conversation_id=current.pk, writer=by, kind=DraftKind.NOTE, sent=draft)
    _tell_the_mentioned(ledger, current, note, by, now)
    return note


def _tell_the_mentioned(
    ledger: events.Ledger, conversation: Conversation, note: Message, by: Person, now: datetime
) -> None:
    """Each colleague whose name stands after an @, but not the writer."""
    if "@" not in note.text:
        return
    team = Person.objects.filter(memberships__brand=conversation.brand_id, is_active=True)
    handles = mentions.handles(team.order_by("pk").values_list("pk", "name", "email"))
    words = " ".join(note.text.split())
    notices = [
        Notice(pk, NotificationKind.MENTION, conversation.pk, words, message_id=note.pk, actor_id=by.pk)
        for pk in mentions.mentioned(note.text, handles)
        if pk != by.pk
    ]
    _notifying.notify(ledger, notices, now)
