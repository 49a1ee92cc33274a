"""Around searches: a limit of time for each statement, and no plan that reads a whole table."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg.errors
from django.db import DatabaseError, OperationalError, connection

_SET = """SELECT set_config('statement_timeout', %s, false), set_config('enable_seqscan', 'off', false),
                 set_config('work_mem', '64MB', false), set_config('plan_cache_mode', 'force_custom_plan', false)"""
_RESET = "RESET statement_timeout; RESET enable_seqscan; RESET work_mem; RESET plan_cache_mode"


_here = threading.local()


class TookTooLong(Exception):
    """A statement was stopped at its limit of time."""


@contextmanager
def limited(milliseconds: int) -> Iterator[None]:
    """A fence whose limit of time is told. Raises TookTooLong."""
    with _telling(), fenced(milliseconds):
        yield


@contextmanager
def hurried(milliseconds: int, *, then: int) -> Iterator[None]:
    """Less patience for what the block asks, `then` as much as before. Raises TookTooLong."""
    _be_patient(milliseconds)
    try:
        with _telling():
            yield
    finally:
        if not connection.needs_rollback:
            _be_patient(then)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise
        raise TookTooLong from None


def _be_patient(milliseconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(milliseconds)])


@contextmanager
def fenced(milliseconds: int) -> Iterator[None]:
    """Within a fence it is the outer one that counts."""
    if getattr(_here, "is_fenced", False):
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_SET, [str(milliseconds)])
    _here.is_fenced = True
    try:
        yield
    finally:
        _here.is_fenced = False
        try:
            with connection.cursor() as cursor:
                cursor.execute(_RESET)
        except DatabaseError:  # in a transaction that failed; it takes the settings back itself
            if not connection.in_atomic_block:
                connection.close()
