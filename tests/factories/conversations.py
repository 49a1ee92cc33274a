"""Conversations and messages as rows, many at once, for what reads them. What writes them is proved through the actions."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.models import BrandSequence, Channel, Conversation, Direction, Message, MessageState

NEWEST = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def conversation(channel: Channel, *, age: timedelta = timedelta(0), **fields: Any) -> Conversation:
    return conversations(channel, 1, ages=[age], **fields)[0]


def conversations(
    channel: Channel,
    count: int,
    *,
    ages: list[timedelta] | None = None,
    each: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> list[Conversation]:
    """Open ones, a minute apart unless told, the first the newest. `each`: fields of one after the other."""
    made = []
    for index in range(count):
        number = next(_numbers)
        at = NEWEST - (ages[index] if ages else timedelta(minutes=index))
        made.append(
            Conversation(
                **{
                    "brand": channel.brand, "channel": channel, "platform": channel.platform, "thread_key": f"thread-{number}",
                    "recipient_key": f"thread-{number}", "contact_name": f"Customer {number}", "last_message_at": at,
                    "last_message_text": f"Question {number}", "last_message_from": "customer", "waiting_since": at,
                    "window_opened_at": at, **fields, **(each[index] if each else {}),
                }
            )
        )  # fmt: skip
    return Conversation.objects.bulk_create(made, batch_size=2000)


def messages(of: Conversation, count: int, **fields: Any) -> list[Message]:
    """A thread, a minute between two messages, the last the newest. Customer and brand take turns."""
    made = []
    for index in range(count):
        at = of.last_message_at - timedelta(minutes=count - 1 - index)
        incoming = index % 2 == 0
        made.append(
            Message(
                **{
                    "conversation": of, "channel": of.channel, "external_id": f"row-{next(_numbers)}", "sent_at": at,
                    "order_key": f"{index:08}", "created_at": at, "text": f"Line {index}", "created_text": f"Line {index}",
                    "direction": Direction.IN if incoming else Direction.OUT, "author_name": of.contact_name if incoming else "Jo",
                    "state": MessageState.RECEIVED if incoming else MessageState.SENT, **fields,
                }
            )
        )  # fmt: skip
    return Message.objects.bulk_create(made, batch_size=2000)


def advance(channel: Channel, seq: int) -> None:
    """Let the brand have come as far as `seq`."""
    BrandSequence.objects.filter(brand=channel.brand).update(last=seq)
