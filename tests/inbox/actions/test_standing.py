"""What history shows of messages that we have: edits and reactions that no delivery told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent, InboundMessage, Standing
from inbox.models import Channel, Conversation, Message
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def receive(channel: Channel, *events: InboundEvent, seconds: float = 5) -> receiving.Received:
    return receiving.receive(
        arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(seconds), historical=False
    )


def in_history(
    message: InboundMessage,
    text: str | None = None,
    *,
    seconds: float = 900,
    reactions: dict[str, str] | None = None,
) -> InboundMessage:
    """The message as it stands when it is asked for, this many seconds later."""
    told = None if reactions is None else tuple(reactions.items())
    words = message.text if text is None else text
    return replace(message, text=words, standing=Standing(say.at(seconds), told))


def shown() -> tuple[str, int]:
    message = Message.objects.get()
    return message.text, message.edit_count


def test_an_edit_nobody_told_is_found_once(channel: Channel) -> None:
    message = say.wrote("Size M please")
    receive(channel, message)

    first = receive(channel, in_history(message, "Size L please"), seconds=901)
    again = receive(channel, in_history(message, "Size L please", seconds=1800), seconds=1801)

    assert shown() == ("Size L please", 1)
    assert Message.objects.get().edited_at == say.at(900)
    assert Conversation.objects.get().last_message_text == "Size L please"
    assert (first.amended, again.amended) == (1, 0)


def test_a_later_edit_wins_over_what_history_showed_and_an_earlier_one_is_the_same(channel: Channel) -> None:
    message = say.wrote("Size M please")
    receive(channel, message)
    receive(channel, in_history(message, "Size L please"), seconds=901)

    receive(channel, say.edited(message, "Size L please", seconds=60), seconds=950)
    assert shown() == ("Size L please", 1)

    receive(channel, say.edited(message, "Size XL please", seconds=960, version=2), seconds=961)
    assert shown() == ("Size XL please", 2)


def test_a_list_that_runs_behind_takes_no_edit_and_no_reaction_back(channel: Channel) -> None:
    message = say.wrote("M")
    receive(
        channel,
        message,
        say.edited(message, "L", seconds=20),
        say.reacted(message, "❤", seconds=20),
        seconds=21,
    )

    receive(channel, in_history(message, "M", seconds=60, reactions={}), seconds=61)

    assert shown() == ("L", 1)
    assert len(Message.objects.get().reactions) == 1


def test_a_second_edit_that_was_lost_is_found_behind_a_first_that_was_told(channel: Channel) -> None:
    message = say.wrote("M")
    receive(channel, message, say.edited(message, "L", seconds=60), seconds=61)

    receive(channel, in_history(message, "XL"), seconds=901)

    assert shown()[0] == "XL"


def test_news_that_came_after_history_was_asked_is_newer_than_it(channel: Channel) -> None:
    message = say.wrote("M")
    receive(channel, message)
    receive(channel, say.edited(message, "L", seconds=901), seconds=902)

    receive(channel, in_history(message, "M", seconds=900), seconds=903)

    assert shown() == ("L", 1)


@pytest.mark.parametrize("told", ["", "It is  late", "It is late https://t.co/x", "It is late\n"])
def test_words_that_a_platform_merely_writes_otherwise_are_no_edit(channel: Channel, told: str) -> None:
    message = say.wrote("It is late https://shop.example/o/1")
    receive(channel, message)

    receive(channel, in_history(message, told), seconds=901)

    assert shown() == ("It is late https://shop.example/o/1", 0)


def test_a_message_that_was_unsent_does_not_come_back(channel: Channel) -> None:
    message = say.wrote("M")
    receive(channel, message, say.unsent(message), seconds=100)

    receive(channel, in_history(message, "M", reactions={"mara": "❤️"}), seconds=901)

    found = Message.objects.get()
    assert (found.text, found.deleted_at, found.reactions) == ("", say.at(90), [])


def reactions() -> dict[str, str]:
    return {each["actor"]: each["emoji"] for each in Message.objects.get().reactions}


def test_reactions_that_changed_unseen_are_corrected(channel: Channel) -> None:
    message = say.wrote("M")
    receive(channel, message, say.reacted(message, "❤️"), say.reacted(message, "👍", who="noor"), seconds=60)

    receive(channel, in_history(message, reactions={"mara": "😂"}), seconds=901)

    assert reactions() == {"mara": "😂"}


def test_a_reaction_that_came_back_unseen_stands_again(channel: Channel) -> None:
    message = say.wrote("M")
    receive(
        channel, message, say.reacted(message), say.reacted(message, removed=True, seconds=40), seconds=60
    )

    receive(channel, in_history(message, reactions={"mara": "❤️"}), seconds=901)

    assert reactions() == {"mara": "❤️"}


def test_history_that_does_not_tell_reactions_takes_none_away(channel: Channel) -> None:
    message = say.wrote("M")
    receive(channel, message, say.reacted(message), seconds=60)

    done = receive(channel, in_history(message), in_history(message, reactions={"mara": "❤"}), seconds=901)

    assert (reactions(), done.amended) == ({"mara": "❤️"}, 0)


def test_what_history_shows_later_opens_no_window_later_than_it_was(channel: Channel) -> None:
    message = say.wrote("M")
    receive(channel, message, say.reacted(message, seconds=30), seconds=60)
    before = Conversation.objects.get().window_opened_at

    receive(channel, in_history(message, reactions={"mara": "😂"}), seconds=901)

    after = Conversation.objects.get().window_opened_at
    assert (after - before).total_seconds() < 1 if before and after else after == before
