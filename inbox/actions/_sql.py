"""Set-based SQL for the hot path: whole batches as arrays, one statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inbox import binding
from inbox.rules.arrays import arrays


def rows(sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    with binding.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def run(sql: str, params: Sequence[Any] = ()) -> int:
    with binding.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def columns(records: Sequence[Sequence[Any]], width: int) -> list[str]:
    """Rows turned into columns, for unnest()."""
    return arrays(records, width)
