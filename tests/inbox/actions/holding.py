"""A brand whose lock somebody else has, for as long as they like."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from inbox import events


@contextmanager
def held(brand_id: int) -> Iterator[None]:
    """Somebody else has the brand's lock meanwhile."""
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), events.ledger(brand_id):
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
