"""The pages' program notes the first arrival of each mark at each socket, and finds what was lost or came twice."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from bench.pages import Pages, percentile

ROOT = Path(__file__).parents[2]


class Handler:
    """Sends each socket these marks, but for the one to skip."""

    def __init__(self, *marks: int, skip: int = -1) -> None:
        self.marks, self.skip = marks, skip
        self.count = iter(range(1000))
        self.done = asyncio.Semaphore(0)

    async def __call__(self, connection: ServerConnection) -> None:
        number = next(self.count)
        assert json.loads(await connection.recv()) == {"since": 0}
        await connection.send('{"hello": true}')
        for mark in self.marks:
            if number != self.skip:
                await connection.send(json.dumps({"last": mark, "html": "x" * 70_000}, separators=(",", ":")))
        await (await connection.ping())  # is answered once all before it has been read
        self.done.release()
        await connection.wait_closed()

    async def read_by(self, sockets: int) -> None:
        for _ in range(sockets):
            await self.done.acquire()


async def told_by(handler: Handler, *, sockets: int) -> dict[str, object]:
    async with serve(handler, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.sockets",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdin and process.stdout
        spec = {
            "sockets": sockets,
            "port": port,
            "path": "/",
            "mark": r'"last":(\d+)',
            "wishes": [{"since": 0}],
        }
        process.stdin.write(json.dumps(spec).encode() + b"\n")
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        # A program that is just starting, on a busy machine, reads what it was sent when it can.
        await asyncio.wait_for(handler.read_by(sockets), 30)
        out, _ = await process.communicate(b"stop\n")
        return dict(json.loads(out))


async def test_every_socket_hears_every_mark_however_long_the_text() -> None:
    began = time.monotonic()
    pages = Pages(None, await told_by(Handler(1, 2), sockets=12))  # type: ignore[arg-type]
    sent = {1: began, 2: began}
    assert pages.lost(sent, 12) == 0
    assert len(pages.latencies(sent)) == 24
    assert 0 < pages.latencies(sent)[0] < time.monotonic() - began


async def test_a_socket_that_was_forgotten_is_counted_as_lost() -> None:
    pages = Pages(None, await told_by(Handler(1, 2), sockets=5))  # type: ignore[arg-type]
    assert pages.lost({1: 0, 2: 0, 3: 0}, 5) == 5
    missing = Pages(None, await told_by(Handler(1, 2, skip=3), sockets=5))  # type: ignore[arg-type]
    assert missing.lost({1: 0, 2: 0}, 5) == 2


async def test_what_comes_twice_is_counted() -> None:
    told = await told_by(Handler(7, 7), sockets=3)
    assert told["repeated"] == 3


def test_a_percentile_of_nothing_never_holds() -> None:
    assert percentile([], 0.95) == float("inf")
    assert percentile([1, 2, 3, 4], 0.5) == 3
