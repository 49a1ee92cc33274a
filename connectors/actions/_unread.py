"""What has come, or is told already, and is not read yet may be the customer's, and stops a reply that waited. So it is read first."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.actions import _covering
from inbox import platforms
from inbox.models import ConversationKind, Message, MessageState
from inbox.queries import outbox

LATEST = timedelta(seconds=10)
READ_WITHIN = timedelta(minutes=2)


def is_read_first(message_id: int, *, now: datetime) -> bool:
    """Whether a reply that is due is not to be claimed yet. Its own time stays as it is: the sweep comes by again within a second."""
    found = Message.objects.filter(pk=message_id, state=MessageState.QUEUED, not_before__lte=now)
    message = found.select_related("channel", "conversation").first()
    if message is None:
        return False
    since = outbox.free_since(message, now)
    return since is not None and (_came_in_time(message, since, now) or _is_ahead_of_the_log(message, now))


def _came_in_time(message: Message, since: datetime, now: datetime) -> bool:
    """Whether a delivery that came before the reply could leave waits to be read: a worker that was away finds both. Whose it is, nobody
    knows before it is read."""
    if now > since + LATEST:
        return False
    waiting = _covering.waiting_since(message.channel)
    return waiting is not None and waiting <= since


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
