"""Resolved and open again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _snoozing, _undo, _writing
from inbox.actions._queueing import BY_PERSON
from inbox.models import Conversation, ConversationState, EventKind, Person, UndoKind
from inbox.queries import news


class AnotherIsOpen(Exception):
    """A newer conversation of the same thread is under way, so this one stays as it is."""


class NewsArrived(Exception):
    """The customer wrote after the page that somebody resolves on. `newer` is what they have not seen."""

    def __init__(self, newer: news.News) -> None:
        super().__init__("There is news in this conversation.")
        self.newer = newer


@transaction.atomic(durable=True)
def resolve(
    *, conversation: Conversation, by: Person, now: datetime, seen_seq: int | None = None
) -> Conversation:
    """Done with it. `seen_seq`: the brand's event up to which the page had been seen; None resolves whatever came since.

    Raises NewsArrived when a customer's message came after it.
    """
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if seen_seq is not None and (newer := news.messages_since(current, seen_seq, news.FROM_CUSTOMER)):
            raise NewsArrived(newer)
        if current.state != ConversationState.RESOLVED:
            seq = ledger.record(
                EventKind.RESOLVED, at=now, conversation_id=current.pk, actor_id=by.pk, before=current.state
            )
            was = _undo.before(UndoKind.STATE, current)
            _writing.change(
                current,
                seq,
                state=ConversationState.RESOLVED,
                resolved_at=now,
                unread_count=0,
                waiting_since=None,
                snoozed_until=None,
            )
            _snoozing.forget_timers([current.pk])
            _undo.remember(ledger, UndoKind.STATE, "Resolved", current, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def mark_spam(
    *, conversation: Conversation, by: Person, now: datetime, seen_seq: int | None = None
) -> Conversation:
    """Nothing anybody should answer. `seen_seq` as in resolve; reopening says that it was none."""
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if seen_seq is not None and (newer := news.messages_since(current, seen_seq, news.FROM_CUSTOMER)):
            raise NewsArrived(newer)
        if current.state != ConversationState.SPAM:
            _check_no_rival(current)
            seq = ledger.record(
                EventKind.MARKED_SPAM,
                at=now,
                conversation_id=current.pk,
                actor_id=by.pk,
                before=current.state,
            )
            was = _undo.before(UndoKind.STATE, current)
            _writing.change(
                current,
                seq,
                state=ConversationState.SPAM,
                resolved_at=None,
                unread_count=0,
                waiting_since=None,
                snoozed_until=None,
            )
            _snoozing.forget_timers([current.pk])
            _undo.remember(ledger, UndoKind.STATE, "Marked as spam", current, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def reopen(*, conversation: Conversation, by: Person, now: datetime) -> Conversation:
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if current.state != ConversationState.OPEN:
            _check_no_rival(current)
            was = _undo.before(UndoKind.STATE, current)
            seq = ledger.record(
                EventKind.REOPENED, at=now, conversation_id=current.pk, actor_id=by.pk, before=current.state
            )
            _writing.change(
                current,
                seq,
                state=ConversationState.OPEN,
                resolved_at=None,
                snoozed_until=None,
                waiting_since=news.first_unanswered(current),
                **({"assignee_set_by": BY_PERSON, "assignee_set_at": now} if current.assignee_id else {}),
            )  # fmt: skip
            _snoozing.forget_timers([current.pk])
            _undo.remember(ledger, UndoKind.STATE, "Reopened", current, was, seq, by=by, now=now)
    return current


def _check_no_rival(conversation: Conversation) -> None:
    """One conversation of a thread may be under way."""
    rivals = Conversation.objects.filter(
        channel=conversation.channel, thread_key=conversation.thread_key, pk__gt=conversation.pk
    )
    if rivals.exclude(state=ConversationState.RESOLVED).exists():
        raise AnotherIsOpen("A newer conversation with this person is already open.")
