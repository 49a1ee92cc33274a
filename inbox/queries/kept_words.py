"""What others said in public, and whether it may still be kept. A network that limits it says so in its manifest (`comments_kept`)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from inbox.exchange import MessageKind
from inbox.models import ConversationKind, Direction, Message

PUBLIC = (MessageKind.COMMENT, MessageKind.MENTION, MessageKind.UNSUPPORTED)


def older_than(before: datetime, *, channel_id: int) -> QuerySet[Message]:
    """Of one channel, whose words we have kept since before then, those kept longest first. Our own answers are ours to keep."""
    said = Message.objects.filter(
        channel=channel_id, direction=Direction.IN, kind__in=PUBLIC, created_at__lt=before
    )
    kept = said.filter(expired_at=None, deleted_at=None)
    return kept.filter(conversation__kind=ConversationKind.COMMENT).order_by("created_at", "pk")
