"""The ledger file: one SQLite document table, written in short group commits."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator import wire

_GATHER_SECONDS = 0.005
_AGAIN_SECONDS = 0.1


class Store:
    """Collects changed documents and commits them together; `flushed` waits for that commit."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        # The truth must outlive this process, not a power cut.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS document (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        self._dirty: dict[tuple[str, str], Any] = {}
        self._flushing: asyncio.Task[None] | None = None

    def load(self, kind: str) -> Iterator[tuple[str, Any]]:
        for key, body in self._db.execute("SELECT key, body FROM document WHERE kind = ?", (kind,)):
            yield key, wire.loads(body)

    def put(self, kind: str, key: str, body: Any) -> None:
        self._dirty[kind, key] = body

    def remove(self, kind: str, key: str) -> None:
        self._dirty[kind, key] = None

    def commit(self) -> None:
        """All that was put, or nothing of it: what the disk does not take (sqlite3.Error) is written with whatever comes next."""
        if not self._dirty:
            return
        kept = [
            (kind, key, wire.plain(body)) for (kind, key), body in self._dirty.items() if body is not None
        ]
        gone = [at for at, body in self._dirty.items() if body is None]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", kept)
            self._db.executemany("DELETE FROM document WHERE kind = ? AND key = ?", gone)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:  # of some faults SQLite has rolled it back by itself
                self._db.execute("ROLLBACK")
            raise
        self._dirty = {}

    async def flushed(self) -> None:
        """Returns when everything put before this call is on disk."""
        if not self._dirty:
            return
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.shield(self._flushing)

    async def written(self) -> None:
        """As `flushed`, for as long as the disk takes nothing. Who keeps house says why."""
        while True:
            try:
                return await self.flushed()
            except sqlite3.Error:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _flush(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        self.commit()

    def clear(self) -> None:
        self._dirty.clear()
        self._db.execute("DELETE FROM document")

    def close(self) -> None:
        try:
            self.commit()
        finally:
            self._db.close()
