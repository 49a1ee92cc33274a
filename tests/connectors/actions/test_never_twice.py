"""Orders of events that an attacker of ours found: each once sent a reply twice, lost a word of the customer's, or held up the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.actions import delivering, draining, settling
from connectors.contract import Context, OutboundMessage, Remedy, Sent
from connectors.models import DeadItem
from inbox.actions import receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import InboundEvent, Party, Reacted, Unsent
from inbox.models import Channel, Conversation, Message, MessageState, Person
from inbox.queries import outbox
from tests.connectors.conftest import message_item, queue
from tests.factories import exchange as say

pytestmark = pytest.mark.django_db(transaction=True)


def look_for(message: Message, clock: Any, seconds: int) -> list[str]:
    """Let time pass, with the sweep that looks for uncertain replies."""
    outcomes = []
    for _ in range(seconds):
        clock.passes(1)
        outcomes += [
            settling.settle(message=due, clock=clock) for due in outbox.uncertain_replies(now=clock())
        ]
    message.refresh_from_db()
    return outcomes


def hear(channel: Channel, now: datetime, *events: InboundEvent) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=now)


def on_the_platform(platform: Any) -> list[str]:
    return [native.text for native in platform.said if native.outbound]


@pytest.mark.parametrize("discarded", [True, False])
def test_the_echo_of_a_second_try_is_not_taken_for_the_reply_that_was_refused(
    queued_reply: Message,
    platform: Any,
    clock: Any,
    receipt: Any,
    channel: Channel,
    agent: Person,
    discarded: bool,
) -> None:
    platform.refuses(Remedy.TELL, "refused")
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "failed"
    if discarded:
        replying.discard(message=queued_reply, by=agent, now=clock())
    again = queue("On its way!", channel=channel, agent=agent, now=clock())
    platform.loses_the_answer(delivered=True)
    assert delivering.deliver(message_id=again.pk, clock=clock) == "uncertain"

    native = platform.said[-1]
    receipt(message_item(native.id, native.text, outbound=True))
    draining.drain(now=clock())
    look_for(again, clock, 150)
    delivering.deliver(message_id=again.pk, clock=clock)

    queued_reply.refresh_from_db()
    assert (again.state, queued_reply.state) == (MessageState.SENT, MessageState.FAILED)
    assert on_the_platform(platform) == ["On its way!"]


def test_a_worker_that_outlives_its_claim_sends_nothing_more(
    queued_reply: Message, platform: Any, clock: Any
) -> None:
    send, first = platform.send, [True]

    def slow(ctx: Context, message: OutboundMessage) -> Sent:
        if first:
            first.clear()
            clock.passes(
                sending.LEASE.total_seconds() + 1
            )  # an upload that takes its time, on a machine that swaps
            sending.expire_leases(now=clock())
            look_for(queued_reply, clock, 100)
            assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"
        assert ctx.http.before
        ctx.http.before()  # as the HTTP client does ahead of each request
        return send(ctx, message)  # type: ignore[no-any-return]

    platform.send = slow

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "lost"
    assert on_the_platform(platform) == ["On its way!"]


def test_each_request_of_a_long_send_renews_the_claim(
    queued_reply: Message, platform: Any, clock: Any
) -> None:
    send = platform.send

    def long(ctx: Context, message: OutboundMessage) -> Sent:
        for _ in range(5):
            clock.passes(sending.LEASE.total_seconds() - 10)
            assert ctx.http.before
            ctx.http.before()
            assert sending.expire_leases(now=clock()) == []
        return send(ctx, message)  # type: ignore[no-any-return]

    platform.send = long

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"


def test_a_claim_outlasts_the_request_that_takes_longest(
    queued_reply: Message, platform: Any, clock: Any
) -> None:
    send, slowest = platform.send, 270.0

    def upload(ctx: Context, message: OutboundMessage) -> Sent:
        assert ctx.http.before
        ctx.http.before(slowest)
        clock.passes(slowest + 30)
        assert sending.expire_leases(now=clock()) == []
        clock.passes(31)
        assert sending.expire_leases(now=clock()) == [message_id]
        return send(ctx, message)  # type: ignore[no-any-return]

    message_id = queued_reply.pk
    platform.send = upload

    assert delivering.deliver(message_id=message_id, clock=clock) == "sent"


def test_a_failed_reply_is_never_swallowed_by_another(
    queued_reply: Message, platform: Any, clock: Any, receipt: Any, channel: Channel, agent: Person
) -> None:
    platform.refuses(Remedy.TELL, "refused")
    delivering.deliver(message_id=queued_reply.pk, clock=clock)
    again = queue("On its way!", channel=channel, agent=agent, now=clock())
    sending.claim_reply(message_id=again.pk, now=clock())

    receipt(message_item("n1", "On its way!", outbound=True, seconds=1))
    draining.drain(now=clock())
    sending.mark_reply_sent(message_id=again.pk, external_id="n1", at=None, now=clock())

    again.refresh_from_db()
    assert (again.state, again.external_id) == (MessageState.SENT, "n1")
    assert Message.objects.get(pk=queued_reply.pk).state == MessageState.FAILED


@pytest.mark.parametrize("echo", [(), (say.echoed("On its way! (shortened)", external_id="n1"),)])
def test_what_the_customer_did_to_a_reply_before_we_knew_its_id_is_kept(
    queued_reply: Message, channel: Channel, clock: Any, echo: tuple[InboundEvent, ...]
) -> None:
    sending.claim_reply(message_id=queued_reply.pk, now=clock())
    hear(channel, clock(), *echo, Reacted("n1", Party("mara"), clock(), "❤️", "", False, "mara"))

    sending.mark_reply_sent(message_id=queued_reply.pk, external_id="n1", at=None, now=clock())

    queued_reply.refresh_from_db()
    assert [reaction["emoji"] for reaction in queued_reply.reactions] == ["❤️"]


def test_a_reply_unsent_elsewhere_before_we_knew_its_id_is_gone(
    queued_reply: Message, channel: Channel, clock: Any
) -> None:
    sending.claim_reply(message_id=queued_reply.pk, now=clock())
    hear(channel, clock(), Unsent("n1", clock(), "mara"))

    sending.mark_reply_sent(message_id=queued_reply.pk, external_id="n1", at=None, now=clock())

    queued_reply.refresh_from_db()
    assert (queued_reply.text, queued_reply.deleted_at) == ("", clock())


def test_a_reply_that_had_to_wait_ends_the_waiting_when_its_true_place_is_known(
    queued_reply: Message, channel: Channel, clock: Any
) -> None:
    hear(channel, say.at(120), say.wrote("hello?", seconds=120))
    clock.passes(300)
    sending.claim_reply(message_id=queued_reply.pk, now=clock())
    sending.mark_reply_sent(message_id=queued_reply.pk, external_id="n1", at=say.at(60), now=clock())

    hear(channel, clock(), say.echoed("On its way!", external_id="n1", seconds=300))

    row = Conversation.objects.get(pk=queued_reply.conversation_id)
    assert (row.last_message_text, row.last_message_from, row.waiting_since) == ("On its way!", "brand", None)


def test_a_connector_that_trips_while_looking_holds_up_nothing_for_ever(
    queued_reply: Message, platform: Any, clock: Any, channel: Channel, agent: Person
) -> None:
    platform.loses_the_answer(delivered=True)
    delivering.deliver(message_id=queued_reply.pk, clock=clock)
    later = queue("Second reply", channel=channel, agent=agent, now=clock())
    platform.history_fails = ValueError("a bug")

    for _ in range(30):
        clock.passes(60)
        for due in outbox.uncertain_replies(now=clock()):
            settling.settle(message=due, clock=clock)

    queued_reply.refresh_from_db()
    assert queued_reply.state == MessageState.FAILED
    assert delivering.deliver(message_id=later.pk, clock=clock) == "sent"


def test_one_item_the_database_refuses_stops_nobody_else(channel: Channel, clock: Any, receipt: Any) -> None:
    receipt(message_item("h1", "hi", thread="eve", name="Eve\x00"))
    receipt(message_item("h2", "hi", thread="ev\x00e2", name="Eve"))
    receipt(message_item("h3", "hi", thread="eve3", name="Eve\ud800"))

    drained = draining.drain(now=clock())

    assert (drained.new_messages, drained.dead) == (2, 1)
    assert "could not hold it" in DeadItem.objects.get().reason


def test_a_persons_retry_starts_counting_anew(
    queued_reply: Message, platform: Any, clock: Any, agent: Person
) -> None:
    while True:
        platform.refuses(Remedy.RETRY, "503")
        if delivering.deliver(message_id=queued_reply.pk, clock=clock) == "failed":
            break
        clock.passes(310)
    clock.passes(timedelta(days=2).total_seconds())

    replying.retry(message=queued_reply, by=agent, now=clock())
    platform.refuses(Remedy.RETRY, "503")

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "retry"
