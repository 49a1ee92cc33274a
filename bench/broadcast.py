"""The floor of a push: a bare server that sends whatever comes on /publish to everybody else. The library that uvicorn uses."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

listeners: set[ServerConnection] = set()


async def handle(connection: ServerConnection) -> None:
    if connection.request and connection.request.path == "/publish":
        async for text in connection:
            broadcast(listeners, text)
        return
    listeners.add(connection)
    try:
        await connection.wait_closed()
    finally:
        listeners.discard(connection)


async def main() -> None:
    async with serve(handle, "127.0.0.1", int(sys.argv[1]), compression=None, ping_interval=20):
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    uvloop.run(main())
