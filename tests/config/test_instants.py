"""Instants are read from the database as quickly as can be, and as they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection

from config.instants import Instant

pytestmark = pytest.mark.django_db


def read(text: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        [(found,)] = cursor.fetchall()
    assert isinstance(found, datetime)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-06 12:00:00",
        "2026-08-06 12:00:00.5",
        "2026-08-06 12:00:00.000001",
        "2026-08-06 12:00:00.123456",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59.999999",
    ],
)
def test_an_instant_is_read_to_the_microsecond_and_in_utc(text: str) -> None:
    found = read(f"{text}+00")

    assert found.isoformat(" ") == datetime.fromisoformat(f"{text}+00:00").isoformat(" ")
    assert found.tzinfo is UTC


def test_every_connection_reads_them_so() -> None:
    with connection.cursor() as cursor:
        loader = cursor.adapters.get_loader(1184, 0)  # timestamptz, as text

    assert loader is Instant


def test_what_a_session_of_another_zone_tells_is_the_same_instant() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Europe/Berlin'")

    assert read("2026-08-06 12:00:00.25+00") == datetime(2026, 8, 6, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["infinity", "10000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"])
def test_what_no_datetime_can_hold_is_refused_as_before(text: str) -> None:
    with pytest.raises(DataError):
        read(text)
