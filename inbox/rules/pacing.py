"""How much to do at a time while others wait for the same lock. Whoever asks for at least so many (`fewest`) holds it longer where the machine is slow:
the sweep does, whose batches cost nearly the same however small they are (actions.timing)."""

from __future__ import annotations

from dataclasses import dataclass

HELD_SECONDS = (
    0.05  # of a brand's lock: customers' messages wait behind it, and are to be on screen within 250 ms
)
FEWEST, MOST = 8, 64


@dataclass(slots=True)
class Pace:
    """Sizes of batches that hold a lock for about HELD_SECONDS each, on a fast machine as on a slow or busy one, down to `fewest`.

    Begins small, at most doubles at a time, and falls at once.
    """

    size: int = FEWEST * 2
    most: int = MOST
    fewest: int = FEWEST

    def took(self, seconds: float, *, of: int) -> None:
        """A batch of `of` held the lock for so many seconds."""
        if of <= 0:
            return
        fits = int(of * HELD_SECONDS / seconds) if seconds > 0 else self.most
        self.size = max(self.fewest, min(fits, self.size * 2, self.most))
