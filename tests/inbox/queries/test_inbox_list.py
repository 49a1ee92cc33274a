from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inbox.models import Brand, Channel, Conversation, ConversationState, Person
from inbox.queries import inbox_list
from inbox.queries.sorting import NEWEST, BadPlace, Place
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def walk(person: Person, brand: Brand, name: str = "open", *, limit: int = 7) -> list[int]:
    """Every row of a view, page by page, as scrolling down reads them."""
    view = inbox_list.view_named(name, person, brand)
    assert view
    found: list[int] = []
    place = None
    while True:
        page = inbox_list.page(view, person=person, brand=brand, now=NOW, older_than=place, limit=limit)
        found += [row.conversation.pk for row in page.rows]
        if not page.has_older:
            return found
        place = NEWEST.place_of(page.rows[-1].conversation)


class PagesByKey(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 9))
    def test_walking_down_meets_every_conversation_once_in_order(
        self, minutes: list[int], limit: int
    ) -> None:
        channel = ChannelFactory()
        person = agent_of(channel.brand)
        make.conversations(channel, len(minutes), ages=[timedelta(minutes=each) for each in minutes])

        walked = walk(person, channel.brand, limit=limit)

        expected = Conversation.objects.of_brand(channel.brand).newest_first().values_list("pk", flat=True)
        assert walked == list(expected)

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(1, 9), st.data())
    def test_walking_up_meets_what_walking_down_met(
        self, minutes: list[int], limit: int, data: st.DataObject
    ) -> None:
        channel = ChannelFactory()
        person = agent_of(channel.brand)
        made = make.conversations(channel, len(minutes), ages=[timedelta(minutes=each) for each in minutes])
        start = data.draw(st.sampled_from(made))
        view = inbox_list.view_named("open", person, channel.brand)
        assert view
        place = NEWEST.place_of(start)
        found: list[int] = []
        while True:
            page = inbox_list.page(
                view, person=person, brand=channel.brand, now=NOW, newer_than=place, limit=limit
            )
            found = [row.conversation.pk for row in page.rows] + found
            if not page.has_newer:
                break
            place = NEWEST.place_of(page.rows[0].conversation)

        walked = walk(person, channel.brand)
        assert found == walked[: walked.index(start.pk)]


@given(
    st.lists(
        st.tuples(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), st.integers(1, 2**40)), min_size=2
    )
)
def test_the_text_of_a_place_sorts_like_the_place(places: list[tuple[datetime, int]]) -> None:
    made = [NEWEST.place(at.replace(tzinfo=UTC), number) for at, number in places]

    assert sorted(made) == sorted(made, key=str)
    assert [Place.read(str(place)) for place in made] == made


@pytest.mark.parametrize("text", ["", "x" * 28, "1", "-" * 28, "f" * 28 + "0"])
def test_a_place_we_never_gave_out_is_refused(text: str) -> None:
    with pytest.raises(BadPlace):
        Place.read(text)


@pytest.fixture
def channel(db: None) -> Channel:
    return ChannelFactory()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand)


def test_a_page_is_one_query_however_many_there_are(
    channel: Channel, jo: Person, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    make.conversations(channel, 300, tags=["refund", "vip", "late"], assignee=jo, assignee_name="Jo")
    view = inbox_list.view_named("mine", jo, channel.brand)
    assert view

    with django_assert_num_queries(1):
        page = inbox_list.page(view, person=jo, brand=channel.brand, now=NOW)
        shown = [
            (row.name, row.tags, row.more_tags, row.window_closes_at, row.face, row.places)
            for row in page.rows
        ]

    assert len(shown) == inbox_list.PAGE
    assert page.has_older


def test_views_with_counters_are_two_queries(channel: Channel, jo: Person, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    for _ in range(5):
        make.conversations(ChannelFactory(brand=channel.brand), 20)

    with django_assert_num_queries(2):
        views = inbox_list.views_of(jo, channel.brand)

    assert [view.name for view in views[:4]] == ["open", "mine", "unassigned", "snoozed"]
    assert {view.name: view.total for view in views}["open"] == 100


def test_each_view_holds_what_its_name_says(channel: Channel, jo: Person) -> None:
    elsewhere = ChannelFactory(brand=channel.brand)
    mine = make.conversation(channel, assignee=jo)
    nobodys = make.conversation(elsewhere)
    colleagues = make.conversation(channel, assignee=agent_of(channel.brand))
    done = make.conversation(channel, state=ConversationState.RESOLVED, resolved_at=NOW)
    make.conversation(ChannelFactory())

    brand = channel.brand
    assert set(walk(jo, brand)) == {mine.pk, nobodys.pk, colleagues.pk}
    assert walk(jo, brand, "mine") == [mine.pk]
    assert walk(jo, brand, "unassigned") == [nobodys.pk]
    assert walk(jo, brand, "resolved") == [done.pk]
    assert set(walk(jo, brand, f"channel-{channel.public_id}")) == {mine.pk, colleagues.pk}


def test_the_counters_of_views_say_what_the_views_hold(channel: Channel, jo: Person) -> None:
    make.conversations(channel, 3, assignee=jo)
    make.conversations(channel, 2)
    make.conversation(channel, state=ConversationState.RESOLVED, resolved_at=NOW)

    for view in inbox_list.views_of(jo, channel.brand):
        assert view.total == len(walk(jo, channel.brand, view.name)), view.name


def test_another_brands_channel_is_no_view(channel: Channel, jo: Person) -> None:
    assert inbox_list.view_named(f"channel-{ChannelFactory().public_id}", jo, channel.brand) is None
    assert inbox_list.view_named("nonsense", jo, channel.brand) is None
