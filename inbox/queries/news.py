"""What a person has not seen yet: asked of the events, because a message's own number also rises with what happens to it later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from inbox.exchange import MessageKind
from inbox.models import Conversation, Event, EventKind, Message

FROM_CUSTOMER = (EventKind.MESSAGE_RECEIVED,)
WORDS_OF_CUSTOMER = (EventKind.MESSAGE_RECEIVED, EventKind.MESSAGE_AMENDED)
BY_EITHER_SIDE = (
    EventKind.MESSAGE_RECEIVED,
    EventKind.MESSAGE_ECHOED,
    EventKind.MESSAGE_FOUND,
    EventKind.REPLY_QUEUED,
    EventKind.MESSAGE_AMENDED,  # only where the customer's words are others now
)
REWORDED = "reworded"  # what such an event says of itself: reactions and names are no news


def messages_since(
    conversation: Conversation, seq: int, kinds: Collection[EventKind], *, limit: int = 20
) -> list[Message]:
    """Messages that came, or were edited or unsent by the customer, after the brand's event `seq`, in thread order."""
    came = since(conversation.pk, seq, kinds).values("message_id")
    return list(
        Message.objects.filter(pk__in=came)
        .prefetch_related("attachments")
        .order_by("sent_at", "order_key", "pk")[:limit]
    )


def count_since(conversation: Conversation, seq: int, kinds: Collection[EventKind]) -> int:
    return since(conversation.pk, seq, kinds).count()


def since(conversation_id: int, seq: int, kinds: Collection[EventKind]) -> QuerySet[Event]:
    """The events themselves. Of amendments only those by which the customer's words became others."""
    whole = [kind for kind in kinds if kind != EventKind.MESSAGE_AMENDED]
    said = Q(kind__in=whole)
    if EventKind.MESSAGE_AMENDED in kinds:
        said |= Q(kind=EventKind.MESSAGE_AMENDED, data__what=REWORDED)
    return Event.objects.filter(said, conversation=conversation_id, seq__gt=seq)


def before(message: Message) -> int:
    """The brand's number before this message came. One that came without an event has always been there."""
    came = Event.objects.filter(message=message, kind__in=BY_EITHER_SIDE).order_by("seq")
    first = came.values_list("seq", flat=True).first()
    return first - 1 if first else 0


def newest_said(conversation: Conversation) -> Message | None:
    """The customer's newest message that is still there."""
    said = conversation.messages.filter(direction="in", deleted_at=None, external_id__isnull=False)
    return said.exclude(kind=MessageKind.SYSTEM).in_thread_order().last()


def first_unanswered(conversation: Conversation) -> datetime | None:
    """The first customer message after the brand's last answer. None waits that was unsent, or that was known when somebody said that nothing
    needs an answer."""
    waits = conversation.messages.filter(direction="in", historical=False, deleted_at=None)
    waits = waits.exclude(kind=MessageKind.SYSTEM)
    if conversation.no_reply_needed_at:
        waits = waits.filter(created_at__gt=conversation.no_reply_needed_at)
    if conversation.last_outbound_at:
        waits = waits.filter(sent_at__gt=conversation.last_outbound_at)
    return waits.in_thread_order().values_list("sent_at", flat=True).first()
