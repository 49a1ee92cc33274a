"""The orders of the list: what stands first, page by page, both ways, from an index."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from inbox.models import Brand, Channel, Conversation, Person
from inbox.queries import inbox_list, sorting
from inbox.queries.sorting import BadPlace, Place, Sort
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
each_order = pytest.mark.parametrize("sort", sorting.ALL, ids=lambda sort: sort.name)


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand)


def scattered(channel: Channel, count: int, **fields: Any) -> list[Conversation]:
    """Due times, scores and waits that repeat, and some conversations without."""
    dice = random.Random(7)
    each = [
        {
            "due_at": dice.choice([None, NOW + timedelta(minutes=dice.randint(-9, 9))]),
            "waiting_since": dice.choice([None, NOW - timedelta(minutes=dice.randint(0, 9))]),
            "priority_score": dice.randint(-5, 5),
        }
        for _ in range(count)
    ]
    return make.conversations(channel, count, each=each, **fields)


def page_of(
    person: Person, brand: Brand, sort: Sort, *, view: str = "open", limit: int = 7, **place: Place | None
) -> inbox_list.Page:
    found = inbox_list.view_named(view, person, brand)
    assert found
    return inbox_list.page(found, person=person, brand=brand, now=NOW, sort=sort, limit=limit, **place)


def in_order(sort: Sort, conversations: list[Conversation]) -> list[int]:
    """As somebody would sort them by hand."""
    far = datetime.max.replace(tzinfo=UTC)
    keys = {
        "due": lambda row: (row.due_at or far, -row.pk),
        "score": lambda row: (-row.priority_score, -row.pk),
        "waiting": lambda row: (row.waiting_since or far, -row.pk),
        "newest": lambda row: (-row.last_message_at.timestamp(), -row.pk),
    }
    return [row.pk for row in sorted(conversations, key=keys[sort.name])]


@each_order
def test_walking_down_and_back_up_meets_every_conversation_once_in_order(
    sort: Sort, channel: Channel, jo: Person
) -> None:
    made = scattered(channel, 60)
    down: list[int] = []
    place, more = None, True
    while more:
        page = page_of(jo, channel.brand, sort, older_than=place)
        down += [row.conversation.pk for row in page.rows]
        place, more = sort.place_of(page.rows[-1].conversation), page.has_older
    up: list[int] = [down[-1]]
    more = True
    while more:
        page = page_of(jo, channel.brand, sort, newer_than=place)
        up = [row.conversation.pk for row in page.rows] + up
        place, more = sort.place_of(page.rows[0].conversation), page.has_newer

    assert down == in_order(sort, made)
    assert up == down


@each_order
def test_the_text_of_places_sorts_rows_as_the_database_does(sort: Sort, channel: Channel, jo: Person) -> None:
    """The page puts a row that is pushed where the database would have put it."""
    made = scattered(channel, 60)

    by_text = sorted(made, key=lambda row: str(sort.place_of(row)), reverse=True)

    assert [row.pk for row in by_text] == in_order(sort, made)


@each_order
def test_a_page_of_any_order_is_one_query(sort: Sort, channel: Channel, jo: Person) -> None:
    scattered(channel, 60)

    with CaptureQueriesContext(connection) as asked:
        page = page_of(jo, channel.brand, sort, limit=50)
        shown = [(row.due, row.due_tone, row.pressing, row.places, heads) for heads, row in page.headed]

    # The view itself is looked up without a query.
    assert (len(asked), len(shown)) == (1, 50)


def test_no_page_sorts_or_walks_what_it_does_not_show(channel: Channel, jo: Person) -> None:
    made = scattered(channel, 5_000)
    analyze()
    for sort in sorting.ALL:
        for view in ("open", "unassigned", f"channel-{channel.public_id}"):
            assert_read_from_its_index(channel.brand, jo, sort, view, made)


def test_a_page_of_few_is_not_looked_for_among_all_that_is_open(channel: Channel, jo: Person) -> None:
    colleague, small = agent_of(channel.brand), ChannelFactory(brand=channel.brand)
    scattered(channel, 4_000, assignee=colleague)
    of_jo, of_nobody = scattered(channel, 600, assignee=jo), scattered(channel, 600)
    of_small = scattered(small, 600, assignee=colleague)
    analyze()
    for sort in sorting.ALL:
        for view, made in {
            "mine": of_jo,
            "unassigned": of_nobody,
            f"channel-{small.public_id}": of_small,
        }.items():
            assert_read_from_its_index(channel.brand, jo, sort, view, made)


def analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_conversation")


def assert_read_from_its_index(
    brand: Brand, jo: Person, sort: Sort, view: str, made: list[Conversation]
) -> None:
    middle_id = in_order(sort, made)[len(made) // 2]
    middle = sort.place_of(next(row for row in made if row.pk == middle_id))
    for place in ({}, {"older_than": middle}, {"newer_than": middle}):
        with CaptureQueriesContext(connection) as asked:
            page_of(jo, brand, sort, view=view, limit=50, **place)
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + asked[-1]["sql"])
            [plan] = cursor.fetchone()[0]

        nodes = walked(plan["Plan"])
        assert "Sort" not in {node["Node Type"] for node in nodes}, (sort.name, view, place)
        read = max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes)
        assert read < 200, (sort.name, view, place)


def walked(node: dict) -> list[dict]:  # type: ignore[type-arg]
    return [node, *(below for child in node.get("Plans", []) for below in walked(child))]


@given(st.text(max_size=40))
def test_a_place_we_never_gave_out_is_refused_or_read_as_one(text: str) -> None:
    try:
        place = Place.read(text)
    except BadPlace:
        return
    assert str(place) == text


@each_order
@pytest.mark.parametrize("text", ["0" * 28, "f" * 28, "8" * 28, "0" * 14 + "f" * 14, "f" * 14 + "0" * 14])
def test_places_at_the_ends_of_the_world_find_something_or_are_refused(
    text: str, sort: Sort, channel: Channel, jo: Person
) -> None:
    scattered(channel, 3)
    for place in ({"older_than": Place.read(text)}, {"newer_than": Place.read(text)}):
        try:
            page = page_of(jo, channel.brand, sort, **place)
        except BadPlace:
            continue
        assert len(page.rows) <= 3


def test_what_is_resolved_or_snoozed_stands_by_its_newest_message_only(channel: Channel, jo: Person) -> None:
    offered = {
        view.name: [sort.name for sort in view.sorts] for view in inbox_list.views_of(jo, channel.brand)
    }

    assert offered["resolved"] == offered["snoozed"] == ["newest"]
    assert offered["mine"] == ["due", "score", "waiting", "newest"]
