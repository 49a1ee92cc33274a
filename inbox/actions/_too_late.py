"""A reply that the platform takes for too late: its window closed before ours, by what we knew. We believe it, so that the composer, a retry
and whatever waits go by the window as it is."""

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
    opened_at = reply_window.opened_by_then(
        rules,
        opened_at=conversation.window_opened_at,
        refused_at=message.attempted_at or now,
        human_agent=message.human_agent,
    )
    if opened_at != conversation.window_opened_at:
        Conversation.objects.filter(pk=conversation.pk).update(window_opened_at=opened_at)
        conversation.window_opened_at = opened_at
    window = reply_window.decide(rules, opened_at=opened_at, now=now)
    if window.state is not WindowState.HUMAN_AGENT or message.author_person_id is None:
        return reason
    return f"{reason} A person may still answer until {window.closes_at:%d %b %H:%M} UTC: retry it."
