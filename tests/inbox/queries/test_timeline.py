from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inbox.actions import assigning, closing
from inbox.models import Attachment, Conversation, Event, EventKind, Message
from inbox.queries import timeline
from inbox.queries.timeline import EventEntry, MessageEntry, Page
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory, agent_of

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def pks(page: Page) -> list[int]:
    return [entry.message.pk for entry in page.entries if isinstance(entry, MessageEntry)]


class ThreadByKey(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40), st.integers(1, 9))
    def test_scrolling_up_and_down_meets_every_message_once(
        self, keys: list[tuple[int, int]], limit: int
    ) -> None:
        conversation = make.conversation(ChannelFactory())
        for minute, order in keys:
            make.messages(
                conversation, 1, sent_at=make.NEWEST + timedelta(minutes=minute), order_key=str(order)
            )
        expected = list(
            Message.objects.filter(conversation=conversation).in_thread_order().values_list("pk", flat=True)
        )

        page = timeline.page(conversation, brand_slug="b", limit=limit)
        up = pks(page)
        while page.has_older:
            page = timeline.page(
                conversation, brand_slug="b", older_than=Message.objects.get(pk=up[0]), limit=limit
            )
            up = pks(page) + up
        assert up == expected

        down = up[:1]
        while down:
            page = timeline.page(
                conversation, brand_slug="b", newer_than=Message.objects.get(pk=down[-1]), limit=limit
            )
            down += pks(page)
            if not page.has_newer:
                break
        assert down == expected


def lines(page: Page) -> list[int]:
    return [entry.event.seq for entry in page.entries if isinstance(entry, EventEntry)]


def written_and_done(conversation: Conversation, count: int) -> list[Message]:
    """Messages a minute apart, and something done half a minute after each."""
    messages = make.messages(conversation, count)
    Event.objects.bulk_create(
        Event(
            brand_id=conversation.brand_id, seq=number, kind=EventKind.RESOLVED, conversation=conversation,
            at=message.sent_at + timedelta(seconds=30),
        )
        for number, message in enumerate(messages, start=1)
    )  # fmt: skip
    return messages


def test_what_was_done_between_two_pages_of_a_thread_is_met_once_either_way(
    conversation: Conversation,
) -> None:
    first = written_and_done(conversation, 12)[0]

    page = timeline.page(conversation, brand_slug="b", limit=5)
    up = lines(page)
    while page.has_older:
        place = Message.objects.get(pk=pks(page)[0])
        page = timeline.page(conversation, brand_slug="b", older_than=place, limit=5)
        up = lines(page) + up
    assert up == list(range(1, 13))

    down: list[int] = []
    place, more = first, True
    while more:
        page = timeline.page(conversation, brand_slug="b", newer_than=place, limit=5)
        down, more = down + lines(page), page.has_newer
        place = Message.objects.get(pk=pks(page)[-1])
    assert down == list(range(1, 13))


def test_what_was_done_around_a_found_message_and_on_either_side_is_met_once(
    conversation: Conversation,
) -> None:
    messages = written_and_done(conversation, 12)

    around = timeline.page_around(messages[5], conversation=conversation, brand_slug="b", limit=4)
    found = Message.objects.in_bulk([pks(around)[0], pks(around)[-1]])
    older = timeline.page(conversation, brand_slug="b", older_than=found[pks(around)[0]])
    newer = timeline.page(conversation, brand_slug="b", newer_than=found[pks(around)[-1]])

    assert [*lines(older), *lines(around), *lines(newer)] == list(range(1, 13))


def test_what_was_done_in_the_instant_of_the_message_at_an_edge_is_lost_to_neither_page(
    conversation: Conversation,
) -> None:
    """An answer that resolves is written and resolved in one instant."""
    written_and_done(conversation, 6)
    for event in Event.objects.order_by("seq"):
        Event.objects.filter(pk=event.pk).update(at=event.at - timedelta(seconds=30))

    newest = timeline.page(conversation, brand_slug="b", limit=3)
    place = Message.objects.get(pk=pks(newest)[0])
    older = timeline.page(conversation, brand_slug="b", older_than=place, limit=3)
    again = timeline.page(
        conversation, brand_slug="b", newer_than=Message.objects.get(pk=pks(older)[-1]), limit=3
    )

    assert {*lines(older), *lines(newest)} == set(range(1, 7)) == {*lines(older), *lines(again)}
    assert 4 in lines(older)  # also where the newer page has left a browser's page meanwhile


