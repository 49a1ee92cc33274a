"""Fixed windows of calls, as platforms count them."""

from dataclasses import dataclass

from simulator.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    limit: int
    used: int
    resets_ms: int

    @property
    def over(self) -> bool:
        return self.used > self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Limits:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[int, int]] = {}

    def hit(self, name: str, *, limit: int, window_ms: int, cost: int = 1) -> Count:
        """Counts one call. A refused call counts too, as everywhere."""
        now = self._clock.now_ms()
        start = now - now % window_ms
        seen, used = self._windows.get(name, (start, 0))
        used = used + cost if seen == start else cost
        self._windows[name] = (start, used)
        return Count(limit=limit, used=used, resets_ms=start + window_ms)

    def clear(self) -> None:
        self._windows.clear()
