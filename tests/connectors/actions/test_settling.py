from dataclasses import replace

import pytest

from connectors.actions import delivering, draining, settling
from connectors.contract import ConnectorError, Page, Remedy
from connectors.models import DeliveryAttempt
from inbox import platforms
from inbox.actions import sending
from inbox.models import Message, MessageState
from inbox.queries import outbox
from tests.connectors.conftest import message_item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def uncertain(queued_reply, platform, clock):
    def make(*, delivered):
        platform.loses_the_answer(delivered=delivered)
        delivering.deliver(message_id=queued_reply.pk, clock=clock)
        queued_reply.refresh_from_db()
        return queued_reply

    return make


def look_for(message, clock, seconds):
    """Let time pass, second by second, and look whenever a look is due."""
    outcomes = []
    for _ in range(seconds):
        clock.passes(1)
        for due in outbox.uncertain_replies(now=clock()):
            outcomes.append(settling.settle(message=due, clock=clock))
    message.refresh_from_db()
    return outcomes


def test_a_reply_that_arrived_is_found_in_the_platforms_history(uncertain, platform, clock):
    reply = uncertain(delivered=True)

    outcomes = look_for(reply, clock, 5)

    assert outcomes == ["sent"]
    assert (reply.state, reply.external_id) == (MessageState.SENT, platform.said[-1].id)
    assert Message.objects.filter(direction="out").count() == 1


def test_an_echo_settles_it_without_any_look(uncertain, platform, clock, receipt):
    reply = uncertain(delivered=True)
    echo = platform.said[-1]

    receipt(message_item(echo.id, echo.text, outbound=True, seconds=1))
    draining.drain(now=clock())

    reply.refresh_from_db()
    assert (reply.state, reply.external_id) == (MessageState.SENT, echo.id)
    assert look_for(reply, clock, 30) == []


def test_a_reply_that_never_arrived_is_sent_again_once_that_is_sure(uncertain, platform, clock):
    reply = uncertain(delivered=False)

    assert look_for(reply, clock, 59) == ["later"] * 3
    outcomes = look_for(reply, clock, 30)

    assert outcomes == ["again"]
    assert reply.state == MessageState.QUEUED
    assert delivering.deliver(message_id=reply.pk, clock=clock) == "sent"
    assert len(platform.sent) == 1


def test_the_second_time_a_person_decides(uncertain, platform, clock):
    reply = uncertain(delivered=False)
    look_for(reply, clock, 90)
    platform.loses_the_answer(delivered=False)
    assert delivering.deliver(message_id=reply.pk, clock=clock) == "uncertain"

    outcomes = look_for(reply, clock, 90)

    assert outcomes[-1] == "failed"
    assert (reply.state, reply.state_reason) == (MessageState.FAILED, settling.UNCONFIRMED)


def test_the_same_words_said_before_do_not_count(uncertain, platform, clock, channel):
    platform.hears("On its way!", at=clock(), outbound=True)
    earlier = platform.said[-1]
    from inbox.actions import receiving
    from inbox.actions.receiving import Arrival

    receiving.receive(arrivals=[Arrival(channel.pk, platform._inbound(earlier))], now=clock())
    reply = uncertain(delivered=False)

    outcomes = look_for(reply, clock, 40)

    assert set(outcomes) == {"later"}
    assert reply.state == MessageState.UNCERTAIN


def test_while_the_platform_cannot_be_asked_nothing_is_decided(uncertain, platform, clock):
    reply = uncertain(delivered=True)
    platform.history_fails = ConnectorError("The platform is down.", remedy=Remedy.RETRY)

    assert set(look_for(reply, clock, 200)) == {"later"}
    platform.history_fails = None

    assert look_for(reply, clock, 120)[-1] == "sent"


def test_after_a_quarter_of_an_hour_in_the_dark_a_person_decides(uncertain, platform, clock):
    reply = uncertain(delivered=True)
    platform.history_fails = ConnectorError("The platform is down.", remedy=Remedy.RETRY)

    assert look_for(reply, clock, 1000)[-1] == "failed"
    assert reply.state_reason == settling.UNCONFIRMED


def test_a_worker_killed_while_sending_leaves_an_uncertain_reply_that_is_found(queued_reply, platform, clock):
    sending.claim_reply(message_id=queued_reply.pk, now=clock())
    platform.hears(queued_reply.text, at=clock(), outbound=True)  # its bytes had left

    clock.passes(sending.LEASE.total_seconds() + 1)
    assert sending.expire_leases(now=clock()) == [queued_reply.pk]
    outcomes = look_for(queued_reply, clock, 10)

    assert outcomes == ["sent"]
    assert platform.sent == []
    assert DeliveryAttempt.objects.filter(outcome="sent").count() == 0


def test_a_public_answer_on_a_polled_platform_is_looked_for_in_its_own_history(
    uncertain, platform, clock, monkeypatch
):
    """The log that is polled holds no comments: not to be found there proves nothing."""
    reply = uncertain(delivered=True)
    reply.conversation.kind = "comment"
    asked = []
    monkeypatch.setattr(type(platform), "poll", lambda *_: asked.append("poll") or Page(()), raising=False)
    manifest = platforms.get(reply.channel.platform)
    polled = replace(manifest, receive=replace(manifest.receive, mode="poll"))
    monkeypatch.setattr(platforms, "get", lambda key: polled)

    assert settling.settle(message=reply, clock=clock) == "sent"
    assert asked == []
