"""One process of a run makes the tests' database, migration by migration; the others load what it has made.

Ninety migrations cost half a minute of a busy core, and each process has servers of its own.
"""

from __future__ import annotations

import fcntl
import subprocess
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config import postgres


class Made:
    """The database as migrated, in a folder that the processes of a run share. Only one at a time makes or loads it."""

    def __init__(self, folder: Path, *, server: str, name: str) -> None:
        self._dump = folder / "migrated.sql"
        self._server, self._name = server, name
        self._held = ExitStack()
        lock = self._held.enter_context((folder / "migrated.lock").open("a"))
        fcntl.flock(lock, fcntl.LOCK_EX)

    def load(self) -> None:
        """Nothing, where nobody has made it yet: whoever comes first migrates while the others wait."""
        if not self._dump.exists():
            return
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        self._run("psql", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", f"--file={self._dump}")

    def hand_on(self) -> None:
        if not self._dump.exists():
            draft = self._dump.with_suffix(".draft")
            self._run("pg_dump", "--no-owner", f"--file={draft}")
            draft.rename(self._dump)
        self._held.close()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(postgres.binaries() / program), *arguments, self._address(self._name)]
        subprocess.run(command, check=True, capture_output=True, text=True)

    def _address(self, database: str) -> str:
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{database}"))
