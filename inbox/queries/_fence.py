"""Around searches: a limit of time for each statement, and no plan that reads a whole table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

_SET = """SELECT set_config('statement_timeout', %s, false), set_config('enable_seqscan', 'off', false),
                 set_config('work_mem', '64MB', false), set_config('plan_cache_mode', 'force_custom_plan', false)"""
_RESET = "RESET statement_timeout; RESET enable_seqscan; RESET work_mem; RESET plan_cache_mode"


@contextmanager
def fenced(milliseconds: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_SET, [str(milliseconds)])
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute(_RESET)
        except DatabaseError:  # in a transaction that failed; it takes the settings back itself
            if not connection.in_atomic_block:
                connection.close()
