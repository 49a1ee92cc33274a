"""One subscription per group and process; this process's sockets are written from here (4x cheaper than one per socket)."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import orjson
import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from inbox import realtime

log = structlog.get_logger(__name__)

PULSE = 10.0  # seconds; how long a page may stay behind after a lost push


@coroutine
def rest_of(begun: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """What is left of a coroutine that was begun by hand and now awaits something. A task may drive it from here."""
    try:
        yield awaited
    except BaseException:
        begun.close()
        raise
    yield from begun.__await__()


News = dict[str, Any]


def news_of(text: str) -> News:
    """A message for many sockets. It is marked, so that the server may frame it once (config.websockets)."""
    return {"type": "websocket.send", "text": text, "shared": True}


class Listener(Protocol):
    brand_id: int

    def offer(self, news: News) -> None: ...


class Hub:
    """The sockets of one event loop, by group."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[Listener]] = defaultdict(set)
        self._subscribed: set[str] = set()
        self._channel = ""
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, group: str, listener: Listener) -> None:
        self.listeners[group].add(listener)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._pulse())]
        await self._subscribe()

    async def leave(self, group: str, listener: Listener) -> None:
        self.listeners[group].discard(listener)
        if not self.listeners[group]:
            del self.listeners[group]
            await self._subscribe()
        if not self.listeners:
            for task in self._tasks:
                task.cancel()
            self._tasks, self._channel, self._subscribed = [], "", set()

    async def _subscribe(self) -> None:
        """Hear exactly the groups that somebody listens to. A broker that is away is asked again with the next pulse."""
        layer = get_channel_layer()
        async with self._lock:
            try:
                if not self._channel:
                    self._channel = await layer.new_channel()
                for group in set(self.listeners) - self._subscribed:
                    await layer.group_add(group, self._channel)
                    self._subscribed.add(group)
                for group in self._subscribed - set(self.listeners):
                    await layer.group_discard(group, self._channel)
                    self._subscribed.discard(group)
            except (OSError, RedisError) as error:  # redis has a ConnectionError of its own
                log.warning("live_news_unavailable", error=str(error))

    async def _read(self) -> None:
        layer = get_channel_layer()
        while True:
            if not self._channel:
                await asyncio.sleep(0.2)
                continue
            message = await layer.receive(self._channel)
            news = news_of(message["text"])
            for listener in tuple(self.listeners.get(message["group"], ())):
                listener.offer(news)

    async def _pulse(self) -> None:
        """Tell every page how far its brand is, so that one that missed something asks."""
        while True:
            await asyncio.sleep(PULSE)
            await self._subscribe()
            try:
                listeners = {listener for group in self.listeners.values() for listener in group}
                pulses = await database_sync_to_async(realtime.pulses)(
                    {listener.brand_id for listener in listeners}
                )
            except Exception as error:  # the database may be away; the next pulse asks again
                log.warning("pulse_failed", error=str(error))
                continue
            now = round(time.time() * 1000)  # of which a page learns how far its browser's clock is off
            told = {
                brand_id: news_of(orjson.dumps({**pulse, "now": now}).decode())
                for brand_id, pulse in pulses.items()
            }
            for listener in listeners:
                listener.offer(told[listener.brand_id])


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
