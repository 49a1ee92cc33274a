"""The pages' side: many websockets in one cheap program that notes when each marked message came.

The first line of stdin is the order (JSON); it says "ready" when every socket has joined, and answers the next line with what it saw.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import time
from functools import partial
from typing import Any

import uvloop

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
    "Origin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
)  # it offers compression as a browser does
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Socket(asyncio.Protocol):
    def __init__(self, page: Pages, number: int, spec: dict[str, Any]) -> None:
        self.pages, self.number, self.spec = page, number, spec
        self.transport: asyncio.Transport
        self.buffer = b""
        self.upgraded = self.in_ = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        cookies = self.spec.get("cookies") or [""]
        key = base64.b64encode(os.urandom(16)).decode()
        head = UPGRADE.format(
            path=self.spec["path"],
            port=self.spec["port"],
            key=key,
            cookie=cookies[self.number % len(cookies)],
        )
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.buffer += data
        if not self.upgraded and not self._upgrade():
            return
        for code, payload in self._frames():
            if code == TEXT:
                if not self.in_:
                    self.joined()  # the answer to its wish: the server knows this page now
                self.pages.saw(self.number, payload, now)
            elif code == PING:
                self.send(PONG, payload)
            elif code == CLOSE:
                self.pages.closing.add(int.from_bytes(payload[:2], "big"))
                self.transport.close()

    def _upgrade(self) -> bool:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head, self.buffer = self.buffer[:end].lower(), self.buffer[end + 4 :]
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"The socket was refused: {head[:80]!r}")
        if b"permessage-deflate" in head:
            raise RuntimeError("The server compresses each page's news anew.")
        self.upgraded = True
        wishes = self.spec.get("wishes") or []
        if wishes:
            self.send(TEXT, json.dumps(wishes[self.number % len(wishes)]).encode())
        else:
            self.joined()
        return True

    def joined(self) -> None:
        self.in_ = True
        self.pages.joined()

    def _frames(self) -> list[tuple[int, bytes]]:
        found = []
        data, at = self.buffer, 0
        while len(data) - at >= 2:
            length, body = data[at + 1], at + 2
            if length == 126:
                length, body = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                length, body = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < body + length:
                break
            found.append((data[at] & 15, data[body : body + length]))
            at = body + length
        self.buffer = data[at:]
        return found

    def send(self, code: int, payload: bytes) -> None:
        """Masked with zeros, which is a mask."""
        head = bytes([0x80 | code])
        size = len(payload)
        head += bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + payload)

    def connection_lost(self, error: Exception | None) -> None:
        self.pages.closed += 1
        if not self.pages.all_joined.done():
            self.pages.all_joined.set_exception(ConnectionError(f"closed with {self.pages.closing}"))


class Pages:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.mark = re.compile(spec["mark"].encode())
        self.seen: dict[int, dict[int, float]] = {}  # mark -> socket -> first seen
        self.waiting = spec["sockets"]
        self.closed = 0
        self.closing: set[int] = set()
        self.repeated = 0
        self.all_joined = asyncio.get_running_loop().create_future()

    def joined(self) -> None:
        self.waiting -= 1
        if not self.waiting:
            self.all_joined.set_result(None)

    def saw(self, number: int, payload: bytes, now: float) -> None:
        for found in {int(mark) for mark in self.mark.findall(payload)}:
            first = self.seen.setdefault(found, {})
            if number in first:
                self.repeated += 1
            else:
                first[number] = now


async def run() -> None:
    loop = asyncio.get_running_loop()
    spec = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    pages = Pages(spec)
    for number in range(spec["sockets"]):
        await loop.create_connection(partial(Socket, pages, number, spec), "127.0.0.1", spec["port"])
        if number % 10 == 9:
            await asyncio.sleep(0.02)  # signing in takes the edge a few queries a page
    try:
        await asyncio.wait_for(pages.all_joined, 90)
    except TimeoutError:
        raise RuntimeError(
            f"{pages.waiting} of {spec['sockets']} pages did not join; {pages.closed} were closed {pages.closing}"
        ) from None
    await asyncio.sleep(spec.get("settle", 0.5))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    seen = {mark: list(first.values()) for mark, first in pages.seen.items()}
    print(json.dumps({"seen": seen, "closed": pages.closed, "repeated": pages.repeated}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    uvloop.run(run())
