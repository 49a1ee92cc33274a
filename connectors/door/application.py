"""What the door answers to whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.db import connection

from connectors.contract import WebhookAnswer, WebhookRequest
from connectors.door.bell import Bell
from connectors.door.book import Book, BookUnreadable, Entry, Shut
from connectors.door.line import Line
from connectors.door.misses import Missed, Misses
from connectors.door.refusals import refused
from connectors.door.tally import FLUSH, Tally
from connectors.door.writer import ChannelGone, NotStored, Writer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger(__name__)
ADDRESS = re.compile(r"/webhooks/([a-z0-9_-]{1,40})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?")
# Instagram puts up to a thousand updates into one delivery, and six bytes into each letter that is not ASCII.
MAX_BODY = 16 * 1024 * 1024
# Of all callers together. Whoever knows an address could otherwise begin a thousand bodies and end none of them.
MAX_UNREAD = 128 * 1024 * 1024
SMALL = (
    64 * 1024
)  # what is no larger counts for nothing of it: whoever fills it keeps out no ordinary delivery
BODY_SECONDS = 10.0
PATIENCE = 5.0  # seconds until the platform hears 503; the shortest deadline of a platform is 10 s for deliveries, 3 s for handshakes
FLUSH_EVERY = 1.0

MORE_HEADERS = {
    503: ((b"retry-after", b"5"),),
    405: ((b"allow", b"GET, POST"),),
    200: ((b"x-content-type-options", b"nosniff"),),  # a handshake echoes what a stranger sent
}
STORED = WebhookAnswer(200)
AGAIN = WebhookAnswer(503, b"Not stored, please send it again.\n")
NOBODY = WebhookAnswer(404, b"No channel has this address.\n")
TOO_SLOW = WebhookAnswer(408, b"The delivery came too slowly.\n")
TOO_LARGE = WebhookAnswer(413, b"The delivery is too large.\n")


class BodyTooLarge(Exception):
    pass


class BodyTooSlow(Exception):
    pass


class Disconnected(Exception):
    """The sender went away before the body was complete."""


class Door:
    """One per process; it opens its connections when the first delivery comes and belongs to that event loop."""

    def __init__(self, ring: Callable[[], None] | None = None) -> None:
        self._ring = ring or _wake_drain
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unread = 0  # bytes of bodies that have not come whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"The webhook door speaks HTTP only, not {scope['type']}.")
        self._open()
        try:
            answer = await self._answer(scope, receive)
        except Disconnected:
            return
        except (BookUnreadable, NotStored) as error:
            log.warning("delivery_not_stored", cause=str(error) or type(error).__name__)
            answer = AGAIN
        if answer.status >= 400:
            refused.labels(answer.status).inc()
        await _reply(send, answer)

    def _open(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        self._lines = Line("door book", timeout=2.5), Line("door writer", timeout=PATIENCE)
        self._bell = Bell(self._ring)
        self._misses = Misses(self._tell_missed)
        self._writer = Writer(self._lines[1], self._bell.ring)
        self._book = Book(self._lines[0].execute)
        self._tally = Tally()
        self._flusher: asyncio.Task[None] | None = None
        self._max_body = int(getattr(settings, "PARLEY_WEBHOOK_MAX_BYTES", MAX_BODY))

    def begin_after(self, last_alive: datetime | None) -> None:
        """No delivery came in between. For the server's start; None where nobody knows when a door was last alive."""
        self._open()
        self._misses.away(last_alive)

    async def close(self) -> None:
        """What waits is stored first. For the server's shutdown, and for tests."""
        if self._loop is not asyncio.get_running_loop():
            return
        self._loop = None
        await self._writer.close()
        await self._bell.close()
        await self._misses.close()
        if self._flusher is not None:
            self._flusher.cancel()
        await self._flush()
        for line in self._lines:
            await line.close()

    async def _answer(self, scope: Scope, receive: Receive) -> WebhookAnswer:
        found = ADDRESS.fullmatch(scope["path"])
        if found is None:
            return NOBODY
        method = scope["method"]
        if method not in ("GET", "POST"):
            return WebhookAnswer(405, b"GET for handshakes, POST for deliveries.\n")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        declared = _declared(headers)
        try:
            entry = await self._book.find(found[1], found[2])
        except Shut as shut:
            if method == "POST":
                self._misses.refused(shut.channel_id, datetime.now(UTC))
            raise
        if entry is None:
            if declared <= self._max_body:
                return NOBODY
            log.info("delivery_too_large", channel=None, declared=declared, most=self._max_body)
            return TOO_LARGE
        query = _query(scope["query_string"])
        try:
            body = await self._read(receive, declared) if method == "POST" else b""
        except BodyTooLarge:
            # The platform sends the same again until it gives up, and what is in it comes with the next comparison at best.
            log.warning(
                "delivery_too_large", channel=entry.channel_id, declared=declared, most=self._max_body
            )
            return TOO_LARGE
        except BodyTooSlow:
            log.warning(
                "delivery_too_slow", channel=entry.channel_id, declared=declared, seconds=BODY_SECONDS
            )
            return TOO_SLOW
        except NotStored:  # what comes too slowly or breaks off is left to the comparisons: any stranger could ask for one with it
            if _says_signed(headers):
                self._misses.unproven(entry.channel_id, datetime.now(UTC))
            raise
        request = WebhookRequest(method=method, query=query, headers=headers, body=body)
        return self._handshake(entry, request) if method == "GET" else await self._deliver(entry, request)

    async def _read(self, receive: Receive, declared: int) -> bytes:
        """The body, measured as it comes: a header that lies and a body without end are both too large. One that says so is not read."""
        if declared > self._max_body:
            raise BodyTooLarge
        chunks: list[bytes] = []
        size = large = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > self._max_body:
                        raise BodyTooLarge
                    if size > SMALL:
                        self._unread, large = self._unread + size - large, size
                    if large and self._unread > MAX_UNREAD:
                        raise NotStored("too many deliveries come at once")
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        except TimeoutError:
            raise BodyTooSlow from None
        finally:
            self._unread -= large

    def _handshake(self, entry: Entry, request: WebhookRequest) -> WebhookAnswer:
        answer = entry.connector.handshake(request, entry.app)
        if answer is None:
            return WebhookAnswer(400, b"This is no handshake.\n")
        if answer.status == 200:
            self._tally.handshake(entry.channel_id, datetime.now(UTC))
            self._flush_soon()
        return answer

    async def _deliver(self, entry: Entry, request: WebhookRequest) -> WebhookAnswer:
        now = datetime.now(UTC)
        if not entry.connector.verify(request, entry.app, now):
            self._tally.bad_signature(entry.channel_id, now)
            self._flush_soon()
            return (
                WebhookAnswer(403, b"The signature is wrong.\n")
                if _says_signed(request.headers)
                else WebhookAnswer(401, b"Not signed.\n")
            )
        try:
            await self._writer.store(
                channel_id=entry.channel_id, body=request.body, now=now, patience=PATIENCE
            )
        except ChannelGone:
            return NOBODY
        except NotStored:
            self._misses.refused(entry.channel_id, now)
            raise
        return STORED

    async def _tell_missed(self, missed: Missed) -> None:
        await self._lines[0].execute("SELECT 1")  # while the database is away no thread waits for it
        await asyncio.to_thread(_note_missed, missed)

    def _flush_soon(self) -> None:
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush_later())

    async def _flush_later(self) -> None:
        await asyncio.sleep(FLUSH_EVERY)
        await self._flush()

    async def _flush(self) -> None:
        if columns := self._tally.take():
            try:
                await self._lines[0].execute(FLUSH, columns)
            except Exception as error:  # a lost count is not worth a delivery
                log.warning("door_counts_lost", error=type(error).__name__)


