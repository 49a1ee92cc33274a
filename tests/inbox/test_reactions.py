"""What follows from an event costs nothing where nobody sees it."""

from collections.abc import Callable, Iterable

import pytest
from django.utils import timezone

from inbox import audience, reactions, realtime
from inbox.models import Channel, Event, EventKind
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
