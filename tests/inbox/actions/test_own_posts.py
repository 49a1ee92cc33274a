"""A public answer of ours that gets its platform id by the platform's answer, its echo late or lost: what others were told to have said
under it, and what the brand added to it, stands in its talk."""

from __future__ import annotations

import uuid
from itertools import permutations

import pytest

from inbox.actions import receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, EarlyPost, Event, EventKind, Message, Person
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db
MARA = "comment:p1:mara"
ASKS = say.posted(say.wrote("Where is it?", external_id="p1", seconds=0))
THANKS = say.posted(say.wrote("Thanks", external_id="p3", seconds=70), answers="p2")
MORE = say.added("And bring the receipt", answers="p2", external_id="p4", seconds=72)
ALSO = say.added("And the box", answers="p4", external_id="p5", seconds=74)
WHERE = say.posted(say.wrote("Where to?", external_id="p6", seconds=80), answers="p5")
ECHO = say.posted(say.echoed("On its way", external_id="p2", seconds=62), answers="p1")
ANSWERED = "the platform's answer"


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def hear(channel: Channel, *told: object) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in told], now=say.at(90))  # type: ignore[arg-type]


def on_its_way(channel: Channel, by: Person, *, our_clock: float = 0) -> Message:
    """A public answer that has left, and of which nobody has heard yet. `our_clock`: how many seconds it is ahead of the platform's."""
    hear(channel, ASKS)
    talk = channel.conversations.get(thread_key=MARA)
    message = replying.queue_reply(
        conversation=talk, by=by, text="On its way", now=say.at(60), client_id=uuid.uuid4(),
        written_against=talk.public_seq,
    )[0]  # fmt: skip
    assert sending.claim_reply(message_id=message.pk, now=say.at(61 + our_clock))
    return message


def is_answered(message: Message) -> None:
    """X says when it took a message, and of a post it does not."""
    sending.mark_reply_sent(message_id=message.pk, external_id="p2", at=None, now=say.at(91))


def threads() -> dict[str | None, str]:
    return dict(Message.objects.values_list("external_id", "conversation__thread_key"))


def test_what_was_said_under_it_before_its_id_was_known_joins_its_talk(channel: Channel) -> None:
    message = on_its_way(channel, agent_of(channel.brand))
    hear(channel, THANKS)
    assert threads()["p3"] == "comment:p2:mara"

    is_answered(message)

    talk = Conversation.objects.get(thread_key=MARA)
    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA}
    assert (talk.waiting_since, talk.unread_count, talk.last_message_text) == (THANKS.sent_at, 1, "Thanks")
    left = Conversation.objects.get(thread_key="comment:p2:mara")
    assert (left.state, left.message_count) == ("resolved", 0)
    assert Event.objects.filter(message=message, kind=EventKind.REPLY_SENT).count() == 1


def test_what_the_brand_added_to_it_before_its_id_was_known_comes_to_its_talk(channel: Channel) -> None:
    message = on_its_way(channel, agent_of(channel.brand))
    hear(channel, ALSO)
    hear(channel, MORE)
    assert set(threads()) == {"p1", None}

    is_answered(message)

    assert threads() == {"p1": MARA, "p2": MARA, "p4": MARA, "p5": MARA}
    assert not EarlyPost.objects.exists()


def test_a_talk_under_another_post_of_the_channel_stays_where_it_is(channel: Channel) -> None:
    message = on_its_way(channel, agent_of(channel.brand))
    other = say.posted(say.wrote("Hello", external_id="p9", seconds=75), answers="p20")
    hear(channel, other)

    is_answered(message)

    assert threads() == {"p1": MARA, "p2": MARA, "p9": "comment:p20:mara"}


def ending(*, in_order: tuple[object, ...], our_clock: float) -> list[object]:
    channel = ChannelFactory()
    message = on_its_way(channel, agent_of(channel.brand), our_clock=our_clock)
    for each in in_order:
        if each is ANSWERED:
            is_answered(message)
        else:
            hear(channel, each)
    shown: list[object] = []
    for talk in channel.conversations.filter(messages__isnull=False).distinct().order_by("thread_key"):
        said = talk.messages.in_thread_order().values_list(
            "external_id", "text", "state", "sent_at", "order_key"
        )
        row = (
            talk.thread_key,
            talk.state,
            talk.unread_count,
            talk.message_count,
            talk.last_message_text,
            talk.waiting_since,
        )
        shown += [*row, *said]
    return shown


@pytest.mark.parametrize(
    "news", [(THANKS, ECHO), (MORE, WHERE, ALSO), (MORE, THANKS, ECHO)], ids=["echo", "added", "both"]
)
@pytest.mark.parametrize("our_clock", [0, 100])
def test_a_talk_ends_the_same_whenever_the_answer_comes(news: tuple[object, ...], our_clock: float) -> None:
    """Where our clock is ahead, the answer seems to be written after what answers it, until its echo tells when it was."""
    pictures = []
    for order in permutations([*news, ANSWERED]):
        pictures.append(ending(in_order=order, our_clock=our_clock))

    assert [each for each in pictures if each != pictures[0]] == []
