"""Whatever a page asks, split and narrowed by however many things: its figures are those of the facts, counted one by one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import metrics, packing, rollups
from analytics.histogram import bucket, percentile
from analytics.models import DayFacts, Fact, Level
from analytics.packing import DIMS
from analytics.queries import series
from analytics.queries.asked import Asked
from analytics.queries.series import DAY, MOMENTS, SLOT, WEEK
from analytics.reports import moments, volume
from inbox.models import Brand
from tests.analytics.conftest import Story

pytestmark = pytest.mark.django_db

FIRST_DAY, LAST_DAY = date(2026, 10, 23), date(2026, 10, 27)  # clocks go back in the middle
VALUES: dict[str, list[Any]] = {
    "channel_id": [71, 72, 73], "person_id": [None, 501, 502, 90_000_000_000], "team_id": [None, 31], "priority": [1, 4],
    "sentiment": ["", "negative"], "tag": ["", "refund", "late parcel"],
}  # fmt: skip
TAGS = [[], ["refund"], ["late parcel", "refund"], ["late parcel"]]
KINDS = (metrics.FIRST, metrics.IN, metrics.RESOLUTION)


@pytest.fixture
def brand(story: Story) -> Brand:
    """A few hundred facts of every sort over five days, summed."""
    story.write("mara", 0)
    brand, conversation = story.brand, story.conversation("mara")
    Fact.objects.all().delete()
    chance = random.Random(7)
    begins = datetime(2026, 10, 22, 22, tzinfo=UTC)  # midnight in Berlin
    made = []
    for number in range(400):
        kind = chance.choice(KINDS)
        value = (
            None if kind == metrics.IN else chance.choice([0.2, 90.0, 3600.5, 1e8, chance.uniform(1, 1e5)])
        )
        in_hours = kind in metrics.IN_BUSINESS_HOURS and chance.random() < 0.7
        made.append(
            Fact(
                brand=brand, conversation=conversation, kind=kind, source=number, at=begins + timedelta(hours=121) * chance.random(), value=value,
                business=value and value / 3 if in_hours else None, hit=chance.choice([True, False]) if kind == metrics.RESOLUTION else None,
                tags=chance.choice(TAGS), **{name: chance.choice(known) for name, known in VALUES.items() if name != "tag"},
            )
        )  # fmt: skip
    Fact.objects.bulk_create(made)
    sum_all(brand)
    return brand


def sum_all(brand: Brand) -> None:
    for number in range(5):
        at = datetime(2026, 10, 23, 12, tzinfo=UTC) + timedelta(days=number)
        with transaction.atomic():
            rollups.rebuild(brand.pk, Level.DAY, at, brand.time_zone)


def counted(
    asked: Asked, kind: str, by: tuple[str, ...]
) -> dict[tuple[str, ...], tuple[int, int, Counter[int]]]:
    """Slow and plain: every fact is looked at."""
    found: dict[tuple[str, ...], tuple[int, int, Counter[int]]] = {}
    in_hours = asked.business and kind in metrics.IN_BUSINESS_HOURS
    for fact in Fact.objects.filter(brand=asked.brand, kind=kind, at__gte=asked.start, at__lt=asked.end):
        amount = fact.business if in_hours else fact.value
        if in_hours and amount is None:
            continue
        if all(value in of_fact(fact, name) for name, value in asked.filters.items()):
            for key in keys(fact, asked, by):
                count, hits, histogram = found.get(key, (0, 0, Counter()))
                if amount is not None:
                    histogram[bucket(amount)] += 1
                found[key] = count + 1, hits + bool(fact.hit), histogram
    return found


def of_fact(fact: Fact, name: str) -> list[Any]:
    return (fact.tags or [""]) if name == "tag" else [getattr(fact, name)]


def keys(fact: Fact, asked: Asked, by: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    at = fact.at.astimezone(asked.zone)
    found: list[tuple[str, ...]] = [()]
    for name in by:
        if name == DAY:
            told = [str(at.date())]
        elif name == WEEK:
            told = [str(at.date() - timedelta(days=(at.weekday() - asked.weeks_from) % 7))]
        elif name == SLOT:
            told = [str(at.weekday() * 24 + at.hour)]
        else:
            asks = [asked.filters["tag"]] if name == "tag" and "tag" in asked.filters else of_fact(fact, name)
            told = ["" if value is None else str(value) for value in asks]
        found = [(*key, each) for key in found for each in told]
    yield from found


NOT_THERE: dict[str, Any] = {"channel_id": None, "person_id": 4, "tag": "gone"}
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([*known, *([NOT_THERE[name]] if name in NOT_THERE else [])])
        for name, known in VALUES.items()
    },
)
BY = st.lists(st.sampled_from([*MOMENTS, *DIMS]), max_size=3, unique=True).map(tuple)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filters=FILTERS,
    by=BY,
    kind=st.sampled_from(KINDS),
    business=st.booleans(),
    ends=st.integers(0, 4),
    weeks_from=st.integers(0, 6),
)
def test_every_question_is_answered_as_the_facts_answer_it(
    brand: Brand,
    filters: dict[str, Any],
    by: tuple[str, ...],
    kind: str,
    business: bool,
    ends: int,
    weeks_from: int,
) -> None:
    last = FIRST_DAY + timedelta(days=ends)
    asked = Asked(brand, FIRST_DAY, last, business=business, filters=filters, weeks_from=weeks_from)

    expected = counted(asked, kind, by)

    assert series.counts(asked, kind, *by) == {key: told[:2] for key, told in expected.items()}
    points = series.points(asked, kind, *by)
    assert {key: (point.count, point.hits) for key, point in points.items()} == {
        key: told[:2] for key, told in expected.items()
    }
    for key, (_, _, histogram) in expected.items():
        told = points[key]
        assert [told.p50, told.p90, told.p95] == [percentile(histogram, share) for share in series.SHARES]
    if not by:
        assert series.distribution(asked, kind) == (expected[()][2] if expected else {})


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2026, 3, 29)], ids=["an hour more", "an hour less"])
def test_a_day_by_the_hour_has_as_many_rows_as_is_written(brand: Brand, day: date) -> None:
    assert len(moments.of(Asked(brand, day, day))) == 24
    assert "By the hour each day has 24 rows" in metrics.page()


@pytest.mark.parametrize("days", [1, 2, 7, 100, 101, 103, 107, 365])
@pytest.mark.parametrize("first", [date(2026, 10, 26) + timedelta(days=number) for number in range(7)])
def test_the_period_before_is_cut_at_the_same_distances_from_its_first_day(
    brand: Brand, first: date, days: int
) -> None:
    asked = Asked(brand, first, first + timedelta(days=days - 1))

    here, past = moments.of(asked), moments.before(asked)

    assert [(each.first - asked.first, each.last - each.first) for each in here] == [
        (each.first - asked.before.first, each.last - each.first) for each in past
    ]
    assert past[-1].last == asked.before.last


@pytest.mark.parametrize("filters", [{}, {"tag": "refund", "priority": 1}])
def test_what_weeks_of_the_period_before_show_adds_up_to_all_of_it(
    brand: Brand, filters: dict[str, Any]
) -> None:
    """The facts lie in its last two days, where by the calendar a week more begins in it than in the period itself."""
    first = LAST_DAY + timedelta(days=1)
    asked = Asked(brand, first, first + timedelta(days=102), filters=filters)

    shown = [row.cells[-1].value for row in volume.messages(asked).rows]

    assert len(shown) == 15
    assert sum(shown) == series.counts(asked.before, metrics.IN)[()][0] > 0
    assert volume.tiles(asked)[0].before == str(sum(shown))


def test_a_question_of_many_things_reads_no_fact(brand: Brand, django_assert_max_num_queries: Any) -> None:
    asked = Asked(brand, FIRST_DAY, LAST_DAY, filters={"tag": "refund", "priority": 1, "person_id": 501})

    with django_assert_max_num_queries(3) as captured:
        series.points(asked, metrics.FIRST, DAY)
        series.points(asked, metrics.FIRST)  # what was read for the page is not read again
        series.counts(asked, metrics.FIRST, "channel_id")

    assert not any("analytics_fact" in each["sql"] for each in captured)


def test_what_is_asked_of_conversations_alone_reads_no_column_of_facts(
    brand: Brand, django_assert_num_queries: Any
) -> None:
    asked = Asked(brand, FIRST_DAY, LAST_DAY, filters={"tag": "refund", "priority": 1, "channel_id": 71})

    with django_assert_num_queries(2) as captured:  # the stretches and the labels, once for both
        series.counts(asked, metrics.RESOLUTION, DAY, "team_id")
        series.counts(asked, metrics.RESOLUTION, WEEK)

    [read] = [each["sql"] for each in captured if "analytics_dayfacts" in each["sql"]]
    assert not any(name in read for name in ("person", "hour", "hit", "bucket", "business"))


def test_facts_that_are_alike_in_what_their_conversation_had_are_one_stretch(brand: Brand) -> None:
    for row in DayFacts.objects.filter(kind=metrics.RESOLUTION):
        facts = Fact.objects.filter(kind=row.kind, at__gte=row.at, at__lt=row.at + timedelta(hours=25))
        alike = facts.values_list("channel_id", "team_id", "priority", "sentiment", "tags")
        stretches = np.frombuffer(row.stretches, packing.STRETCH)

        assert stretches["count"].sum() == row.count
        assert len(stretches) <= len({(*each[:-1], tuple(each[-1])) for each in alike})
        assert len(stretches) == len({each.tobytes()[:7] for each in stretches})
        assert list(row.hit) == [] or stretches["hits"].sum() == sum(row.hit)


def test_of_tags_beside_the_one_that_was_asked_for_nothing_is_told(brand: Brand) -> None:
    """What a cell counts is what its list shows, and the list is of its own tag."""
    one = Asked(brand, FIRST_DAY, LAST_DAY, filters={"tag": "refund"})
    two = one.narrowed("team_id", 31)

    assert set(series.counts(one, metrics.FIRST, "tag")) == {("refund",)}
    assert series.counts(two, metrics.FIRST, "tag") == {("refund",): series.counts(two, metrics.FIRST)[()]}
    assert set(series.points(one, metrics.FIRST, SLOT, "tag")) == {
        (slot, "refund") for (slot,) in series.points(one, metrics.FIRST, SLOT)
    }


def test_a_day_that_is_summed_anew_between_two_looks_is_read_again(brand: Brand) -> None:
    asked = Asked(brand, FIRST_DAY, LAST_DAY, filters={"team_id": 31, "priority": 1})
    before = series.counts(asked, metrics.FIRST)[()]
    Fact.objects.filter(kind=metrics.FIRST, team_id=31, priority=1).earliest("at").delete()
    sum_all(brand)

    assert sum(each.count for each in series.points(asked, metrics.FIRST, SLOT).values()) == before[0] - 1
    assert series.counts(asked, metrics.FIRST)[()] == (before[0] - 1, before[1])


def test_a_channel_with_much_has_a_row_of_its_own_and_all_others_share_one(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a filter would read every channel's, or three hundred small channels be three hundred rows a day."""
    monkeypatch.setattr(packing, "ALONE", 20)
    Fact.objects.filter(kind=metrics.FIRST, channel_id__in=(71, 72)).update(channel_id=71)
    sum_all(brand)

    days = DayFacts.objects.filter(kind=metrics.FIRST).order_by("at", "id")
    assert {tuple(row.channels) for row in days} <= {(71,), (73,), (71, 73)}
    assert any(len(row.channels) == 1 and row.count >= 20 for row in days)
    for channel_id in (71, 73):
        asked = Asked(brand, FIRST_DAY, LAST_DAY, filters={"channel_id": channel_id, "team_id": 31})
        assert series.counts(asked, metrics.FIRST, DAY) == {
            key: told[:2] for key, told in counted(asked, metrics.FIRST, (DAY,)).items()
        }


