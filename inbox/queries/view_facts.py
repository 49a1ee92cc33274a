"""What the checks of a view ask of a conversation, from its own columns."""

from __future__ import annotations

from inbox.models import Conversation
from inbox.rules import who_words
from inbox.rules.view_checks import Facts

COLUMNS = (
    "id", "state", "kind", "platform", "channel_id", "assignee_id", "team_id", "tags", "priority", "language", "sentiment", "unread_count",
    "contact_vip", "contact_name", "contact_username", "waiting_since", "due_at", "created_at", "last_message_at",
)  # fmt: skip


def of(conversation: Conversation) -> Facts:
    return Facts(
        state=conversation.state,
        kind=conversation.kind,
        platform=conversation.platform,
        channel=conversation.channel_id,
        assignee=conversation.assignee_id,
        team=conversation.team_id,
        tags=tuple(conversation.tags),
        priority=conversation.priority,
        language=conversation.language,
        mood=conversation.sentiment,
        unread=conversation.unread_count > 0,
        vip=conversation.contact_vip,
        who=who_words.folded(f"{conversation.contact_name}\n{conversation.contact_username}"),
        waiting=conversation.waiting_since,
        due=conversation.due_at,
        created=conversation.created_at,
        updated=conversation.last_message_at,
    )
