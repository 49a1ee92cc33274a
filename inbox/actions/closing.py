"""Resolved and open again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _writing
from inbox.models import Conversation, ConversationState, EventKind, Person


class AnotherIsOpen(Exception):
    """A newer conversation of the same thread is under way, so this one stays as it is."""


@transaction.atomic(durable=True)
def resolve(*, conversation: Conversation, by: Person, now: datetime) -> Conversation:
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.state != ConversationState.RESOLVED:
            seq = ledger.record(
                EventKind.RESOLVED, at=now, conversation_id=current.pk, actor_id=by.pk, before=current.state
            )
            _writing.change(
                current,
                seq,
                state=ConversationState.RESOLVED,
                resolved_at=now,
                unread_count=0,
                waiting_since=None,
            )
    return current


@transaction.atomic(durable=True)
def reopen(*, conversation: Conversation, by: Person, now: datetime) -> Conversation:
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.state != ConversationState.OPEN:
            rivals = Conversation.objects.filter(
                channel=current.channel, thread_key=current.thread_key, pk__gt=current.pk
            )
            if rivals.exclude(state=ConversationState.RESOLVED).exists():
                raise AnotherIsOpen("A newer conversation with this person is already open.")
            seq = ledger.record(
                EventKind.REOPENED, at=now, conversation_id=current.pk, actor_id=by.pk, before=current.state
            )
            _writing.change(current, seq, state=ConversationState.OPEN, resolved_at=None)
    return current
