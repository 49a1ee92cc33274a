"""What a grant that may be good for messages is not good for: public talk, which has permissions of its own. That parks nothing; the
connection page says it until it is so no more."""

from __future__ import annotations

from connectors.models import ChannelHealth


def note_unread(*, channel_id: int, reason: str) -> None:
    """`reason` empty: it is shown."""
    _note(channel_id, public_unread=reason[:300])


def note_unanswered(*, channel_id: int, reason: str) -> None:
    _note(channel_id, public_unanswered=reason[:300])


def _note(channel_id: int, **columns: str) -> None:
    ChannelHealth.objects.update_or_create(channel_id=channel_id, defaults=columns)
