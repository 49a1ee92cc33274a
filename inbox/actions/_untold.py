"""New messages that the platform named and did not tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox.models import UntoldMessage


def ask(message_ids: Sequence[int], now: datetime) -> None:
    """They are to be asked for from now on."""
    if message_ids:
        UntoldMessage.objects.bulk_create(
            UntoldMessage(message_id=message_id, due_at=now) for message_id in message_ids
        )
