"""The other side of the door: keep-alive connections that post signed deliveries, one at a time each. A program of its own.

JSON in on stdin, JSON out on stdout. It writes prepared bytes and counts answers, so that it costs less than any server it loads.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import Any

import uvloop

from bench import cast

PREPARED = 4000


class Knocker(asyncio.Protocol):
    """One connection: the next delivery goes out when the last one was answered."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.transport: asyncio.Transport
        self.buffer = b""
        self.began = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.knock()

    def knock(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(next(self.crowd.requests))

    def data_received(self, data: bytes) -> None:
        if self.buffer:
            data = self.buffer + data
        if not is_whole(data):
            self.buffer = data
            return
        self.buffer = b""
        now = time.perf_counter()
        self.crowd.answered(data[9:12] == b"200", now, now - self.began)
        if self.crowd.open:
            self.knock()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.left(early=self.crowd.open)


def is_whole(answer: bytes) -> bool:
    """Whether the head and the body it announces are there."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer.find(b"content-length: ")
    if at < 0:
        at = answer.find(b"Content-Length: ")
    length = int(answer[at + 16 : answer.index(b"\r\n", at)]) if 0 <= at < end else 0
    return len(answer) >= end + 4 + length


class Crowd:
    def __init__(self, requests: list[bytes], connections: int, warm: float, seconds: float) -> None:
        self.requests = itertools.cycle(requests)
        self.open = True
        self.accepted = self.refused = self.counted = self.lost = 0
        self.latencies: list[float] = []
        self.connections = connections
        self.begin = time.perf_counter() + warm
        self.end = self.begin + seconds
        self.seconds = seconds
        self.gone = asyncio.get_running_loop().create_future()

    def answered(self, ok: bool, now: float, took: float) -> None:
        if ok:
            self.accepted += 1
            if self.begin <= now < self.end:
                self.counted += 1
                self.latencies.append(took)
        else:
            self.refused += 1
        if now >= self.end:
            self.open = False

    def left(self, *, early: bool) -> None:
        self.lost += early
        self.connections -= 1
        if not self.connections and not self.gone.done():
            self.gone.set_result(None)


async def run(spec: dict[str, Any]) -> dict[str, Any]:
    account, stamp = spec["account"], int(time.time() * 1000)
    requests = [
        cast.request(
            spec["path"],
            cast.delivery(
                account=account, customer=f"9{n % 500:014d}", mid=f"aWdfZAG1faXRlbToxOk{stamp}{n:06d}", text=cast.words(n), at_ms=stamp + n
            ),
        )
        for n in range(PREPARED)
    ]  # fmt: skip
    crowd = Crowd(requests, spec["connections"], spec["warm"], spec["seconds"])
    loop = asyncio.get_running_loop()
    for _ in range(spec["connections"]):
        await loop.create_connection(lambda: Knocker(crowd), "127.0.0.1", spec["port"])
    await asyncio.wait_for(crowd.gone, spec["warm"] + spec["seconds"] + 30)
    ordered = sorted(crowd.latencies) or [0.0]
    return {
        "accepted": crowd.accepted,
        "refused": crowd.refused,
        "lost": crowd.lost,
        "rate": crowd.counted / crowd.seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p95_ms": ordered[int(len(ordered) * 0.95)] * 1000,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
