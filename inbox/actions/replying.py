"""A person's reply, from the composer to the outbox, and what they may do when it could not be sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from inbox import events
from inbox.actions import _answering, _drafts, _given_up, _notifying, _undo, _writing
from inbox.actions._answering import ReplyRefused, SpentClick, StaleReply, situation_of, verdict_on
from inbox.models import Attachment, Conversation, Ended, EventKind, Message, MessageState, Person, UndoKind

__all__ = [
    "ReplyRefused", "SpentClick", "StaleReply", "discard", "queue_reply", "retry", "situation_of", "verdict_on",
]  # fmt: skip
DISCARDED = "Discarded"


@transaction.atomic(durable=True)
def queue_reply(
    *,
    conversation: Conversation,
    by: Person,
    client_id: UUID,
    text: str,
    written_against: int,
    now: datetime,
    attachments: Sequence[Attachment] = (),
    reply_to: str = "",
    draft: _drafts.Sent = _drafts.NONE,
    hold: timedelta = timedelta(0),
) -> list[Message]:
    """Put a reply into the outbox; one row for each message the platform will make of it. The same client id again is the same reply.

    `draft`: the writer's draft that is sent with it, and goes. `hold`: how long it waits there, so that its writer can
    take it back (undoing.undo).

    Raises ReplyRefused where the platform's rules forbid it, StaleReply where the thread moved on after `written_against`,
    SpentClick where the client id was taken for something else.
    """
    with events.ledger(conversation.brand_id) as ledger:
        return _answering.queue(
            ledger, _writing.locked(conversation.pk), by=by, client_id=client_id, text=text, written_against=written_against, now=now,
            attachments=attachments, reply_to=reply_to, draft=draft, hold=hold,
        )  # fmt: skip


@transaction.atomic(durable=True)
def retry(*, message: Message, by: Person, now: datetime, seen_seq: int | None = None) -> Message:
    """Send a reply that failed once more, because a person says so. The window and the limits are asked again, and the
    platform whether its person takes messages by now.

    `seen_seq`: up to where that person has read. Raises StaleReply where the thread moved on since, ReplyRefused as for a new reply.
    """
    with events.ledger(message.conversation.brand_id) as ledger:
        current = Message.objects.select_related("conversation__channel").get(pk=message.pk)
        if current.state != MessageState.FAILED or current.external_id:
            return current
        if current.ended == Ended.ELSEWHERE:
            raise ReplyRefused(current.state_reason)
        if seen_seq is not None and (newer := _answering.news_to(by, current.conversation, seen_seq)):
            raise StaleReply(newer)
        verdict = verdict_on(
            current.conversation,
            text=current.text,
            files=list(current.attachments.all()),
            now=now,
            again=True,
        )
        if not verdict.allowed:
            raise ReplyRefused(verdict.problem)
        seq = ledger.record(
            EventKind.REPLY_QUEUED, at=now, conversation_id=current.conversation_id, message_id=current.pk, actor_id=by.pk,
            again=True,
        )  # fmt: skip
        Message.objects.filter(pk=current.pk).update(
            state=MessageState.QUEUED,
            state_reason="",
            ended="",
            reply_to=_answering.answers(current),
            not_before=now,
            human_agent=verdict.human_agent,
            seq=seq,
        )
        _writing.change(current.conversation, seq)
        current.refresh_from_db()
    return current


@transaction.atomic(durable=True)
def discard(*, message: Message, by: Person, now: datetime) -> Message:
    """Give up a reply that has not left. One that may have left cannot be called back. Who was resolved or set aside because of it waits
    again."""
    with events.ledger(message.conversation.brand_id) as ledger:
        current = Message.objects.select_related("conversation").get(pk=message.pk)
        if current.state not in (MessageState.QUEUED, MessageState.FAILED) or current.ended:
            return current  # it has left, or nobody has to look after it: discarded in another window, it is taken back once
        seq = ledger.record(
            EventKind.REPLY_FAILED, at=now, conversation_id=current.conversation_id, message_id=current.pk, actor_id=by.pk,
            reason=DISCARDED,
        )  # fmt: skip
        was = {"state": current.state, "state_reason": current.state_reason, "ended": current.ended}
        step = _undo.step(current.conversation_id, seq, was, {"messages": [current.pk]})
        _undo.keep(
            ledger,
            UndoKind.DISCARD,
            "Discarded a reply",
            [step],
            conversation=current.conversation,
            by=by,
            now=now,
        )
        Message.objects.filter(pk=current.pk).update(
            state=MessageState.FAILED, state_reason=DISCARDED, ended=Ended.DISCARDED, seq=seq
        )
        _writing.change(current.conversation, seq)
        _notifying.settled(ledger, [current.pk], now)
        if was["state"] == MessageState.QUEUED and (queued := _given_up.queued([current])):
            _given_up.open_again(ledger, queued, by=by, now=now)
        current.refresh_from_db()
    return current
