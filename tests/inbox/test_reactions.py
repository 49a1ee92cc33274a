"""What follows from an event costs nothing where nobody sees it."""

import uuid
from collections.abc import Callable, Iterable

import pytest
from django.utils import timezone

from inbox import audience, reactions, realtime
from inbox.actions import channels, receiving, replying
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Event, EventKind
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of
from tests.fakes.pages import told_to_pages


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


@pytest.mark.parametrize("react", [reactions.show_in_threads, reactions.show_between_messages])
def test_where_no_page_is_open_nothing_is_asked_of_single_conversations(
    react: Callable[[list[Event]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def nobody(groups: Iterable[str]) -> set[str]:
        asked.extend(groups)
        return set()

    monkeypatch.setattr(audience, "of", nobody)

    react([Event(brand_id=1, kind=EventKind.MESSAGE_RECEIVED, conversation_id=7, seq=1, at=timezone.now())])

    assert asked == [realtime.brand_group(1)]


def test_who_works_here_is_news_to_every_page_of_the_brand(
    db: None, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A team's views come and go with the teams of whoever looks."""
    sent = told_to_pages(monkeypatch)
    jo = agent_of(channel.brand)
    changed = Event(
        brand_id=channel.brand_id,
        kind=EventKind.PEOPLE_CHANGED,
        seq=1,
        at=timezone.now(),
        data={"person": jo.pk},
    )

    reactions.see_who_works_here([changed])

    assert (realtime.brand_group(channel.brand_id), "counts", True) in sent


def test_a_channel_that_is_parked_shows_the_replies_anew_that_wait_for_it(
    db: None, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one is held, nothing tries it, so nothing else is told of it."""
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote())], now=say.at(1))
    [conversation] = channel.conversations.all()
    replying.queue_reply(
        conversation=conversation, by=agent_of(channel.brand), client_id=uuid.uuid4(), text="On its way",
        written_against=10**9, now=say.at(60),
    )  # fmt: skip
    channels.park_sending(channel_id=channel.pk, reason="Access was revoked.", now=say.at(61))
    monkeypatch.setattr(audience, "of", set)
    sent = told_to_pages(monkeypatch)

    reactions.show_in_composers(list(Event.objects.filter(kind=EventKind.CHANNEL_CHANGED)))

    assert (realtime.conversation_group(conversation.pk), "thread", False) in sent
