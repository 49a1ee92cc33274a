"""A reply that the platform takes for too late: its window closed before ours, by what we knew. We believe it, so that the composer, a retry
and whatever waits go by the window as it is, until the customer writes: what was said before and comes to light only now opens none."""

from __future__ import annotations

from datetime import datetime

from inbox import platforms
from inbox.models import Conversation, ConversationKind, Message
from inbox.rules import reply_window
from inbox.rules.reply_window import WindowState


def believe(message: Message, reason: str, now: datetime) -> str:
    """Within the action that says that it failed, and ahead of that. The answer: the reason, with what may still be done."""
    conversation = message.conversation
    if conversation.kind == ConversationKind.COMMENT:  # no window; it was the comment that was too old
        return reason
    rules = platforms.get(message.channel.platform).window
    refused_at = message.attempted_at or now
    opened_at = reply_window.opened_by_then(
        rules,
        opened_at=conversation.window_opened_at,
        refused_at=refused_at,
        human_agent=message.human_agent,
    )
    if opened_at != conversation.window_opened_at:
        shut = {"window_opened_at": opened_at, "window_shut_at": refused_at - rules.margin}
        Conversation.objects.filter(pk=conversation.pk).update(**shut)
        conversation.window_opened_at = opened_at
    window = reply_window.decide(rules, opened_at=opened_at, now=now)
    if window.state is not WindowState.HUMAN_AGENT or message.author_person_id is None:
        return reason
    # When it was opened nobody knows: the longer one ends no later than that.
    return f"{reason} A person may still answer, until {window.closes_at:%d %b %H:%M} UTC at most: retry it."
