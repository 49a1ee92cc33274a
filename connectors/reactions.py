"""What follows from an event, on the platforms' side. Errors of one reaction never reach another."""

from __future__ import annotations

from django.utils import timezone

from connectors import tasks
from inbox.events import on
from inbox.gestures import on_writing
from inbox.models import Event, EventKind, Message, MessageState


@on(EventKind.REPLY_QUEUED)
def send_replies(events: list[Event]) -> None:
    conversations = {event.conversation_id for event in events}
    _send_next(conversations)


@on(EventKind.REPLY_SENT, EventKind.REPLY_FAILED)
def send_what_stood_behind(events: list[Event]) -> None:
    """Replies of one conversation go in the order they were written, so the next one may go now."""
    _send_next({event.conversation_id for event in events})


def _send_next(conversation_ids: set[int | None]) -> None:
    queued = Message.objects.filter(conversation__in=conversation_ids, state=MessageState.QUEUED)
    # The first of each conversation: those behind it could not be claimed yet. One that is held is found by the sweep when it is due.
    firsts = queued.order_by("conversation_id", "pk").distinct("conversation_id")
    for message_id, not_before in firsts.values_list("pk", "not_before"):
        if not_before is not None and not_before > timezone.now():
            continue
        tasks.deliver_reply.delay(message_id=message_id)


@on_writing
def show_to_the_customer(conversation_id: int) -> None:
    tasks.wake_writing(conversation_id)


@on(
    EventKind.MESSAGE_RECEIVED,
    EventKind.MESSAGE_FOUND,
    EventKind.MESSAGE_ECHOED,
    EventKind.MESSAGE_OF_SYSTEM,
)
def fetch_what_belongs_to_them(events: list[Event]) -> None:
    tasks.wake_fetching()
