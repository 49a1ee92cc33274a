"""Where the platform's clock is not ours and an echo tells only when it was delivered, an answer stands between what it answers and what
followed it."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from inbox.actions import receiving, replying, sending, tagging_work, triaging
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundMessage
from inbox.models import BrandSequence, Channel, Conversation, Message
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    made = ChannelFactory()
    BrandSequence.objects.get_or_create(brand=made.brand)
    return made


def deliver(channel: Channel, message: InboundMessage, *, now: float) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, message)], now=say.at(now))


def answer(channel: Channel, *, told: bool) -> Message:
    """Tried at 61 by our clock. `told`: the platform said at once that it has it, and not when."""
    conversation = Conversation.objects.get()
    reply = replying.queue_reply(
        conversation=conversation, by=agent_of(channel.brand), client_id=uuid.uuid4(), text="On its way",
        written_against=conversation.public_seq, now=say.at(60),
    )[0]  # fmt: skip
    sending.claim_reply(message_id=reply.pk, now=say.at(61))
    if told:
        sending.mark_reply_sent(message_id=reply.pk, external_id="p1", at=None, now=say.at(62))
    return reply


def echo(*, platform: float) -> InboundMessage:
    return say.echoed("On its way", seconds=platform, external_id="p1", dated_by_delivery=True)


def comment(text: str, *, platform: float) -> InboundMessage:
    return say.wrote(text, seconds=platform, dated_by_delivery=True)


def triaged(channel: Channel, *, now: float) -> Conversation:
    while not (batch := triaging.next_batch(channel.brand_id)).is_empty:
        triaging.triage(batch, tagging_work.read(channel.brand, triaging.messages_of(batch)), now=say.at(now))
    return Conversation.objects.get()


def thread() -> list[str]:
    return list(Message.objects.in_thread_order().values_list("text", flat=True))


@pytest.mark.parametrize("ahead", [90, -90])  # of the platform's clock
@pytest.mark.parametrize("told", [True, False])
def test_an_answer_stands_behind_what_it_answers_once_its_echo_has_come(
    channel: Channel, ahead: int, told: bool
) -> None:
    deliver(channel, comment("Is it in stock?", platform=50 + ahead), now=51)
    answer(channel, told=told)

    deliver(channel, echo(platform=62 + ahead), now=63)

    assert thread() == ["Is it in stock?", "On its way"]
    assert triaged(channel, now=64).waiting_since is None


@pytest.mark.parametrize("ahead", [90, -90, 0])
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("when", ["before the echo", "after the echo", "after a slow echo", "together"])
def test_what_the_customer_writes_after_an_answer_waits_whenever_its_echo_comes(
    channel: Channel, ahead: int, told: bool, when: str
) -> None:
    deliver(channel, comment("Is it in stock?", platform=50 + ahead), now=51)
    answer(channel, told=told)
    second = comment("And in blue?", platform=80 + ahead)

    match when:
        case "before the echo":
            deliver(channel, second, now=81)
            deliver(channel, echo(platform=95 + ahead), now=96)
        case "after the echo":
            deliver(channel, echo(platform=62 + ahead), now=63)
            deliver(channel, second, now=81)
        case "after a slow echo":
            deliver(channel, echo(platform=95 + ahead), now=96)
            deliver(channel, second, now=97)
        case _:
            both = [Arrival(channel.pk, echo(platform=95 + ahead)), Arrival(channel.pk, second)]
            receiving.receive(arrivals=both, now=say.at(96))

    assert thread() == ["Is it in stock?", "On its way", "And in blue?"]
    assert triaged(channel, now=98).waiting_since is not None

    history = [
        say.wrote(
            "Is it in stock?", seconds=50 + ahead, external_id=Message.objects.earliest("pk").external_id
        ),
        say.echoed("On its way", seconds=61.5 + ahead, external_id="p1"),
    ]
    receiving.receive(
        arrivals=[Arrival(channel.pk, each) for each in history], now=say.at(200), historical=True
    )
    assert thread() == ["Is it in stock?", "On its way", "And in blue?"]
    assert Message.objects.get(external_id="p1").sent_at == say.at(61.5 + ahead)
    assert triaged(channel, now=201).waiting_since is not None


@pytest.mark.parametrize("ahead", [90, -90, 0])
def test_what_the_customer_writes_after_an_answer_waits_though_its_echo_came_first_with_other_words(
    channel: Channel, ahead: int
) -> None:
    """The platform had shortened a link: the echo stands as a row of its own until the platform's answer names it."""
    deliver(channel, comment("Is it in stock?", platform=50 + ahead), now=51)
    reply = answer(channel, told=False)
    deliver(channel, comment("And in blue?", platform=80 + ahead), now=81)
    shortened = replace(echo(platform=95 + ahead), text="On its w…")
    deliver(channel, shortened, now=96)
    assert Message.objects.filter(direction="out").count() == 2

    sending.mark_reply_sent(message_id=reply.pk, external_id="p1", at=None, now=say.at(101))

    assert thread() == ["Is it in stock?", "On its way", "And in blue?"]
    assert triaged(channel, now=102).waiting_since is not None


def test_an_answer_whose_time_fits_its_echo_is_not_moved(channel: Channel) -> None:
    deliver(channel, comment("Is it in stock?", platform=50), now=51)
    reply = answer(channel, told=True)

    deliver(channel, echo(platform=62), now=66)

    reply.refresh_from_db()
    assert (reply.sent_at, reply.order_key) == (say.at(61), "")


def test_a_message_from_the_far_future_is_answered_by_what_was_written_after_it_came(
    channel: Channel,
) -> None:
    deliver(channel, say.wrote("Is it in stock?", seconds=90_000), now=51)
    answer(channel, told=False)
    deliver(channel, say.echoed("On its way", seconds=62, external_id="p1"), now=63)

    assert triaged(channel, now=64).waiting_since is None
