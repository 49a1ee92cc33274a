"""Messages that a delivery only named."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.actions import completing, connecting, draining, syncing
from connectors.contract import (
    Account,
    ConnectorError,
    Edited,
    Grant,
    Party,
    Remedy,
    ThreadKind,
    Tokens,
    Unsent,
)
from connectors.models import ChannelHealth, Gap, GapCause, SyncSchedule, Task
from inbox.actions import _messages, receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, ChannelState, Conversation, Event, EventKind, Handle, Message, UntoldMessage
from inbox.queries import news
from tests.connectors.conftest import NOW, message_item
from tests.factories import exchange as say

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = replace(
    say.wrote("@acme look at this", external_id="m1"), author=Party("mara", name="mara.k", username="mara.k")
)


@pytest.fixture
def mention(receipt):
    receipt(message_item("m1", "", untold=True, name="Somebody"))
    draining.drain(now=NOW)
    return Message.objects.get()


def test_its_words_and_its_author_are_asked_for_once(mention, platform, clock):
    platform.words["m1"] = TOLD
    before = Conversation.objects.get().seq

    assert [completing.complete_due(clock=clock) for _ in range(2)] == [1, 0]

    mention.refresh_from_db()
    conversation = Conversation.objects.get()
    assert (mention.text, mention.author_name, mention.edited_at) == ("@acme look at this", "mara.k", None)
    assert (conversation.last_message_text, conversation.contact_name) == ("@acme look at this", "mara.k")
    assert Handle.objects.get().username == "mara.k"
    assert news.messages_since(conversation, before, news.BY_EITHER_SIDE) == [mention]
    assert conversation.public_seq > before


def test_one_dated_by_its_delivery_stands_where_the_platform_says_it_was_made(mention, platform, clock):
    Message.objects.update(order_key=f"m1{_messages.BY_DELIVERY}")
    platform.words["m1"] = TOLD

    completing.complete_due(clock=clock)

    mention.refresh_from_db()
    assert (mention.sent_at, mention.order_key) == (TOLD.sent_at, "m1")
    assert Conversation.objects.get().last_message_at == TOLD.sent_at


def test_a_message_that_was_told_is_not_asked_for(receipt, clock):
    receipt(message_item("m1"))
    draining.drain(now=NOW)

    assert completing.complete_due(clock=clock) == 0


def test_a_delivery_that_comes_again_asks_nothing_new(mention, receipt, platform, clock):
    platform.words["m1"] = TOLD
    completing.complete_due(clock=clock)

    receipt(message_item("m1", "", untold=True, name="Somebody"))
    draining.drain(now=NOW)

    assert not UntoldMessage.objects.exists()


def test_what_the_platform_will_not_tell_stays_as_it_is(mention, platform, clock):
    platform.words["m1"] = ConnectorError("It is gone.", remedy=Remedy.TELL)

    completing.complete_due(clock=clock)

    assert not UntoldMessage.objects.exists()
    assert not Event.objects.filter(kind=EventKind.MESSAGE_AMENDED).exists()


def test_a_platform_that_is_busy_is_asked_later_and_not_for_ever(mention, platform, clock):
    platform.words["m1"] = ConnectorError("Busy.", remedy=Remedy.RETRY)

    asked = []
    for _ in range(3):
        asked.append(completing.complete_due(clock=clock))
        clock.passes(4)
    assert asked == [1, 0, 1]

    clock.passes(2 * 86_400)
    completing.complete_due(clock=clock)
    assert not UntoldMessage.objects.exists()


def test_an_account_that_nobody_reconnects_for_days_costs_no_words(mention, platform, clock):
    platform.words["m1"] = ConnectorError("The grant has ended.", remedy=Remedy.RECONNECT)
    completing.complete_due(clock=clock)
    assert Channel.objects.get().state == ChannelState.NEEDS_RECONNECT
    clock.passes(2 * 86_400)
    completing.complete_due(clock=clock)
    platform.words["m1"] = TOLD
    Channel.objects.update(state=ChannelState.CONNECTED)
    clock.passes(3600)

    completing.complete_due(clock=clock)

    assert Message.objects.get(external_id="m1").text == TOLD.text


def test_a_mention_that_is_refused_again_after_the_account_was_connected_parks_it_no_more(
    mention, app, brand, platform, clock
):
    platform.words["m1"] = ConnectorError("The account may not.", remedy=Remedy.RECONNECT)
    completing.complete_due(clock=clock)
    assert Channel.objects.get().state == ChannelState.NEEDS_RECONNECT
    tokens = Tokens("access-1", "refresh-1", clock() + timedelta(days=60))
    grant = Grant(Account("acc-1"), tokens)
    connecting.connect(app=app, brand=brand, grant=grant, now=clock())

    assert completing.complete_due(clock=clock) == 1

    assert Channel.objects.get().state == ChannelState.CONNECTED
    clock.passes(3600)
    assert completing.complete_due(clock=clock) == 0
    platform.words["m1"] = TOLD
    connecting.connect(app=app, brand=brand, grant=grant, now=clock())
    completing.complete_due(clock=clock)
    mention.refresh_from_db()
    assert mention.text == TOLD.text


def test_a_mention_that_may_not_be_read_parks_nothing_and_is_not_asked_for_for_ever(mention, platform, clock):
    platform.words["m1"] = ConnectorError("No comments are shown.", remedy=Remedy.TELL, of_public=True)

    completing.complete_due(clock=clock)

    assert Channel.objects.get().state == ChannelState.CONNECTED
    assert ChannelHealth.objects.get().public_unread == "No comments are shown."
    clock.passes(2 * 86_400)
    assert [completing.complete_due(clock=clock) for _ in range(2)] == [1, 0]
    clock.passes(86_400)
    assert completing.complete_due(clock=clock) == 0


@pytest.mark.parametrize("withheld", [False, True])
def test_a_mention_that_is_told_at_last_ends_what_its_refusal_said(
    mention, channel, platform, clock, withheld
):
    platform.words["m1"] = ConnectorError("No comments are shown.", remedy=Remedy.TELL, of_public=True)
    completing.complete_due(clock=clock)
    if withheld:
        Gap.objects.create(channel=channel, cause=GapCause.WITHHELD, since=NOW, found_at=NOW)
    platform.words["m1"] = replace(TOLD, thread_kind=ThreadKind.COMMENT)
    clock.passes(60)

    completing.complete_due(clock=clock)

    assert ChannelHealth.objects.get().public_unread == ("No comments are shown." if withheld else "")


def test_a_mention_that_rests_is_told_once_somebody_grants_more(mention, app, brand, platform, clock):
    platform.words["m1"] = ConnectorError("No comments are shown.", remedy=Remedy.TELL, of_public=True)
    clock.passes(3 * 86_400)
    completing.complete_due(clock=clock)
    tokens = Tokens("access-1", "refresh-1", clock() + timedelta(days=60))
    connecting.connect(app=app, brand=brand, grant=Grant(Account("acc-1"), tokens), now=clock())

    platform.words["m1"] = ConnectorError("Busy.", remedy=Remedy.RETRY)
    completing.complete_due(clock=clock)
    platform.words["m1"] = TOLD
    clock.passes(60)
    completing.complete_due(clock=clock)

    mention.refresh_from_db()
    assert mention.text == TOLD.text


def test_a_mention_that_rests_is_told_once_a_walk_is_shown_what_was_withheld(
    mention, channel, platform, clock
):
    walk = SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW
    )
    platform.withholds = "No comments are shown."
    platform.words["m1"] = ConnectorError(platform.withholds, remedy=Remedy.TELL, of_public=True)
    clock.passes(2 * 86_400)
    syncing.run(schedule_id=walk.pk, clock=clock)
    completing.complete_due(clock=clock)
    platform.words["m1"], platform.withholds = TOLD, ""
    platform.posts("Nice", at=NOW)

    syncing.run(schedule_id=walk.pk, clock=clock)
    completing.complete_due(clock=clock)

    mention.refresh_from_db()
    assert mention.text == TOLD.text
    assert ChannelHealth.objects.get().public_unread == ""


def test_what_happened_to_it_meanwhile_stays_as_it_was(channel, receipt, platform, clock):
    receipt(message_item("m1", "", untold=True), message_item("m2", "", untold=True, seconds=1))
    draining.drain(now=NOW)
    changes = (Unsent("m1", say.at(5)), Edited("m2", "@acme look at that", say.at(6), 1))
    receiving.receive(arrivals=[Arrival(channel.pk, each) for each in changes], now=say.at(7))
    platform.words |= {"m1": TOLD, "m2": replace(TOLD, external_id="m2")}

    completing.complete_due(clock=clock)

    assert list(Message.objects.in_thread_order().values_list("text", flat=True)) == [
        "",
        "@acme look at that",
    ]
    assert not UntoldMessage.objects.exists()
