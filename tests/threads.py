"""Work done at once by several threads, each with a database connection of its own that is closed afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

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


def in_another_connection(do: Callable[[], T]) -> T:
    try:
        return do()
    finally:
        connections.close_all()


def wait_for_a_lock_to_be_waited_for(*, by: int = 1) -> None:
    """`by`: so many at least. Also for whoever asks inside a transaction, of which what others do is one picture else."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            [(waiting,)] = cursor.fetchall()
            if waiting >= by:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")
