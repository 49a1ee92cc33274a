"""An echo that came first, and whose words the platform had changed (a shortened link, say), stands as a row of its own."""

from __future__ import annotations

from inbox.models import Message


def holder_of(message: Message, external_id: str) -> Message | None:
    """Who has this id already, in the channel of the reply."""
    return Message.objects.filter(channel_id=message.channel_id, external_id=external_id).first()


def absorb(twin: Message) -> None:
    """The reply takes its place."""
    twin.conversation.message_count -= 1
    type(twin.conversation).objects.filter(pk=twin.conversation_id).update(
        message_count=twin.conversation.message_count
    )
    twin.delete()
