"""Whether what was promised was kept, and the moment it counts for."""

from __future__ import annotations

from datetime import datetime


def outcome(
    state: str, ended_at: datetime | None, due_at: datetime | None, breached_at: datetime | None
) -> tuple[bool, datetime] | None:
    """(kept, when) of a clock; None while it is neither. One that runs was told as late, and is not late if it got more time since.

    What makes it late earlier than was told (an older message that comes late) leaves the moment as it was told.
    """
    if state == "met" and ended_at is not None:
        return True, ended_at
    if state != "missed" and (ended_at or due_at is None or breached_at is None or due_at > breached_at):
        return None
    at = max((each for each in (due_at, breached_at) if each is not None), default=ended_at)
    return (False, at) if at is not None else None
