"""What a colleague says about an answer: when it will come, or that none is needed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.actions import _undo, _writing
from inbox.actions.closing import NewsArrived
from inbox.models import Conversation, ConversationState, EventKind, Person, UndoKind
from inbox.queries import news


class NothingToPromise(Exception):
    """A conversation that is over waits for no answer."""


@transaction.atomic(durable=True)
def promise(*, conversation: Conversation, at: datetime | None, by: Person, now: datetime) -> Conversation:
    """It will be done by then; None takes the promise back. It holds until it is taken back or the conversation is resolved."""
    if at is not None and at <= now:
        raise ValueError("A promise is about the future.")
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if at is not None and current.state in (ConversationState.RESOLVED, ConversationState.SPAM):
            raise NothingToPromise("This conversation is over. Open it again to promise something.")
        if current.promised_at != at:
            seq = ledger.record(
                EventKind.PROMISED, at=now, conversation_id=current.pk, actor_id=by.pk,
                until=at.isoformat() if at else None,
            )  # fmt: skip
            was = _undo.before(UndoKind.PROMISE, current)
            _writing.change(current, seq, promised_at=at)
            words = "Promised an answer" if at else "Took the promise back"
            _undo.remember(ledger, UndoKind.PROMISE, words, current, was, seq, by=by, now=now)
    return current


@transaction.atomic(durable=True)
def no_reply_needed(
    *, conversation: Conversation, by: Person, now: datetime, seen_seq: int | None = None
) -> Conversation:
    """What the customer wrote so far needs no answer. The clocks that waited for one end without being met or missed.

    `seen_seq` as in closing.resolve: raises NewsArrived when the customer wrote after it.
    """
    with events.ledger(conversation.brand_id) as ledger:
        current = _writing.locked(conversation.pk)
        if seen_seq is not None and (newer := news.messages_since(current, seen_seq, news.FROM_CUSTOMER)):
            raise NewsArrived(newer)
        if current.waiting_since is not None:
            seq = ledger.record(EventKind.NO_REPLY_NEEDED, at=now, conversation_id=current.pk, actor_id=by.pk)
            was = _undo.before(UndoKind.ANSWER, current)
            _writing.change(current, seq, no_reply_needed_at=now, waiting_since=None, unread_count=0)
            _undo.remember(ledger, UndoKind.ANSWER, "No answer needed", current, was, seq, by=by, now=now)
    return current
