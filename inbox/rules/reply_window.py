"""Whether a platform lets the brand write now, and until when.

Times are the platform's. The margin keeps us on the safe side of two clocks that do not agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inbox.platforms import WindowRules


class WindowState(StrEnum):
    ALWAYS = "always"  # the platform has no window
    OPEN = "open"
    HUMAN_AGENT = "human_agent"  # standard window over; a person may still answer
    CLOSED = "closed"
    NEVER_OPENED = "never_opened"  # the customer has not written


@dataclass(frozen=True, slots=True)
class Window:
    state: WindowState
    closes_at: datetime | None = None  # of the state it is in
    extends_to: datetime | None = None  # until when a person may answer still, once that is over

    @property
    def may_write(self) -> bool:
        return self.state in (WindowState.ALWAYS, WindowState.OPEN, WindowState.HUMAN_AGENT)


def decide(rules: WindowRules, *, opened_at: datetime | None, now: datetime) -> Window:
    """The window as it stands. `opened_at`: platform time of the newest message, tap or reaction that opens it."""
    if rules.standard is None:
        return Window(WindowState.ALWAYS)
    if opened_at is None:
        return Window(WindowState.NEVER_OPENED)
    standard_end = opened_at + rules.standard - rules.margin
    human_end = opened_at + rules.human_agent - rules.margin if rules.human_agent is not None else None
    if now < standard_end:
        return Window(WindowState.OPEN, standard_end, human_end)
    if human_end is not None:
        if now < human_end:
            return Window(WindowState.HUMAN_AGENT, human_end)
        return Window(WindowState.CLOSED, human_end)
    return Window(WindowState.CLOSED, standard_end)


def opened_by_then(
    rules: WindowRules, *, opened_at: datetime | None, refused_at: datetime, human_agent: bool
) -> datetime | None:
    """What is left of `opened_at` when the platform refused what left at `refused_at` as too late: whatever we took for opening the window
    did not, and what did lies so long ago at least. News from after that refusal opens it anew."""
    length = rules.human_agent if human_agent else rules.standard
    if opened_at is None or length is None or opened_at > refused_at:
        return opened_at
    return min(opened_at, refused_at - length)
