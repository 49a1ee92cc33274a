"""What a person has not seen yet: asked of the events, because a message's own number also rises with what happens to it later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from inbox.exchange import MessageKind
from inbox.models import Conversation, Event, EventKind, Message, Person

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


class News(list[Message]):
    """Messages in thread order. `newest`: the number of the last event by which they are news; what came after it is not among them."""

    newest = 0


def messages_since(
    conversation: Conversation, seq: int, kinds: Collection[EventKind], *, besides: Person | None = None, limit: int = 20
) -> News:  # fmt: skip
    """Messages that came, or were edited or unsent by the customer, after the brand's event `seq`: what happened first, if it is much.
    `besides`: whose own are none."""
    told = since(conversation.pk, seq, kinds).exclude(message=None)
    if besides is not None:
        told = told.exclude(message__author_person=besides)
    numbers = dict(told.order_by("seq").values_list("seq", "message_id")[:limit])
    if not numbers:
        return News()
    came = Message.objects.filter(pk__in=numbers.values()).prefetch_related("attachments")
    news = News(came.order_by("sent_at", "order_key", "pk"))
    news.newest = max(numbers)
    return news


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
