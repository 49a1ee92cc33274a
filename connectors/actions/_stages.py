"""Two batches on their way in one process: while one is kept, which is mostly the database's work, the next is read, which is mostly ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Place:
    """One at a time has it. Who has had it for longer than `patience` seconds is held up by something (a brand's lock, a slow disk): the next
    takes it over, and waits no more than what is left of that."""

    patience: float
    _holder: object | None = None
    _since: float = 0.0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, who: object) -> None:
        with self._changed:
            while self._holder is not None and (left := self._since + self.patience - time.monotonic()) > 0:
                self._changed.wait(left)
            self._holder, self._since = who, time.monotonic()

    def leave(self, who: object) -> None:
        """It is nobody's, unless somebody has taken it over."""
        with self._changed:
            if self._holder is who:
                self._holder = None
                self._changed.notify()


class Stages:
    """One batch at a time is read, one is kept, and they are kept in the order in which they were taken up."""

    def __init__(self, patience: float) -> None:
        self.reading = Place(patience)
        self.keeping = Place(patience)

    @contextmanager
    def enter(self) -> Iterator[Stage]:
        """For one batch, from before it is claimed until it is committed."""
        stage = Stage(self)
        self.reading.take(stage)
        try:
            yield stage
        finally:
            self.reading.leave(stage)
            self.keeping.leave(stage)


class Stage:
    """Where one batch is."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def keep(self) -> None:
        """It is read: the one before must be kept first, and the next may be read."""
        self._stages.keeping.take(self)
        self._stages.reading.leave(self)
