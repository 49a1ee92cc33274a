"""What has come, or is told already, and is not read yet may be the customer's, and stops a reply that waited. So it is read first."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.actions import _covering
from inbox import platforms
from inbox.models import ConversationKind, Message, MessageState
from inbox.queries import outbox

AT_ONCE = timedelta(0)
DRAINED_IN = timedelta(milliseconds=500)
LATEST = timedelta(seconds=40)  # after a click: the longest hold, and ten seconds
POLLED_IN = timedelta(seconds=3)
READ_WITHIN = timedelta(minutes=2)


def wait(message_id: int, *, now: datetime) -> timedelta:
    """For how long a queued reply is not to be claimed for that."""
    found = Message.objects.filter(pk=message_id, state=MessageState.QUEUED).select_related(
        "channel", "conversation"
    )
    message = found.first()
    if message is None or (message.not_before is not None and message.not_before > now):
        return AT_ONCE  # a hold, or a limit, holds on by itself and is cut short by nothing
    if _came_in_time(message, now):
        return DRAINED_IN
    return POLLED_IN if _is_ahead_of_the_log(message, now) else AT_ONCE


def _came_in_time(message: Message, now: datetime) -> bool:
    """Whether a delivery that came before the reply was due waits to be read: a worker that was away finds both."""
    if now > message.created_at + LATEST:
        return False
    waiting = _covering.waiting_since(message.channel)
    return waiting is not None and waiting <= (message.not_before or message.created_at)


def _is_ahead_of_the_log(message: Message, now: datetime) -> bool:
    """Where messages are polled, what the customer wrote while the channel was parked comes with the first poll after that. For a poll that is
    paused or fails nobody waits longer than two minutes."""
    public = message.conversation.kind == ConversationKind.COMMENT
    if public or platforms.get(message.channel.platform).receive.mode != "poll":
        return False
    again = outbox.connected_again_at(message)
    if again is None or now > again + READ_WITHIN:
        return False
    polled = _covering.polled_until(message.channel_id)
    return polled is None or polled < again
