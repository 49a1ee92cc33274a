from __future__ import annotations

from bench import lists


def test_the_read_by_key_is_of_the_columns_alone() -> None:
    sql = lists.by_key([7, 9])

    assert sql.startswith('SELECT "inbox_conversation"."id"') and sql.endswith("IN (7, 9)")
    assert "EXISTS" not in sql and "inbox_message" not in sql
