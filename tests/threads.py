"""Work done at once by several threads, each with a database connection of its own that is closed afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def at_once(*work: Callable[[], T]) -> list[T]:
    """What each gave. One that raises, or never ends, fails the test."""
    start = threading.Barrier(len(work))

    def run(each: Callable[[], T]) -> T:
        try:
            start.wait(timeout=10)
            return each()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(work)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, each) for each in work]]


def in_threads(work: Callable[[], T], *, times: int) -> list[T]:
    return at_once(*[work] * times)
