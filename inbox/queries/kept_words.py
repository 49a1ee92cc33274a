"""What others said in public, and whether it may still be kept. A network that limits it says so in its manifest (`comments_kept`)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from inbox.exchange import MessageKind
from inbox.models import Amendment, AmendmentKind, ConversationKind, Direction, EarlyPost, Message

PUBLIC = (MessageKind.COMMENT, MessageKind.MENTION, MessageKind.UNSUPPORTED)


def older_than(before: datetime, *, channel_id: int) -> QuerySet[Message]:
    """Of one channel, whose words we have kept since before then, those kept longest first. Our own answers are ours to keep."""
    said = Message.objects.filter(
        channel=channel_id, direction=Direction.IN, kind__in=PUBLIC, created_at__lt=before
    )
    kept = said.filter(expired_at=None, deleted_at=None)
    return kept.filter(conversation__kind=ConversationKind.COMMENT).order_by("created_at", "pk")


def overdue_since(before: datetime, *, channel_id: int) -> datetime | None:
    """When the oldest came of what should have gone by then."""
    comments = older_than(before, channel_id=channel_id).values_list("created_at", flat=True)
    amendments = of_no_message(before, channel_id=channel_id).values_list("learned_at", flat=True)
    return min([*comments[:1], *amendments[:1]], default=None)


def of_no_message(before: datetime, *, channel_id: int) -> QuerySet[Amendment]:
    """The words of edits and the names of reactions that we learned before then, and whose message is not here: nobody can say whether it was
    public, or whose. That one was unsent has no words, and is kept for a message that comes later still."""
    learned = Amendment.objects.filter(channel=channel_id, learned_at__lt=before)
    told = learned.filter(Q(kind=AmendmentKind.REACTION) | ~Q(text=""))
    here = Message.objects.filter(channel=OuterRef("channel"), external_id=OuterRef("target"))
    waits = EarlyPost.objects.filter(channel=OuterRef("channel"), external_id=OuterRef("target"))
    return told.filter(~Exists(here), ~Exists(waits)).order_by("learned_at", "pk")
