"""What the door could not take, remembered by its process until it can be told: while the database is away nothing can be stored.

Most platforms come again. Of those that do not, a comparison must bring it, and it begins once this is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

log = structlog.get_logger(__name__)
PAUSE = 2.0  # seconds between two tries, and before the first: a burst is told once, and a process that does not live asks for nothing
LAST_WORDS = 2.0  # seconds: who stops the door waits for it
UNPROVEN_EVERY = 3600.0  # seconds: whoever knows an address could otherwise keep all channels of its app busy with comparisons


@dataclass(slots=True)
class Missed:
    refused: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)  # by channel: first, last
    was_away: bool = False
    away_since: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.refused) or self.was_away


Tell = Callable[[Missed], Awaitable[None]]


class Misses:
    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._missed = Missed()
        self._task: asyncio.Task[None] | None = None
        self._unproven: dict[int, tuple[datetime, datetime]] = {}
        self._rests_until: dict[int, float] = {}  # of the loop's time
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def refused(self, channel_id: int, at: datetime) -> None:
        self._add({channel_id: (at, at)})
        self._tell_soon()

    def unproven(self, channel_id: int, at: datetime) -> None:
        """Whose it was nobody can say: none of it was read. The first is told at once, what comes within an hour of it together at its end."""
        first, _ = self._unproven.get(channel_id, (at, at))
        self._unproven[channel_id] = first, at
        if channel_id not in self._timers:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._rests_until.get(channel_id, 0.0) - loop.time())
            self._timers[channel_id] = loop.call_later(wait, self._believe, channel_id)

    def _believe(self, channel_id: int) -> None:
        del self._timers[channel_id]
        self._rests_until[channel_id] = asyncio.get_running_loop().time() + UNPROVEN_EVERY
        self._add({channel_id: self._unproven.pop(channel_id)})
        self._tell_soon()

    def away(self, since: datetime | None) -> None:
        """The process has just begun, and nobody knows what was delivered before."""
        self._missed.was_away, self._missed.away_since = True, since
        self._tell_soon()

    def _add(self, refused: Mapping[int, tuple[datetime, datetime]]) -> None:
        for channel_id, (first, last) in refused.items():
            known = self._missed.refused.get(channel_id, (first, last))
            self._missed.refused[channel_id] = min(first, known[0]), max(last, known[1])

    def _tell_soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tell_until_told())

    async def _tell_until_told(self) -> None:
        is_known = False
        while self._missed:
            await asyncio.sleep(PAUSE)
            missed, self._missed = self._missed, Missed()
            try:
                await self._tell(missed)
            except Exception as error:  # the database is still away
                self._keep(missed)
                if not is_known:
                    log.warning("misses_not_told", error=type(error).__name__)
                is_known = True

    def _keep(self, missed: Missed) -> None:
        self._add(missed.refused)
        if missed.was_away:
            self._missed.was_away, self._missed.away_since = True, missed.away_since

    async def close(self) -> None:
        """What could not be told yet is asked for by the door that begins next, but for what waits for the end of its hour: that door knows
        of none of it, so it is told now."""
        for timer in self._timers.values():
            timer.cancel()
        if self._task is not None:
            self._task.cancel()
        if self._unproven:
            with suppress(Exception):  # the database is away: then the next door asks for that time
                await asyncio.wait_for(self._tell(Missed(refused=self._unproven)), LAST_WORDS)