def _query(text: bytes) -> dict[str, str]:
    return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True)) if text else {}


def _says_signed(headers: Mapping[str, str]) -> bool:
    return any("signature" in name for name in headers)


def _declared(headers: dict[str, str]) -> int:
    """What Content-Length says; 0 when it says nothing usable, because the body is measured anyway."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else 0


async def _reply(send: Send, answer: WebhookAnswer) -> None:
    await send(_START_STORED if answer is STORED else _start(answer))
    await send({"type": "http.response.body", "body": answer.body})


def _start(answer: WebhookAnswer) -> dict[str, Any]:
    headers = [
        (b"content-type", f"{answer.content_type}; charset=utf-8".encode()),
        (b"content-length", b"%d" % len(answer.body)),
        *MORE_HEADERS.get(answer.status, ()),
    ]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


_START_STORED = _start(STORED)  # by far the most frequent


def _note_missed(missed: Missed) -> None:
    from connectors.actions import missing

    now = datetime.now(UTC)
    try:
        if missed.was_away:
            missing.note_away(since=missed.away_since, now=now)
        if missed.refused:
            missing.note_refused(refused=missed.refused, now=now)
    finally:
        connection.close()


def _wake_drain() -> None:
    from connectors import (
        tasks,  # Celery is loaded by the first delivery, not by whoever imports the door
    )

    tasks.wake_drain()
