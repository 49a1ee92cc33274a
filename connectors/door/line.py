"""A connection to the database that is opened when needed and replaced when broken. Statements stand in line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections

# Django's own options, and those the door sets for itself.
NOT_LIBPQ = frozenset(
    {
        "pool",
        "prepare_threshold",
        "isolation_level",
        "server_side_binding",
        "assume_role",
        "cursor_factory",
        "context",
    }
    | {"application_name", "options", "connect_timeout"}
)


def conninfo() -> str:
    """Where Django's default database is (in tests: the test database)."""
    known = connections["default"].settings_dict
    options = {name: value for name, value in known["OPTIONS"].items() if name not in NOT_LIBPQ}
    return psycopg.conninfo.make_conninfo(
        dbname=known["NAME"], user=known["USER"] or None, password=known["PASSWORD"] or None,
        host=known["HOST"] or None, port=known["PORT"] or None, **options,
    )  # fmt: skip


class Line:
    def __init__(self, name: str, *, timeout: float) -> None:
        self._name = name
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    async def execute(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own; its rows, if it has any. A broken connection is dropped, never reused."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout):
                    connection = await self._open()
                    cursor = await connection.execute(query, values or None, prepare=True)
                    return await cursor.fetchall() if cursor.description else []
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, asyncio.CancelledError):
                await self._drop()
                raise

    async def _open(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                conninfo(),
                autocommit=True,
                connect_timeout=max(2, int(self._timeout)),
                application_name=f"parley {self._name}",
                options=f"-c statement_timeout={int(self._timeout * 1000)}",
            )
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # close() sends at most one packet and does not wait for an answer.
            await connection.close()

    async def close(self) -> None:
        async with self._turn:
            await self._drop()
