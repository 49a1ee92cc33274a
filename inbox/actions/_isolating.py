"""One bad row of a batch must not stop the rest for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import structlog
from django.db import OperationalError
from psycopg.errors import QueryCanceled

log = structlog.get_logger(__name__)
BUSY_AFTER = 60.0  # seconds spent on statements that were stopped at their limit of time


def each(
    ids: Sequence[int],
    work: Callable[[Sequence[int]], object],
    *,
    noun: str = "conversation",
    told: str = "left_out",
    failed: list[int] | None = None,
) -> list[int]:
    """Halve what fails until what cannot be done stands alone; that is logged (as `told`) and returned. `work` does some of them in
    a transaction of its own. A database that is away or busy says nothing about any of them and ends it all.

    A statement that takes too long is a fault like any other, as long as that has not cost BUSY_AFTER altogether: then the database is busy.
    `failed`: gets what cannot be done as it is found, so that it is known also where another error ends it all.
    """
    return _Halving(work, noun, told, failed if failed is not None else []).each(ids)


class _Halving:
    def __init__(
        self, work: Callable[[Sequence[int]], object], noun: str, told: str, failed: list[int]
    ) -> None:
        self.work, self.noun, self.told, self.failed = work, noun, told, failed
        self.stopped = 0.0

    def each(self, ids: Sequence[int]) -> list[int]:
        if not ids or self._is_done(ids):
            return self.failed
        if len(ids) == 1:
            self.failed.append(ids[0])
            return self.failed
        middle = len(ids) // 2
        self.each(ids[:middle])
        return self.each(ids[middle:])

    def _is_done(self, ids: Sequence[int]) -> bool:
        began = time.monotonic()
        try:
            self.work(ids)
        except Exception as error:
            if isinstance(error, OperationalError):
                if not isinstance(error.__cause__, QueryCanceled):
                    raise
                self.stopped += time.monotonic() - began
                if len(ids) > 1 and self.stopped > BUSY_AFTER:
                    raise
            if len(ids) == 1:
                log.exception(self.told, **{self.noun: ids[0]})
            return False
        return True
