"""Public posts of which one telling knows the root of the talk and another only what they answer: one thread, whichever comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage, MessageKind, ThreadKind
from inbox.models import Channel, Message
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db
MARA = "comment:p1:mara"


def told(message: InboundMessage, *, answers: str = "", root: str = "") -> InboundMessage:
    """A post of the talk between Mara and the brand. `root` empty: this telling does not know it."""
    aside = f"comment:{answers}:mara" if answers and answers != root else ""
    thread_id = f"comment:{root or answers or message.external_id}:mara"
    kind, thread_kind = MessageKind.COMMENT, ThreadKind.COMMENT
    return replace(
        message, thread_id=thread_id, aside=aside, reply_to=answers, kind=kind, thread_kind=thread_kind
    )


ASKS = told(say.wrote("Where is it?", external_id="p1", seconds=0))
ANSWER = told(say.echoed("On its way", external_id="p2", seconds=10), answers="p1")
THANKS = told(say.wrote("Thanks", external_id="p3", seconds=20), answers="p2")
THANKS_LISTED = told(say.wrote("Thanks", external_id="p3", seconds=20), answers="p2", root="p1")


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory()


def threads() -> dict[str, str]:
    return dict(Message.objects.values_list("external_id", "conversation__thread_key"))


def take_in(arrivals: list[Arrival], batches: str) -> None:
    if batches == "each by itself":
        for each in arrivals:
            receiving.receive(arrivals=[each], now=say.at(60))
    else:
        in_order = arrivals if batches == "all at once" else arrivals[::-1]
        receiving.receive(arrivals=in_order, now=say.at(60))


@pytest.mark.parametrize("listed_at", [0, 1, 2, 3])
@pytest.mark.parametrize("batches", ["each by itself", "all at once", "all at once, backwards"])
def test_a_talk_is_one_thread_wherever_a_list_tells_of_it_between_the_deliveries(
    channel: Channel, listed_at: int, batches: str
) -> None:
    news = [ASKS, ANSWER, THANKS]
    news.insert(listed_at, THANKS_LISTED)
    arrivals = [Arrival(channel.pk, each) for each in news]
    take_in(arrivals, batches)

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA}
    assert Message.objects.values("conversation").distinct().count() == 1


def test_what_stood_under_the_post_it_answers_joins_the_talk_once_its_root_is_told(channel: Channel) -> None:
    for each in (THANKS, THANKS_LISTED, ASKS, ANSWER):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA}


MORE = replace(
    told(say.echoed("And bring the receipt", external_id="p3", seconds=12), answers="p2"),
    thread_id="comment:p2", aside="comment:p2", counterpart=None,
)  # fmt: skip
WHERE = told(say.wrote("Where to?", external_id="p4", seconds=20), answers="p3")


@pytest.mark.parametrize("batches", ["each by itself", "all at once", "all at once, backwards"])
def test_what_the_brand_adds_to_its_own_answer_stands_in_the_talk_of_that(
    channel: Channel, batches: str
) -> None:
    arrivals = [Arrival(channel.pk, each) for each in (ASKS, ANSWER, MORE, WHERE)]
    take_in(arrivals, batches)

    assert threads() == {"p1": MARA, "p2": MARA, "p3": MARA, "p4": MARA}
    assert Message.objects.values("conversation").distinct().count() == 1


@pytest.mark.parametrize("together", [True, False])
def test_what_it_adds_to_a_post_of_its_own_is_no_message(channel: Channel, together: bool) -> None:
    for batch in [(MORE, WHERE)] if together else [(MORE,), (WHERE,)]:
        receiving.receive(arrivals=[Arrival(channel.pk, each) for each in batch], now=say.at(60))

    assert threads() == {"p4": "comment:p3:mara"}


def test_an_answer_to_a_post_that_nobody_knows_stands_under_that(channel: Channel) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, THANKS)], now=say.at(60))

    assert threads() == {"p3": "comment:p2:mara"}


def test_a_talk_is_one_persons(channel: Channel) -> None:
    noor = told(say.wrote("Mine, too", who="noor", external_id="p4", seconds=30), answers="p3")
    noor = replace(noor, thread_id="comment:p3:noor", aside="comment:p3:noor")
    for each in (ASKS, ANSWER, THANKS, noor):
        receiving.receive(arrivals=[Arrival(channel.pk, each)], now=say.at(60))

    assert threads()["p4"] == "comment:p1:noor"
