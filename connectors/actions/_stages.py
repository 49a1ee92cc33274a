"""Two batches on their way in one process: while one is kept, which is mostly the database's work, the next is read, which is mostly ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stages:
    """One batch at a time is read, one is kept, and they are kept in the order in which they were taken up. Who is held up for longer than
    `patience` seconds (a brand's lock, a slow disk) holds up nobody: the next goes past."""

    patience: float
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _keeping: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def enter(self) -> Iterator[Stage]:
        """For one batch, from before it is claimed until it is committed."""
        stage = Stage(self)
        stage.take(self._reading)
        try:
            yield stage
        finally:
            stage.leave()


@dataclass(slots=True)
class Stage:
    """Where one batch is."""

    stages: Stages
    _held: list[threading.Lock] = field(default_factory=list)

    def keep(self) -> None:
        """It is read: the one before must be kept first, and the next may be read."""
        before = list(self._held)
        self.take(self.stages._keeping)
        for lock in before:
            self._release(lock)

    def take(self, lock: threading.Lock) -> None:
        if lock.acquire(timeout=self.stages.patience):
            self._held.append(lock)

    def leave(self) -> None:
        for lock in list(self._held):
            self._release(lock)

    def _release(self, lock: threading.Lock) -> None:
        self._held.remove(lock)
        lock.release()
