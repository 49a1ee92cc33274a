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
    `threads`: the conversations in whose threads it is told; its own, where none is named.
    """

    conversation_id: int
    message_ids: Sequence[int]
    seq: int
    changed_since: int | None = None
    gone: Sequence[str] = ()
    threads: Sequence[int] = ()

    @property
    def told_in(self) -> Sequence[int]:
        return self.threads or (self.conversation_id,)

    @property
    def is_told_elsewhere(self) -> bool:
        return any(thread != self.conversation_id for thread in self.threads)


def messages_of(news: Sequence[Said], *, each: int) -> dict[int, list[Message]]:
    """By conversation. Where one event touched many messages, that thread is asked alone, and for its first `each` only."""
    found: dict[int, list[Message]] = defaultdict(list)
    told = [said for said in news if said.changed_since is None]
    ids = [message_id for said in told for message_id in said.message_ids]
    among = [said.conversation_id for said in told]
    messages = Message.objects.all()
    if any(said.is_told_elsewhere for said in news):
        messages = messages.select_related("channel")  # there a message says on which network it was said
    for message in messages.filter(pk__in=ids, conversation__in=among).in_thread_order():
        found[message.conversation_id].append(message)
    for said in news:
        if said.changed_since is not None:
            wanted = Q(pk__in=said.message_ids) | Q(seq__gte=said.changed_since)
            touched = messages.filter(wanted, conversation=said.conversation_id)
            found[said.conversation_id] += touched.in_thread_order()[:each]
    return found
