"""Whether a reply of the outbox may leave now, and as what."""

from __future__ import annotations

from datetime import datetime

from inbox.models import ChannelState, ConversationKind, Message, MessageState
from inbox.queries import outbox
from inbox.rules.reply_window import WindowState


def needs_human_tag(message: Message, now: datetime) -> bool:
    """As the window stands when it leaves: it may have waited in a parked channel since it was written. Only people may claim it."""
    window = outbox.window_of(message, now)
    return message.author_person_id is not None and window.state is WindowState.HUMAN_AGENT


def may_go(message: Message, now: datetime) -> bool:
    """A used-up limit of messages holds up no public answer: what bounds those is asked when they are sent."""
    channel, public = message.channel, message.conversation.kind == ConversationKind.COMMENT
    waits = channel.sends_resume_at is not None and channel.sends_resume_at > now
    return channel.state == ChannelState.CONNECTED and (public or not waits)


def is_not_due(message: Message, now: datetime) -> bool:
    return message.not_before is not None and message.not_before > now


def earlier_is_under_way(message: Message) -> bool:
    under_way = Message.objects.filter(conversation=message.conversation_id)
    return (
        under_way.filter(state__in=[MessageState.SENDING, MessageState.UNCERTAIN]).exists()
        or under_way.filter(state=MessageState.QUEUED, pk__lt=message.pk).exists()
    )
