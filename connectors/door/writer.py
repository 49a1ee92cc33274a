"""Group commit: everything that waits is stored by one statement and committed once, then everybody is answered, in order."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import psycopg
import structlog
from psycopg import errors

from connectors.door.line import Line

log = structlog.get_logger(__name__)
MAX_ROWS = 1000  # in one statement
MAX_BYTES = 16 * 1024 * 1024  # in one statement, apart from the last row
MAX_WAITING_BYTES = 128 * 1024 * 1024

# WITH ORDINALITY: ids rise in the order in which the deliveries came.
INSERT = """
    INSERT INTO connectors_receipt (channel_id, received_at, body, delivery, state, items, reason)
    SELECT channel_id, received_at, body, delivery, 'new', 0, ''
      FROM unnest(%b::bigint[], %b::timestamptz[], %b::bytea[], %b::text[])
           WITH ORDINALITY AS new (channel_id, received_at, body, delivery, place)
     ORDER BY place
"""


class NotStored(Exception):
    """The delivery is not in the database: the platform must send it again."""


class ChannelGone(Exception):
    """The channel was deleted after the door had looked it up."""


@dataclass(slots=True)
class Waiting:
    channel_id: int
    received_at: datetime
    body: bytes
    until: float  # by the loop's clock
    stored: asyncio.Future[None]
    delivery: str  # its name in the logs


class Writer:
    """One task, one connection. `on_stored` is called after each commit."""

    def __init__(self, line: Line, on_stored: Callable[[], None]) -> None:
        self._line = line
        self._on_stored = on_stored
        self._queue: deque[Waiting] = deque()
        self._under_way: list[Waiting] = []
        self._timer: asyncio.TimerHandle | None = None
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    def store(self, *, channel_id: int, body: bytes, now: datetime, patience: float) -> asyncio.Future[None]:
        """Done once the delivery is committed, or NotStored, within `patience` seconds at the latest."""
        if self._bytes + len(body) > MAX_WAITING_BYTES:
            raise NotStored("too much is waiting")
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        waiting = Waiting(channel_id, now, body, loop.time() + patience, stored, uuid.uuid4().hex[:20])
        self._queue.append(waiting)
        self._bytes += len(body)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._write())
        if self._timer is None:
            self._timer = loop.call_later(patience, self._give_up)
        return stored

    def _give_up(self) -> None:
        """One timer for all that waits: one a delivery is work on the hottest path of the door."""
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        patient = [each for each in (*self._under_way, *self._queue) if not each.stored.done()]
        for each in patient:
            if each.until <= now:
                each.stored.set_exception(NotStored("timed out"))
        if left := [each.until for each in patient if each.until > now]:
            self._timer = loop.call_at(min(left), self._give_up)

    async def _write(self) -> None:
        while self._queue:
            # Whoever was answered by the last commit knocks again within this turn of the loop: fewer, larger commits.
            await asyncio.sleep(0)
            self._under_way = batch = self._take()
            try:
                await self._insert(batch)
            except errors.ForeignKeyViolation:
                await self._insert_one_by_one(batch)
            except Exception as error:
                # Whatever it was, nobody may be told that this batch is safe.
                _settle(batch, NotStored(type(error).__name__))
            else:
                _settle(batch, None)
                self._on_stored()
                log.info("deliveries_stored", deliveries=[waiting.delivery for waiting in batch])
        self._under_way = []

    def _take(self) -> list[Waiting]:
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < MAX_ROWS and size < MAX_BYTES:
            waiting = self._queue.popleft()
            self._bytes -= len(waiting.body)
            if not waiting.stored.done():  # somebody who gave up was told 503 and will come again
                batch.append(waiting)
                size += len(waiting.body)
        return batch

    async def _insert(self, batch: list[Waiting]) -> None:
        if batch:
            columns = (
                [w.channel_id for w in batch], [w.received_at for w in batch], [w.body for w in batch], [w.delivery for w in batch]
            )  # fmt: skip
            await self._line.execute(INSERT, columns)

    async def _insert_one_by_one(self, batch: list[Waiting]) -> None:
        """A channel was deleted a moment ago: only its own deliveries are refused."""
        for waiting in batch:
            try:
                await self._insert([waiting])
            except errors.ForeignKeyViolation:
                _settle([waiting], ChannelGone())
            except psycopg.Error as error:
                _settle([waiting], NotStored(type(error).__name__))
            else:
                _settle([waiting], None)
        self._on_stored()

    async def close(self) -> None:
        """Everything that waits is stored or refused before this returns."""
        if self._task is not None:
            await asyncio.wait([self._task])
        if self._timer is not None:
            self._timer.cancel()


def _settle(batch: list[Waiting], error: Exception | None) -> None:
    for waiting in batch:
        if waiting.stored.done():
            continue
        if error is None:
            waiting.stored.set_result(None)
        else:
            waiting.stored.set_exception(error)
