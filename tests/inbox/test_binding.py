"""Statements of the hot path are planned some times, and then no more: the server keeps their plan, where it may."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import binding
from inbox.actions import _sql

ASKED = "SELECT %s::bigint + 1 AS one_more"
KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"


def ask(often: int) -> None:
    for number in range(often):
        assert _sql.rows(ASKED, [number]) == [(number + 1,)]


def kept() -> int:
    [(found,)] = _sql.rows(KEPT, ["%one_more"])
    return int(found)


@pytest.mark.django_db
def test_what_is_asked_again_and_again_with_other_values_is_planned_once() -> None:
    ask(often=12)

    assert kept() == 1


@pytest.mark.django_db
def test_behind_a_pooler_that_forgets_sessions_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)  # PARLEY_PREPARE_THRESHOLD=0

    ask(often=12)

    assert kept() == 0


@pytest.mark.django_db
def test_it_is_counted_and_logged_like_any_other() -> None:
    ask(often=12)

    with CaptureQueriesContext(connection) as asked:
        ask(often=12)

    assert [each["sql"] for each in asked] == [ASKED % number for number in range(12)]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_is_replaced_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(often=1)
    monkeypatch.setattr(connection, "health_check_done", False)  # as at the beginning of a request or a task
    connection.connection.close()

    with binding.cursor() as cursor:
        cursor.execute("SELECT %s::int", [7])

        assert cursor.fetchall() == [(7,)]
