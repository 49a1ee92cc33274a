"""Whether an attempt at sending may still say what became of its reply, and what is told where it may not."""

from __future__ import annotations

from datetime import datetime

from inbox import events
from inbox.actions import _not_sent, _twins
from inbox.models import Message, MessageState

TAKEN_BACK = "An answer with its words was taken back in the platform's own app. Look there, and write again if the customer has none."


def brand_of(message_id: int) -> int:
    return Message.objects.values_list("conversation__brand_id", flat=True).get(pk=message_id)


def current(message_id: int) -> Message:
    """As it is now. Ask with the brand's lock held."""
    return Message.objects.select_related("conversation").get(pk=message_id)


def is_settled(message: Message, attempt: int) -> bool:
    """Nothing is left to decide: the platform has it, nobody is sending it, or a later attempt is on it."""
    under_way = message.state in (MessageState.SENDING, MessageState.UNCERTAIN)
    return bool(message.external_id) or not under_way or attempt != message.attempts


def tell_if_taken_back(ledger: events.Ledger, message: Message, attempt: int, now: datetime) -> None:
    """This attempt was not taken, as far as it knows, and the message that the reply was taken for is gone: it may have been a colleague's,
    and then the customer has neither."""
    if message.deleted_at and attempt == message.attempts and _twins.was_shown_by_echo(message):
        _not_sent.tell(ledger, message, TAKEN_BACK, now)
