"""What the team has seen."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from inbox import events
from inbox.actions import _undo, _writing
from inbox.models import Conversation, EventKind, Notification, Person, UndoKind
from inbox.queries import news


@transaction.atomic(durable=True)
def mark_read(*, conversation: Conversation, by: Person, up_to_seq: int, now: datetime) -> Conversation:
    """Somebody looked at the thread as it was at `up_to_seq`. What came after stays unread.

    Looking is nothing that anybody takes back with z: who wants to look again marks it as unread.
    """
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.unread_count:
            unread = min(news.count_since(current, up_to_seq, news.FROM_CUSTOMER), current.unread_count)
            if unread != current.unread_count:
                seq = ledger.record(
                    EventKind.CONVERSATION_READ, at=now, conversation_id=current.pk, actor_id=by.pk
                )
                _writing.change(current, seq, unread_count=unread)
        _see(current, by, up_to_seq, now)
    return current


def _see(conversation: Conversation, by: Person, up_to_seq: int, now: datetime) -> None:
    """What they were told of here is seen, as far as it was on their screen."""
    mine = Notification.objects.filter(person=by, conversation=conversation, seen_at=None)
    seen = mine.filter(Q(message=None) | Q(message__seq__lte=up_to_seq)).values_list("pk", flat=True)
    if ids := list(seen):
        Notification.objects.filter(pk__in=ids).update(seen_at=now)


@transaction.atomic(durable=True)
def mark_unread(*, conversation: Conversation, by: Person, now: datetime) -> Conversation:
    """Put it back among the unread, so that somebody looks again."""
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if not current.unread_count:
            seq = ledger.record(
                EventKind.CONVERSATION_READ, at=now, conversation_id=current.pk, actor_id=by.pk, unread=True
            )
            was = _undo.before(UndoKind.UNREAD, current)
            _writing.change(current, seq, unread_count=1)
            _undo.remember(ledger, UndoKind.UNREAD, "Marked as unread", current, was, seq, by=by, now=now)
    return current
