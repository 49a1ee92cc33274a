"""Wakes the drain: at most one small message to the broker per burst, never on the event loop, never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

log = structlog.get_logger(__name__)
PAUSE = 0.02  # seconds; what comes within it needs no second ring


class Bell:
    """When the broker is away nothing is lost: the rows are the queue, and the beat's sweep drains them each second."""

    def __init__(self, ring: Callable[[], None], pause: float = PAUSE) -> None:
        self._ring = ring
        self._pause = pause
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bell")
        self._wanted = False
        self._task: asyncio.Task[None] | None = None
        self._silent = False

    def ring(self) -> None:
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ring_while_wanted())

    async def _ring_while_wanted(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._ring)
                self._silent = False
            except Exception as error:
                if not self._silent:  # once, not for each burst while the broker is away
                    log.warning("drain_not_woken", error=type(error).__name__)
                self._silent = True
                await asyncio.sleep(1)
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)
