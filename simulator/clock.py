"""The platforms' clock: real time plus an offset that tests and people may move."""

import time
from datetime import UTC, datetime


class Clock:
    def __init__(self, *, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    def advance(self, *, by_ms: int) -> None:
        self.offset_ms += by_ms

    def set(self, *, now_ms: int) -> None:
        self.offset_ms += now_ms - self.now_ms()

    def reset(self) -> None:
        self.offset_ms = 0


def iso_millis(ms: int) -> str:
    """2026-08-06T10:23:44.000Z, as X writes times."""
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def iso_graph(ms: int) -> str:
    """2026-08-06T10:32:25+0000: Meta's offset has no colon."""
    return f"{datetime.fromtimestamp(ms // 1000, tz=UTC):%Y-%m-%dT%H:%M:%S}+0000"
