"""What a person has not seen yet: asked of the events, because a message's own number also rises with what happens to it later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from inbox.models import Conversation, Event, EventKind, Message

FROM_CUSTOMER = (EventKind.MESSAGE_RECEIVED,)
BY_EITHER_SIDE = (
    EventKind.MESSAGE_RECEIVED,
    EventKind.MESSAGE_ECHOED,
    EventKind.MESSAGE_FOUND,
    EventKind.REPLY_QUEUED,
)


def messages_since(
    conversation: Conversation, seq: int, kinds: Collection[EventKind], *, limit: int = 20
) -> list[Message]:
    """Messages that came after the brand's event `seq`, in thread order."""
    came = Event.objects.filter(conversation=conversation, seq__gt=seq, kind__in=kinds).values("message_id")
    return list(
        Message.objects.filter(pk__in=came)
        .prefetch_related("attachments")
        .order_by("sent_at", "order_key", "pk")[:limit]
    )


def count_since(conversation: Conversation, seq: int, kinds: Collection[EventKind]) -> int:
    return Event.objects.filter(conversation=conversation, seq__gt=seq, kind__in=kinds).count()


def first_unanswered(conversation: Conversation) -> datetime | None:
    """The first customer message after the brand's last answer."""
    waits = conversation.messages.filter(direction="in", historical=False)
    if conversation.last_outbound_at:
        waits = waits.filter(sent_at__gt=conversation.last_outbound_at)
    return waits.in_thread_order().values_list("sent_at", flat=True).first()
