"""What happened in a conversation, as far as it matters to its clocks: what was said, what was done, and what was on its way meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
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
    until: datetime | None = None  # of a snooze that has a time
    joined: tuple[
        int, ...
    ] = ()  # messages, by number, that came from another conversation, where they were known


def with_ends(turns: Iterable[Turn], now: datetime | None = None) -> list[Turn]:
    """In their order, and among them the end of each snooze that was over before anything else ended it: at its own time, whoever saw to it and
    however late. `now`: also of one that nobody has seen to yet."""
    found: list[Turn] = []
    snooze: Turn | None = None
    for turn in sorted(turns, key=lambda each: (each.at, each.order)):
        if end := _end_of(snooze, turn.at):
            found.append(end)
            snooze = None
        found.append(turn)
        if turn.what is not What.NO_REPLY_NEEDED:  # which leaves it where it is
            snooze = turn if turn.what is What.SNOOZED else None
    end = _end_of(snooze, now)
    return [*found, end] if end else found


def _end_of(snooze: Turn | None, by: datetime | None) -> Turn | None:
    if snooze is None or snooze.until is None or by is None or snooze.until >= by:
        return None
    return Turn(max(snooze.until, snooze.at), snooze.order, What.WOKEN)


@dataclass(frozen=True, slots=True)
class Held:
    """A reply of ours that did not leave at once. `order`: of its being queued, as of turns; `left_at`: None while it is on its way."""

    order: int
    left_at: datetime | None = None

    def is_out(self, at: datetime, order: int) -> bool:
        """Whether it was on its way at that turn."""
        return self.order < order and (self.left_at is None or self.left_at > at)
