"""What actions share when they touch a conversation."""

from __future__ import annotations

from typing import Any

from inbox.models import Conversation


def locked(conversation_id: int) -> Conversation:
    """The conversation as it is now. The brand's ledger must be open, so nobody else writes to it."""
    return Conversation.objects.select_related("channel").get(pk=conversation_id)


def change(conversation: Conversation, seq: int, **columns: Any) -> None:
    """Write only what changed, with the number of the event that says so."""
    Conversation.objects.filter(pk=conversation.pk).update(seq=seq, **columns)
    for name, value in {"seq": seq, **columns}.items():
        setattr(conversation, name, value)
