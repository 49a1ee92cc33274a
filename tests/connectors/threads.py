"""Run something in several threads at once, each with a database connection of its own that is closed afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def in_threads(work: Callable[[], T], *, times: int) -> list[T]:
    start = threading.Barrier(times)

    def run() -> T:
        try:
            start.wait(timeout=10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=times) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run) for _ in range(times)]]
