"""News of threads: told to each, asked for together."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import broadcasting, realtime, thread_fragments
from inbox.models import Channel, Contact, Conversation, Message
from inbox.queries.thread_news import Said
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, object]]:
    """What the groups were told."""
    told: dict[str, dict[str, object]] = {}
    monkeypatch.setattr(
        broadcasting, "send", lambda group, message: told.update({group: orjson.loads(message["text"])})
    )
    return told


def news_of(channel: Channel, threads: int) -> list[Said]:
    found = []
    for conversation in make.conversations(channel, threads):
        message = make.messages(conversation, 1)[0]
        found.append(Said(conversation.pk, [message.pk], seq=1))
    return found


def test_a_burst_in_many_threads_costs_as_many_questions_as_a_message_in_one(
    channel: Channel, sent: dict[str, dict[str, object]]
) -> None:
    one, many = news_of(channel, 1), news_of(channel, 30)

    with CaptureQueriesContext(connection) as for_one:
        realtime.push_messages(one)
    with CaptureQueriesContext(connection) as for_many:
        realtime.push_messages(many)

    assert len(for_many) == len(for_one) <= 3
    assert len(sent) == 31


def test_a_page_that_comes_back_asks_no_more_than_it_has_missed(channel: Channel) -> None:
    """Fifty come back at once after a restart."""
    thread = make.conversation(
        channel, contact=Contact.objects.create(brand=channel.brand, name="Anna"), seq=7
    )
    make.messages(thread, 1, seq=7)
    make.advance(channel, 7)

    with CaptureQueriesContext(connection) as for_nothing:
        realtime.catch_up(channel.brand, since=7, read=7, conversation=thread)
    with CaptureQueriesContext(connection) as for_what_was_said:
        realtime.catch_up(channel.brand, since=6, read=6, conversation=thread)

    assert len(for_nothing) == 2  # the newest number, and the counters
    assert len(for_what_was_said) == 18


def test_each_thread_is_told_of_its_own_messages(
    channel: Channel, sent: dict[str, dict[str, object]]
) -> None:
    news = news_of(channel, 2)

    realtime.push_messages(news)

    for each in news:
        html = str(sent[realtime.conversation_group(each.conversation_id)]["html"])
        own = Message.objects.get(conversation=each.conversation_id)
        other = Message.objects.exclude(conversation=each.conversation_id).get()
        assert str(own.public_id) in html and str(other.public_id) not in html


def test_all_that_one_event_touched_is_told_of_the_thread_it_touched(
    channel: Channel, sent: dict[str, dict[str, object]]
) -> None:
    """“Seen” says a time for everything before it."""
    seen, other = make.conversations(channel, 2)
    make.messages(seen, 3)
    Message.objects.update(seq=7)
    quiet = make.messages(other, 2)

    realtime.push_messages([Said(seen.pk, [], seq=8, changed_since=7), Said(other.pk, [quiet[0].pk], seq=8)])

    assert str(sent[realtime.conversation_group(seen.pk)]["html"]).count("<article") == 3
    assert str(sent[realtime.conversation_group(other.pk)]["html"]).count("<article") == 1


def test_a_thread_that_is_gone_stops_no_other(channel: Channel, sent: dict[str, dict[str, object]]) -> None:
    gone, left = news_of(channel, 2)

    realtime.push_messages([Said(0, gone.message_ids, seq=1), left])

    assert list(sent) == [realtime.conversation_group(left.conversation_id)]


def test_a_thread_that_cannot_be_shown_stops_no_other(
    channel: Channel, sent: dict[str, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, left = news_of(channel, 2)
    show = thread_fragments.html_of

    def html_of(conversation: Conversation, *args: Any, **how: Any) -> str:
        if conversation.pk == broken.conversation_id:
            raise ValueError("what the platform told cannot be shown")
        return show(conversation, *args, **how)

    monkeypatch.setattr(thread_fragments, "html_of", html_of)

    realtime.push_messages([broken, left])

    assert list(sent) == [realtime.conversation_group(left.conversation_id)]


def test_of_a_conversation_that_is_gone_no_line_is_told(sent: dict[str, dict[str, object]]) -> None:
    realtime.push_events(0, [])

    assert sent == {}
