"""Facts and their sums as of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def read() -> Iterator[None]:
    """Whatever is read in here sees what was committed before the first of it, and nothing else. A change of facts is committed with the days
    that it makes untrue, and a sum with the taking away of its day: so a day that does not wait has sums that hold these very facts."""
    if connection.in_atomic_block:  # somebody's own, which it is too late to set
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