def test_a_page_around_a_message_that_lacks_the_newest_says_up_to_which_number_it_was_seen(
    conversation: Conversation,
) -> None:
    messages = make.messages(conversation, 12)
    Event.objects.bulk_create(
        Event(
            brand_id=conversation.brand_id, seq=number, kind=kind, conversation=conversation, message=message,
            at=message.sent_at,
        )
        for kind, begin in ((EventKind.MESSAGE_RECEIVED, 10), (EventKind.MESSAGE_AMENDED, 50))
        for number, message in enumerate(messages, start=begin)
    )  # fmt: skip

    around = timeline.page_around(messages[5], conversation=conversation, brand_slug="b", limit=4)
    at_end = timeline.page_around(messages[10], conversation=conversation, brand_slug="b", limit=4)

    assert pks(around)[-1] == messages[7].pk
    assert (around.seen, at_end.seen) == (17, None)


@pytest.fixture
def conversation(db: None) -> Conversation:
    return make.conversation(ChannelFactory())


def test_a_page_costs_the_same_with_many_files_and_quotes(
    conversation: Conversation, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    asked = make.messages(conversation, 1, text="Which colour?")[0]
    for _ in range(10):
        [message] = make.messages(conversation, 1, attachment_count=2, reply_to=asked.external_id)
        for place in range(2):
            Attachment.objects.create(
                message=message, channel=conversation.channel, kind="image", position=place
            )

    with django_assert_num_queries(5):  # what is answered here, too, messages, files, quotes, events
        page = timeline.page(conversation, brand_slug="b")

    shown = [entry for entry in page.entries if isinstance(entry, MessageEntry)]
    assert [len(entry.attachments) for entry in shown] == [0, *[2] * 10]
    assert shown[-1].quote and shown[-1].quote.message == asked


def test_a_message_is_found_by_its_name_in_its_thread_by_whoever_sees_that(
    conversation: Conversation,
) -> None:
    [said] = make.messages(conversation, 1)
    [elsewhere] = make.messages(make.conversation(conversation.channel), 1)
    mara, stranger = agent_of(conversation.brand), agent_of(ChannelFactory().brand)

    assert timeline.named(mara, conversation, str(said.public_id)) == said
    assert timeline.named(mara, conversation, str(elsewhere.public_id)) is None
    assert timeline.named(mara, conversation, "nothing") is None
    assert timeline.named(stranger, conversation, str(said.public_id)) is None


def test_what_was_answered_is_said_even_when_it_never_came(conversation: Conversation) -> None:
    make.messages(conversation, 1, reply_to="lost")

    [entry] = timeline.page(conversation, brand_slug="b").entries

    assert isinstance(entry, MessageEntry) and entry.quote and entry.quote.message is None


def test_what_colleagues_did_stands_between_the_messages(conversation: Conversation) -> None:
    jo = agent_of(conversation.brand, name="Jo")
    mara = agent_of(conversation.brand, name="Mara")
    make.messages(conversation, 1)
    assigning.assign(conversation=conversation, to=mara, by=jo, now=NOW)
    assigning.assign(conversation=conversation, to=jo, by=jo, now=NOW + timedelta(minutes=1))
    assigning.assign(conversation=conversation, to=None, by=jo, now=NOW + timedelta(minutes=2))
    closing.resolve(conversation=conversation, by=mara, now=NOW + timedelta(minutes=3))
    closing.reopen(conversation=conversation, by=mara, now=NOW + timedelta(minutes=4))

    entries = timeline.page(conversation, brand_slug="b").entries

    assert [getattr(entry, "sentence", "message") for entry in entries] == [
        "message", "Jo assigned it to Mara", "Jo took it", "Jo took the assignee off", "Mara resolved it", "Mara reopened it",
    ]  # fmt: skip


def test_reactions_of_one_kind_are_counted(conversation: Conversation) -> None:
    [message] = make.messages(
        conversation,
        1,
        reactions=[{"emoji": "❤️", "name": "Jo"}, {"emoji": "👍", "name": "Mo"}, {"emoji": "❤️", "name": ""}],
    )

    [entry] = timeline.dress([message], conversation=conversation, brand_slug="b")

    assert entry.grouped_reactions == [("❤️", 2, "Jo, the customer"), ("👍", 1, "Mo")]
