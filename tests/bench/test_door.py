"""The load of the door counts what was answered, and a door that answers without storing is found out."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from bench import cast, load
from bench.door import verify

ROOT = Path(__file__).parents[2]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
NO = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"


class Counter(asyncio.Protocol):
    """A server that answers each whole request, in two pieces, and counts those with a right signature."""

    def __init__(self, told: dict[str, int]) -> None:
        self.told, self.buffer = told, b""
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if not found or not length or len(body) < int(length[1]):
            return
        self.buffer = b""
        self.told["requests"] += 1
        self.told["signed"] += cast.signature(body).encode() in head
        answer = NO if self.told["requests"] % 10 == 0 else OK
        self.transport.write(answer[:20])
        asyncio.get_running_loop().call_later(0.0005, self.transport.write, answer[20:])


async def test_the_load_counts_every_answer_and_signs_every_delivery() -> None:
    told = {"requests": 0, "signed": 0}
    server = await asyncio.get_running_loop().create_server(lambda: Counter(told), "127.0.0.1", 0)
    spec = {
        "port": server.sockets[0].getsockname()[1], "path": "/webhooks/instagram/x/", "account": "17841400000000001",
        "connections": 4, "warm": 0.1, "seconds": 1.0,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    out, _ = await process.communicate(json.dumps(spec).encode())
    server.close()
    found = json.loads(out)
    assert found["accepted"] + found["refused"] == told["requests"] == told["signed"]
    assert found["refused"] == told["requests"] // 10
    assert found["lost"] == 0
    assert 0 < found["rate"] <= found["accepted"] / 1.0


def test_an_answer_is_whole_when_its_body_is_there() -> None:
    assert load.is_whole(OK)
    assert load.is_whole(NO)
    assert not load.is_whole(OK[:-1])
    assert not load.is_whole(OK[:30])


def test_a_door_that_does_not_commit_is_caught() -> None:
    told = {"accepted": 100, "refused": 0, "lost": 0}
    assert verify("door", told, stored=100) == []
    assert verify("door", told, stored=99) == ["door accepted 100 deliveries and stored 99"]


def test_a_refused_delivery_is_a_fault_and_not_a_fast_answer() -> None:
    assert verify("ordinary", {"accepted": 5, "refused": 1, "lost": 0}, stored=5) != []
