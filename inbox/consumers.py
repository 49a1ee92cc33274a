"""One socket per page: a pipe with a doorman. It authorises, joins, forwards, and resumes from a sequence number."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from django.contrib.sessions.backends.db import SessionStore

from inbox import access, attendance, company, gestures, realtime, sessions
from inbox.actions import attending
from inbox.fanout import News, hub, rest_of
from inbox.models import Brand, Conversation
from inbox.rules.visits import Doing

BACKLOG = 128  # messages that may wait for a slow socket before it is closed, to resume
CHECK_EVERY = 40.0  # seconds between two looks at whether this person may still listen
SIGNED_OUT, NOT_FOUND, TOO_SLOW, ASK_AGAIN = 4401, 4404, 4408, 4409


async def live(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})  # a refusal before this would look like a server that is down
    slug = scope["url_route"]["kwargs"]["brand_slug"]
    brand = await access.abrand_for(scope["user"], slug)
    if brand is None:
        code = NOT_FOUND if scope["user"].is_authenticated else SIGNED_OUT
        await send({"type": "websocket.close", "code": code})
        return
    await Socket(scope, receive, scope.get("parley.send", send), brand).run()


class Doorbell:
    """Rung where this person may not be who they were. It hears what is told to all doors of the brand, and heeds its own name."""

    def __init__(self, brand_id: int, scope: dict[str, Any]) -> None:
        self.brand_id, self._scope = brand_id, scope
        self._rung = asyncio.Event()

    def offer(self, news: News) -> None:
        if news["text"] == str(self._scope["user"].pk):
            self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it is rung, or for so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()


class Socket:
    def __init__(self, scope: dict[str, Any], receive: Any, send: Any, brand: Brand) -> None:
        self.brand_id = brand.pk
        self.focus: UUID | None = None
        self._scope, self._receive, self._send, self._brand = scope, receive, send, brand
        self._outgoing: asyncio.Queue[News | Awaitable[None]] = asyncio.Queue(BACKLOG)
        self._writing = False
        self._too_slow = asyncio.Event()
        self._groups: set[str] = set()
        self._open: Conversation | None = None
        self._shown = (
            0,
            0.0,
        )  # in which conversation the customer was last shown that somebody writes, and when
        self._company = company.of(brand.pk)
        self._bell = Doorbell(brand.pk, scope)

    def offer(self, news: News) -> None:
        """Never waits and never skips: a socket that cannot keep up is closed, and its page asks for what it missed."""
        if self._writing or not self._outgoing.empty():
            self._queue(news)
        elif left := self._write_now(news):
            self._queue(left)

    def _queue(self, item: News | Awaitable[None]) -> None:
        try:
            self._outgoing.put_nowait(item)
        except asyncio.QueueFull:
            self._too_slow.set()

    def _write_now(self, news: News) -> News | Awaitable[None] | None:
        """A socket that takes it at once needs no turn of its task, which would double the cost of a push to a full house."""
        sending = self._send(news)
        try:
            return rest_of(sending, sending.send(None))
        except StopIteration:
            return None
        except Exception:  # it is closing; its own task finds out and ends
            return news

    async def run(self) -> None:
        tasks: list[asyncio.Task[int | None]] = []
        try:
            await self._join(realtime.brand_group(self.brand_id))
            await hub().join(realtime.doors_group(self.brand_id), self._bell)
            await attendance.register().enter(self, self._scope["user"].pk)
            await self._company.enter(
                self, person=self._scope["user"].pk, name=self._scope["user"].short_name
            )
            parts = (self._listen, self._write, self._watch, self._give_up)
            tasks += [asyncio.create_task(part()) for part in parts]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code = next((result for task in done if (result := task.result())), None)
            if code:
                with suppress(Exception):
                    await asyncio.wait_for(self._send({"type": "websocket.close", "code": code}), 2)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            attendance.register().leave(self)
            await self._company.leave(self)
            await hub().leave(realtime.doors_group(self.brand_id), self._bell)
            for group in tuple(self._groups):
                await hub().leave(group, self)

    async def _listen(self) -> int | None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return None
            with suppress(orjson.JSONDecodeError, TypeError, ValueError, AttributeError):
                await self._hear(orjson.loads(message.get("text") or "{}"))

    async def _hear(self, wish: dict[str, Any]) -> None:
        if "open" in wish:
            await self._watch_conversation(UUID(wish["open"]) if wish["open"] else None)
        if "focus" in wish:
            self.focus = UUID(wish["focus"]) if wish["focus"] else None
        if "here" in wish:
            self._company.hear(self, str(wish["here"]))
            if wish["here"] == Doing.REPLY:
                self._show_writing()
        if "counts" in wish:
            text = await database_sync_to_async(realtime.counts_for)(self._scope["user"], self._brand)
            await self._outgoing.put({"type": "websocket.send", "text": text})
        if "zone" in wish:
            await database_sync_to_async(attending.keep_zone)(
                person=self._scope["user"], time_zone=str(wish["zone"])
            )
        if "presence" in wish:
            text = await database_sync_to_async(realtime.presence_for)(self._brand)
            await self._outgoing.put({"type": "websocket.send", "text": text})
        if "since" in wish:
            since, read = int(wish["since"]), int(wish.get("read", wish["since"]))
            told = await database_sync_to_async(realtime.catch_up)(
                self._brand,
                since=since,
                read=min(read, since),
                conversation=self._open,
                ask=int(wish.get("ask", 0)),
            )
            for text in told:
                await self._outgoing.put({"type": "websocket.send", "text": text})

    def _show_writing(self) -> None:
        """The customer may see it, too. Nobody waits for that: it is tried in a thread, once in a while, and forgotten."""
        if self._open is None or not gestures.can_show_writing(self._open):
            return
        conversation_id, now = self._open.pk, monotonic()
        if conversation_id == self._shown[0] and now < self._shown[1] + gestures.EVERY:
            return
        self._shown = (conversation_id, now)
        asyncio.get_running_loop().run_in_executor(None, gestures.show_writing, conversation_id)

    async def _watch_conversation(self, public_id: UUID | None) -> None:
        if self._open:
            await self._leave(realtime.conversation_group(self._open.pk))
        self._open = None
        if public_id:
            self._open = await access.aconversation_for(self._scope["user"], self._brand.slug, public_id)
        if self._open:
            await self._join(realtime.conversation_group(self._open.pk))
        self._company.turn_to(self, str(self._open.public_id) if self._open else "")

    async def _write(self) -> int | None:
        while True:
            item = await self._outgoing.get()
            self._writing = True
            try:
                await (self._send(item) if isinstance(item, dict) else item)
            finally:
                self._writing = False

    async def _watch(self) -> int | None:
        """Whoever signed out, was deactivated or left the brand hears nothing more."""
        while True:
            await self._bell.wait(CHECK_EVERY * random.uniform(0.7, 1.0))
            session = SessionStore(self._scope["session"].session_key)
            if not await session.aexists(session.session_key or ""):
                return ASK_AGAIN  # signed out, or it has another key, which only the browser knows
            user = await sessions.person_of(session)
            if not user.is_authenticated:
                return SIGNED_OUT
            if await access.abrand_for(user, self._brand.slug) is None:
                return NOT_FOUND

    async def _give_up(self) -> int | None:
        await self._too_slow.wait()
        return TOO_SLOW

    async def _join(self, group: str) -> None:
        self._groups.add(group)
        await hub().join(group, self)

    async def _leave(self, group: str) -> None:
        self._groups.discard(group)
        await hub().leave(group, self)
