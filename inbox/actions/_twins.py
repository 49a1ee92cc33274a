"""One message of ours in two rows, or two messages in one: an echo is taken for what it looks like, until the platform's answer says
what it is."""

from __future__ import annotations

from datetime import datetime

from inbox import events
from inbox.actions import _amending, _sql, _writing
from inbox.exchange import Origin
from inbox.models import Direction, Event, EventKind, FetchState, Message, MessageState


def holder_of(message: Message, external_id: str) -> Message | None:
    """Who has this id already, in the channel of the reply: an echo that came first and told nobody whose it was (a shortened link, a
    file without words) stands as a row of its own."""
    return Message.objects.filter(channel_id=message.channel_id, external_id=external_id).first()


def absorb(twin: Message) -> None:
    """The reply takes its place."""
    conversation = twin.conversation
    conversation.message_count -= 1
    type(conversation).objects.filter(pk=conversation.pk).update(message_count=conversation.message_count)
    if twin.attachment_count:
        # We have the file that we sent. The copy of it that was fetched is removed from the disk (connectors.actions.erasing).
        twin.attachments.exclude(path="").update(message=None, fetch_state=FetchState.GONE)
    twin.delete()


def is_anothers(message: Message, external_id: str) -> bool:
    """Whether the id that a reply stands under is somebody else's message: an echo with the same words brought it, and the platform's
    answer says another. Of two answers both are true. What was unsent has no words left to tell the two apart."""
    if message.external_id == external_id or message.deleted_at:
        return False
    told = Event.objects.filter(message=message, kind=EventKind.REPLY_SENT).order_by("seq").last()
    return told is not None and told.data.get("by") == "echo"


def release(message: Message, now: datetime) -> Message:
    """Let a reply change the id it stands under, in this transaction. Returns the row, not written yet, of the message whose id it was:
    that has the same words."""
    # A message keeps its platform id (inbox_message_only_forward), but for the one that is named here.
    _sql.rows("SELECT set_config('parley.releases', %s, true)", [str(message.pk)])
    return Message(
        conversation=message.conversation, channel_id=message.channel_id, external_id=message.external_id, direction=Direction.OUT,
        origin=Origin.OTHER_CLIENT, sent_at=message.sent_at, order_key=message.order_key, created_text=message.created_text,
        text=message.created_text, state=MessageState.SENT, created_at=now,
    )  # fmt: skip


def stand_apart(ledger: events.Ledger, released: Message, reply: Message) -> None:
    """What was done to the one message and to the other is told of each."""
    conversation, at = reply.conversation, released.created_at
    seq = ledger.record(EventKind.MESSAGE_ECHOED, at=at, conversation_id=conversation.pk)
    released.seq = seq
    released.save(force_insert=True)
    ledger.attach(seq, released.pk)
    rows = {released.external_id or "": (released.pk, seq), reply.external_id or "": (reply.pk, reply.seq)}
    _amending.refold({(reply.channel_id, external_id): row for external_id, row in rows.items()})
    conversation.refresh_from_db(fields=["message_count"])  # a twin may have gone meanwhile
    _writing.change(conversation, seq, message_count=conversation.message_count + 1, public_seq=seq)
