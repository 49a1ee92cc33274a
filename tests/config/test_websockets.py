"""News for many sockets is framed once; each page reads the same words as from a frame of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from config.websockets import Protocol


class House:
    """An application that keeps every socket's `send`, as the hub does."""

    def __init__(self) -> None:
        self.sends: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.sends.append(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass


@asynccontextmanager
async def served(house: House) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            house, ws=Protocol, lifespan="off", log_level="error", ws_per_message_deflate=False
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            server.should_exit = True
            await running


async def seated(house: House, count: int) -> None:
    for _ in range(200):
        if len(house.sends) == count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(house.sends)} of {count} sockets came")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
async def test_a_shared_message_reaches_every_socket_whole(size: int) -> None:
    house, text = House(), "ž" * (size // 2) + "x" * (size % 2)
    async with served(house) as url, connect(url) as first, connect(url) as second:
        await seated(house, 2)
        news = {"type": "websocket.send", "text": text, "shared": True}
        for send in house.sends:
            await send(news)
            await send({"type": "websocket.send", "text": "and one of its own"})
        for page in (first, second):
            assert [await page.recv(), await page.recv()] == [text, "and one of its own"]


async def test_nothing_is_written_behind_a_close() -> None:
    house = House()
    async with served(house) as url, connect(url) as page:
        await seated(house, 1)
        [send] = house.sends
        await send({"type": "websocket.close", "code": 4401})
        with pytest.raises(RuntimeError):
            await send({"type": "websocket.send", "text": "too late", "shared": True})
        with pytest.raises(ConnectionClosed) as closed:
            await page.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