def test_many_are_counted_a_part_at_a_time(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(brand, FIRST_DAY, LAST_DAY, business=True, filters={"team_id": 31})
    by = ("channel_id", SLOT)
    at_once = series.points(asked, metrics.FIRST, *by), series.counts(asked, metrics.RESOLUTION, *by)

    monkeypatch.setattr(series, "CHUNK", 7)
    monkeypatch.setattr(series, "MOST", 3)

    assert (
        series.points(asked, metrics.FIRST, *by),
        series.counts(asked, metrics.RESOLUTION, *by),
    ) == at_once


def test_a_day_is_summed_also_while_queries_are_counted(brand: Brand) -> None:
    """As they are with PARLEY_DEBUG."""
    before = rollups.everything(brand.pk)

    with CaptureQueriesContext(connection):
        sum_all(brand)

    assert rollups.everything(brand.pk) == before


def test_a_column_is_as_wide_as_it_must_be(brand: Brand, story: Story) -> None:
    """More than 256 people in one channel on one day."""
    template = {
        "brand": brand,
        "kind": metrics.OUT,
        "conversation": story.conversation("mara"),
        "channel_id": 71,
        "priority": 1,
    }
    at = datetime(2026, 10, 23, 12, tzinfo=UTC)
    Fact.objects.bulk_create(
        [Fact(**template, source=10_000 + number, at=at, person_id=1 + number % 300) for number in range(600)]
    )
    sum_all(brand)

    row = DayFacts.objects.get(kind=metrics.OUT)
    assert (row.count, len(row.person), len(row.people)) == (600, 1200, 300)
    asked = Asked(brand, FIRST_DAY, LAST_DAY, filters={"priority": 1})
    assert series.counts(asked, metrics.OUT, "person_id") == {
        (str(1 + number),): (2, 0) for number in range(300)
    }
    one = asked.narrowed("person_id", 300)
    assert series.counts(one, metrics.OUT) == {(): (2, 0)}
