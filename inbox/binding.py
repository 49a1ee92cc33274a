"""Statements of the hot path, whose values the server binds: it plans each of them some times and then keeps the plan (decision 23).

What Django asks otherwise has its values written into it, so that no statement is ever the same as the one before, and each is planned anew.
"""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor


def cursor() -> CursorWrapper:
    """As `connection.cursor()` is, and looked after by Django like that; only what it wraps is another. Where statements are logged (DEBUG, and
    tests that count them) it is the same: the driver does not say what was asked of one that is prepared."""
    opened = connection.cursor()
    if not connection.queries_logged:
        opened.cursor = Cursor(connection.connection)
    return opened
