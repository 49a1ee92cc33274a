"""What somebody else has locked for as long as they like: a brand, its counters, or rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.db import connection, transaction

from inbox import events
from inbox.actions import _view_cursor


def held(brand_id: int) -> AbstractContextManager[None]:
    """Somebody else has the brand's lock meanwhile."""
    return locked(lambda: events.ledger(brand_id))


def counters_held(brand_id: int) -> AbstractContextManager[None]:
    """Somebody counts meanwhile."""
    return locked(lambda: nullcontext(_view_cursor.held(brand_id)))


@contextmanager
def locked(lock: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    """Somebody else's transaction has what `lock` takes."""
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), lock():
            taken.set()
            free.wait(timeout=30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(timeout=10)
    try:
        yield
    finally:
        free.set()
        holder.join()
