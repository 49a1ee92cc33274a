"""Which way a search goes where a filter leaves few conversations, or none: not through every message that holds the word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.actions import indexing, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage
from inbox.models import Channel, Conversation, Message, Person, Tag
from inbox.queries import _fence, search, search_results
from inbox.queries.search import Within
from inbox.rules import eras, wanted_words
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, MembershipFactory

DAY = 24 * 3600


@pytest.fixture
def channel() -> Channel:
    channel: Channel = ChannelFactory(platform="instagram")
    listen(channel, *(say.wrote(f"Parcel {n}", who=f"person{n}", seconds=n) for n in range(3)))
    return channel


def listen(channel: Channel, *said: InboundMessage) -> None:
    """They come, and search learns of them."""
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in said], now=say.at(4 * DAY))
    while not (batch := indexing.next_batch(channel.brand_id)).is_empty:
        indexing.index(batch)


@pytest.fixture
def person(channel: Channel) -> Person:
    found: Person = MembershipFactory(brand=channel.brand).person
    return found


def asked(typed: str, person: Person, channel: Channel) -> tuple[search_results.Results, str]:
    with CaptureQueriesContext(connection) as told:
        found = search_results.of(typed, person=person, brand=channel.brand, now=say.at(600))
    return found, "\n".join(each["sql"] for each in told)


@pytest.mark.django_db
def test_conversations_of_a_network_are_found_by_its_channels(channel: Channel, person: Person) -> None:
    """The network stands in a column without an index: among a million conversations nothing would tell that there are none."""
    other = ChannelFactory(brand=channel.brand, platform="x")

    found, sql = asked("channel:x parcel ", person, channel)

    assert found.messages == []
    assert f'"inbox_conversation"."channel_id" IN ({other.pk})' in sql


@pytest.mark.django_db
def test_that_few_are_left_is_asked_again_before_the_wide_looks(
    channel: Channel, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look had no time; without the second one every message with the word would be read, for two years."""
    monkeypatch.setattr(search, "NEWEST", 1)
    listen(channel, say.wrote("Parcel", who="person0", seconds=-700 * DAY))
    Tag.objects.create(brand=channel.brand, name="recall")
    hurried = _fence.hurried

    @contextmanager
    def too_slow_at_first(milliseconds: int, *, then: int) -> Iterator[None]:
        if milliseconds <= search.HURRY:
            raise _fence.TookTooLong
        with hurried(milliseconds, then=then):
            yield

    monkeypatch.setattr(_fence, "hurried", too_slow_at_first)

    found, sql = asked("is:open tag:recall parcel ", person, channel)

    sql = "\n".join(line for line in sql.splitlines() if "inbox_messagewords" in line)
    everything = f"& '{eras.brand_mark(channel.brand_id)}'"
    assert found.messages == [] and not found.gave_up
    assert "'parcel'" in sql and everything.replace("'", "''") not in sql and everything not in sql
    assert Conversation.objects.count() == 3


@pytest.mark.django_db
def test_filters_alone_have_as_little_time_as_words(channel: Channel, person: Person) -> None:
    """Of conversations in any state, newest first, there is no index: a brand of a million would be sorted at each pause in typing."""
    _, sql = asked("channel:instagram", person, channel)

    before, _, after = sql.partition('FROM "inbox_conversation"')
    assert "statement_timeout" in before and "RESET statement_timeout" in after


@pytest.mark.django_db(transaction=True)
def test_what_takes_too_long_is_said_and_no_fault() -> None:
    with pytest.raises(_fence.TookTooLong), _fence.limited(20), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.05)")


def looks_by_index(sql: str) -> int:
    return sum(
        "candidates AS MATERIALIZED (SELECT w.* FROM inbox_messagewords w WHERE w.words" in line
        for line in sql.splitlines()
    )


@pytest.mark.django_db
def test_what_hardly_any_message_holds_is_found_in_one_look_at_all_years(
    channel: Channel, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 0)

    found, sql = asked("parcel ", person, channel)

    assert [hit.message.text for hit in found.messages] == ["Parcel 2", "Parcel 1", "Parcel 0"]
    assert looks_by_index(sql) == 1


