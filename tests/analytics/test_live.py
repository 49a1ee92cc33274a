"""Lists of the board: whoever pages through one meets each conversation once, and reads no more of them than it shows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from analytics.queries import live
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.mark.parametrize("what", ["waiting", "late", "due60", "open"])
def test_each_stands_on_one_page_the_most_pressing_first(what: str) -> None:
    channel = ChannelFactory()
    for minutes in range(4):  # each moment is that of thirty, so that a page ends among equals
        due = timedelta(minutes=10 + minutes) * (-1 if what == "late" else 1)
        waits = NOW - timedelta(minutes=90 - minutes)
        make.conversations(channel, 30, waiting_since=waits, last_message_at=waits, due_at=NOW + due)
    shown, after = [], ""
    while True:
        rows, after = live.conversations(channel.brand, what, now=NOW, narrow={}, after=after)
        shown += rows
        if not after:
            break

    assert len(shown) == len({row.pk for row in shown}) == 120
    moments = [row.waiting_since if what in ("waiting", "open") else row.due_at for row in shown]
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("what", "index"), [("waiting", "list_waiting"), ("due60", "list_due"), ("open", "list_open")]
)
def test_a_page_is_read_along_an_index_and_not_sorted_out_of_all(what: str, index: str) -> None:
    channel = ChannelFactory()
    for minutes in range(100):
        make.conversations(
            channel,
            1,
            waiting_since=NOW - timedelta(minutes=minutes),
            due_at=NOW + timedelta(seconds=30 * minutes + 30),
        )
    told: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        told.append((sql, params))
        return execute(sql, params, many, context)

    with connection.cursor() as cursor, connection.execute_wrapper(note):
        cursor.execute("ANALYZE inbox_conversation")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        # A hundred rows are sorted as cheaply as they are read in order: asked is whether they can be read so, equal moments apart.
        cursor.execute("SET LOCAL enable_sort = off")
        live.conversations(channel.brand, what, now=NOW, narrow={})
        sql, params = told[-1]
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        plan = json.dumps(cursor.fetchone()[0])

    assert f'"{index}"' in plan
    assert '"Node Type": "Sort"' not in plan
