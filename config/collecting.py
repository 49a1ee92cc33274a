"""How often Python looks for garbage that holds on to itself."""

from __future__ import annotations

import gc

# Objects made since the last look, looks of the young before one of the older, and of those before one of all. Python's own 700 are soon
# made: a batch of five hundred deliveries makes forty thousand that live until it ends, and each look went through all of them.
SELDOM = (50_000, 20, 50)


def seldom() -> None:
    """For a process that works in batches, once it has loaded what it needs: that is looked at no more, and what comes is seldom looked
    at. A seventh of the interpreter's time in a drain."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
