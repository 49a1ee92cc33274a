"""Rows as the database keeps them: histograms and columns are bytes, and as text each of these would be two characters."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection


def rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    if connection.queries_logged:  # Django's own cursors, which it asks for text, do so themselves
        connection.queries_log.append({"sql": sql, "time": "0"})
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(sql.encode(), values, binary=True).fetchall()
