"""Waiting for a fact that other processes bring about."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, within: float = 10.0, told: str = "it") -> T:
    """The first true answer. An error while looking counts as "not yet", and is told when time is up."""
    deadline = time.monotonic() + within
    last: object = None
    while True:
        try:
            if found := look():
                return found
            last = found
        except Exception as error:  # whatever is away now may be back at the next look
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"{told}: not within {within:g} s; last seen: {last!r}")
        time.sleep(0.05)
