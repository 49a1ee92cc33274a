"""What happened in a conversation, as far as it matters to its clocks: what was said, what was done, and what was on its way meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    """What colleagues, a timer or a bot do with a conversation."""

    RESOLVED = "resolved"
    MERGED = "merged"  # closed as by resolving, and what waits there waits in another conversation
    REOPENED = "reopened"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    PENDING = "pending"
    NO_REPLY_NEEDED = "no_reply_needed"
    SPAM = "spam"


DONE = (What.RESOLVED, What.MERGED)
ENDS = (*DONE, What.SPAM)  # of a spell


@dataclass(frozen=True, slots=True)
class Said:
    """A message that counts: a customer's, or an answer by a person. `at` is the platform's time, never after we learned of it."""

    at: datetime
    learned_at: datetime
    by_customer: bool
    unsent_at: datetime | None = None
    # Said in a conversation that was merged into this one by then, where it waited: it waits here since `at`, and opens nothing before the merge.
    brought: bool = False
    answered_at: datetime | None = None  # of what was brought: where it was said, after that was opened again


@dataclass(frozen=True, slots=True)
class Turn:
    at: datetime
    order: int  # settles turns of the same instant
    what: What


@dataclass(frozen=True, slots=True)
class Held:
    """A reply of ours that did not leave at once. `order`: of its being queued, as of turns; `left_at`: None while it is on its way."""

    order: int
    left_at: datetime | None = None

    def is_out(self, at: datetime, order: int) -> bool:
        """Whether it was on its way at that turn."""
        return self.order < order and (self.left_at is None or self.left_at > at)
