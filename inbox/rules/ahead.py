"""A time that has not come yet: a clock of a platform's that runs ahead, or a time that was made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from inbox.exchange import InboundEvent, InboundMessage

TOLERATED = timedelta(days=1)  # clocks differ, and no honest one by more


def held_back(event: InboundEvent, *, now: datetime) -> InboundEvent:
    """A message as of now that claims to be written later than any clock may be wrong: it would stand above all news until then,
    and hold its reply window open. Told to the millisecond, as platforms tell it, so that another telling does not move it."""
    if not isinstance(event, InboundMessage) or event.sent_at <= now + TOLERATED:
        return event
    return replace(event, sent_at=now.replace(microsecond=max(1, now.microsecond // 1000) * 1000))
