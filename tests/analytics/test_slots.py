"""The list of an hour of the week: its facts, whatever the clock does, and no others are read for it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from analytics import metrics
from analytics.models import Fact
from analytics.queries import behind
from analytics.queries.asked import Asked
from analytics.queries.behind import Narrow
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db
METRIC = metrics.METRICS[metrics.IN]


def a_fortnight(zone: str, first: date) -> Asked:
    """A message each twenty minutes of two weeks and a day more at either end."""
    channel = ChannelFactory(brand__time_zone=zone)
    [conversation] = make.conversations(channel, 1)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    Fact.objects.bulk_create(
        Fact(
            brand=channel.brand, conversation=conversation, kind=metrics.IN, source=number + 1, at=begin + timedelta(minutes=20 * number),
            channel_id=channel.pk, priority=3,
        )
        for number in range(16 * 72)
    )  # fmt: skip
    return Asked(channel.brand, first, first + timedelta(days=13))


# Clocks are put back by an hour, put forward by one, and put back by half of one.
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", date(2026, 10, 19)),
        ("Europe/Berlin", date(2026, 3, 18)),
        ("Australia/Lord_Howe", date(2026, 4, 1)),
        ("Asia/Kathmandu", date(2026, 4, 1)),
    ],
)
def test_each_fact_stands_in_the_list_of_its_hour_by_the_brands_clock(zone: str, first: date) -> None:
    asked = a_fortnight(zone, first)
    expected: dict[int, list[datetime]] = {}
    for at in (
        Fact.objects.filter(at__gte=asked.start, at__lt=asked.end)
        .order_by("-at")
        .values_list("at", flat=True)
    ):
        local = at.astimezone(asked.zone)
        expected.setdefault(local.weekday() * 24 + local.hour, []).append(at)

    listed = {
        slot: [row.at for row in behind.page(asked, Narrow(METRIC, slot=slot)).rows] for slot in range(7 * 24)
    }

    assert listed == expected


def test_for_an_hour_of_the_week_no_other_hour_is_read() -> None:
    asked = a_fortnight("Europe/Berlin", date(2026, 10, 19))
    told: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        told.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        behind.page(asked, Narrow(METRIC, slot=34))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE analytics_fact")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {told[-1][0]}", told[-1][1])
        plan = cursor.fetchone()[0]

    assert '"facts_of_period"' in json.dumps(plan)
    assert sum(thrown_away(plan[0]["Plan"])) == 0


def thrown_away(plan: dict[str, Any]) -> list[int]:
    below = [number for each in plan.get("Plans", ()) for number in thrown_away(each)]
    return [plan.get("Rows Removed by Filter", 0), *below]
