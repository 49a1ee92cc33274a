"""Turns at work: what waits for a platform never takes all of a worker's threads, and what gains from company goes one by one."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import structlog
from django.db import connections

log = structlog.get_logger(__name__)
Work = Callable[[], None]


@dataclass(slots=True)
class Turns:
    """At most `at_once` of these at a time, `per_key` for one key (a channel that hangs must not hold up the others). What finds
    no turn free stands in line here, its caller goes on, and whoever ends a turn takes it up. A line lost with its process costs
    nothing but time: the rows are the queue, and a sweep finds them."""

    at_once: int
    per_key: int
    closed: bool = False  # what is under way is finished, the line is not: a process that stops has seconds
    _busy: Counter[Hashable] = field(default_factory=Counter)
    _line: OrderedDict[Hashable, tuple[Hashable, Work]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, work: Work, *, name: Hashable, key: Hashable) -> None:
        """Do it now, or stand in line under this name, once."""
        with self._lock:
            if not self._free(key):
                self._line.setdefault(name, (key, work))
                return
            self._busy[key] += 1
        self._work(key, work)

    def run_if_free(self, work: Work, *, key: Hashable) -> bool:
        """Do it now where that leaves a turn for others, or never: for what is worth nothing later. One at a time for a key."""
        with self._lock:
            if self._busy[key] or self._busy.total() + 1 >= self.at_once:
                return False
            self._busy[key] += 1
        self._work(key, work)
        return True

    def _work(self, key: Hashable, work: Work) -> None:
        following: tuple[Hashable, Work] | None = (key, work)
        while following is not None:
            key, work = following
            try:
                work()
            except Exception:
                log.exception("work_failed", key=key)
            finally:
                following = self._next_after(key)

    def _free(self, key: Hashable) -> bool:
        return self._busy.total() < self.at_once and self._busy[key] < self.per_key

    def _next_after(self, key: Hashable) -> tuple[Hashable, Work] | None:
        with self._lock:
            self._busy[key] -= 1
            if not self._busy[key]:
                del self._busy[key]
            name = next((name for name, (wanted, _) in self._line.items() if self._free(wanted)), None)
            if name is None or self.closed:
                return None
            following = self._line.pop(name)
            self._busy[following[0]] += 1
            return following


@dataclass(slots=True)
class OneByOne:
    """Rounds of the same work, one after another. Whoever asks while a round is under way is served by the next one: what came
    meanwhile is done together, and its news leaves in order. A round that takes longer than `patience` seconds is held up by
    something (a lock, a slow disk); then the next asker works beside it, up to `at_once`."""

    at_once: int
    patience: float
    closed: bool = False
    _began: dict[int, float] = field(default_factory=dict)  # by thread: when its present round began
    _wanted: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, work: Callable[[], bool]) -> None:
        """Work round by round for as long as a round says that there may be more or somebody asks; or leave it to who is at it."""
        me = threading.get_ident()
        with self._lock:
            fresh = time.monotonic() - self.patience
            if len(self._began) >= self.at_once or any(began > fresh for began in self._began.values()):
                self._wanted = True
                return
            self._begin(me)
        goes_on = True
        while goes_on:
            try:
                more = work()
            except BaseException:
                self._leave(me)
                raise
            goes_on = self._end_round(me, more=more)

    def _begin(self, me: int) -> None:
        self._began[me] = time.monotonic()
        self._wanted = False

    def _end_round(self, me: int, *, more: bool) -> bool:
        """Whether another round follows. Deciding and leaving are one step, so nobody can ask in between and be forgotten."""
        with self._lock:
            if (more or self._wanted) and not self.closed:
                self._begin(me)
                return True
            del self._began[me]
            return False

    def _leave(self, me: int) -> None:
        """Out of a round that failed: no other follows in this thread, whoever asked meanwhile. Their wish stands for who asks next."""
        with self._lock:
            del self._began[me]


@dataclass(slots=True)
class SecondHand:
    """A thread that works beside whoever calls for it, for as long as a round says that there is enough for two."""

    closed: bool = False
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, work: Callable[[], bool]) -> None:
        """Begin, unless it is at it already."""
        with self._lock:
            if self.closed or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._work, args=(work,), name="beside", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self, work: Callable[[], bool]) -> None:
        try:
            while work() and not self.closed:
                pass
        except Exception:
            log.exception("work_failed", key="beside")
        finally:
            connections.close_all()
