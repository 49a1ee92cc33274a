"""A column of a batch reaches PostgreSQL as it was, whatever it holds."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from inbox.models import EventKind
from inbox.rules.arrays import array, arrays
from inbox.rules.cleaning import clean


def read_back(column, kind):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array(column)])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@given(st.lists(st.none() | st.text().map(clean), max_size=8) | st.lists(st.text().map(clean), max_size=8))
def test_text_comes_back_as_it_was(column):
    assert read_back(column, "text") == column


@pytest.mark.django_db
def test_what_looks_like_syntax_is_content():
    column = ['"', "\\", '\\"', "NULL", "null", "", "{", "}", "a,b", " ", "'", "%s", "\n"]

    assert read_back(column, "text") == column


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("bigint", [1, -1, 2**63 - 1]),
        ("bigint", [1, None]),
        ("float8", [0.1, 1e-300, -2.5, None, float("inf")]),
        ("boolean", [True, False, None]),
        ("timestamptz", [datetime(2026, 1, 2, 3, 4, 5, 600007, UTC), datetime(999, 1, 1, tzinfo=UTC), None]),
        ("timestamptz", [datetime(2026, 1, 2, 3, 4, 5, 600007, UTC), datetime(999, 1, 1, tzinfo=UTC)]),
        ("uuid", [uuid4(), None]),
        ("text", ["NULL", "null", "", "{", "}", "a,b", " ", "'", "%s", "\n"]),
        ("text", [EventKind.MESSAGE_RECEIVED, "plain"]),
        ("text", []),
    ],
)
def test_values_come_back_as_they_were(kind, column):
    assert read_back(column, kind) == column


def test_rows_become_columns_even_when_there_are_none():
    assert arrays([(1, "a"), (2, "b")], 2) == ["{1,2}", '{"a","b"}']
    assert arrays([], 2) == ["{}", "{}"]


def test_what_no_column_holds_is_refused():
    with pytest.raises(TypeError):
        array([object()])
