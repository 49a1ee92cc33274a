"""What is new in open threads: which messages to show anew, asked for together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from inbox.models import Message


@dataclass(frozen=True, slots=True)
class Said:
    """What is new in one thread: messages by id, and all that changed since a number where one event touched many.

    `gone`: public ids of messages that turned out to be another one's echo and are no more.
    """

    conversation_id: int
    message_ids: Sequence[int]
    seq: int
    changed_since: int | None = None
    gone: Sequence[str] = ()


def messages_of(news: Sequence[Said], *, each: int) -> dict[int, list[Message]]:
    """By conversation. Where one event touched many messages, that thread is asked alone, and for its first `each` only."""
    found: dict[int, list[Message]] = defaultdict(list)
    told = [said for said in news if said.changed_since is None]
    ids = [message_id for said in told for message_id in said.message_ids]
    among = [said.conversation_id for said in told]
    for message in Message.objects.filter(pk__in=ids, conversation__in=among).in_thread_order():
        found[message.conversation_id].append(message)
    for said in news:
        if said.changed_since is not None:
            wanted = Q(pk__in=said.message_ids) | Q(seq__gte=said.changed_since)
            touched = Message.objects.filter(wanted, conversation=said.conversation_id)
            found[said.conversation_id] += touched.in_thread_order()[:each]
    return found