@pytest.mark.django_db
def test_of_more_than_few_the_newest_are_shown_though_others_were_looked_at_first(
    channel: Channel, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 0)
    monkeypatch.setattr(search, "FEW_MATCHES", 2)

    found, sql = asked("parcel ", person, channel)

    assert [hit.message.text for hit in found.messages] == ["Parcel 2", "Parcel 1", "Parcel 0"]
    assert looks_by_index(sql) > 1


def way(channel: Channel, within: Within, *, limit: int) -> tuple[list[str], str]:
    """The words of the hits, and what was asked."""
    wanted = wanted_words.wanted(["parcel"])
    with CaptureQueriesContext(connection) as told:
        found = search.messages(channel.brand, wanted, now=say.at(DAY), within=within, limit=limit)
    said = dict(Message.objects.values_list("pk", "text"))
    return [said[hit.message_id] for hit in found.hits], "\n".join(each["sql"] for each in told)


@pytest.mark.django_db
def test_a_common_word_before_a_day_is_found_among_the_newest_of_before_it(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was said since is thrown away by the day: that nothing is left of it says nothing of the word."""
    monkeypatch.setattr(search, "NEWEST", 3)
    listen(channel, *(say.wrote(f"Parcel {n}", seconds=2 * DAY + n) for n in range(3, 7)))

    found, sql = way(channel, Within(until=say.at(DAY)), limit=2)

    assert found == ["Parcel 2", "Parcel 1"]
    assert looks_by_index(sql) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("within", "left"),
    [
        (Within(until=say.at(0)), []),
        (Within(until=say.at(1)), ["Parcel 0"]),
        (Within(since=say.at(2)), ["Parcel 2"]),
        (Within(since=say.at(3), direction="in"), []),
    ],
)
def test_what_few_messages_are_left_of_is_looked_for_nowhere_else(
    within: Within, left: list[str], channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of these days were looked at: to read what the index has of other ones would take a common word too long."""
    monkeypatch.setattr(search, "NEWEST", 2)

    found, sql = way(channel, within, limit=2)

    assert found == left
    assert looks_by_index(sql) == 0


@pytest.mark.django_db
def test_nothing_is_looked_for_in_spans_that_reach_behind_the_first_message(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 2)
    listen(channel, *(say.wrote(f"Parcel {n}", seconds=2 * DAY + n) for n in range(3, 7)))

    found, sql = way(channel, Within(until=say.at(DAY)), limit=5)

    assert found == ["Parcel 2", "Parcel 1", "Parcel 0"]
    assert looks_by_index(sql) == 1 and f"@{channel.brand_id}.{eras.LEVELS[0]}." in sql


@pytest.mark.django_db
@pytest.mark.parametrize("within", [Within(direction="in"), Within(direction="in", since=say.at(0))])
def test_a_word_that_a_filter_keeps_from_the_newest_need_not_be_rare(
    within: Within, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matches of all years are not collected, and the first look by the index is the narrowest."""
    monkeypatch.setattr(search, "NEWEST", 1)
    listen(channel, say.echoed("Parcel is on its way", seconds=20))

    found, sql = way(channel, within, limit=2)

    assert found == ["Parcel 2", "Parcel 1"]
    assert looks_by_index(sql) == 1 and f"@{channel.brand_id}.{eras.LEVELS[0]}." in sql


@pytest.mark.django_db
@pytest.mark.parametrize("within", [Within(since=say.at(0)), Within(until=say.at(30))])
def test_a_word_that_is_not_among_the_newest_of_the_days_asked_for_is_rare(
    within: Within, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 1)
    listen(channel, say.echoed("It is on its way", seconds=20))

    found, sql = way(channel, within, limit=3)

    assert found == ["Parcel 2", "Parcel 1", "Parcel 0"]
    assert looks_by_index(sql) == 1 and f"@{channel.brand_id}." not in sql
