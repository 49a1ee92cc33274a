"""News of the account itself: the newest holds, whatever the order of deliveries, and none is lost with a worker."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import F

from connectors.actions import delivering, draining, parking, refreshing, settling, syncing
from connectors.contract import AccountChanged, AccountState, ConnectorError, Remedy
from connectors.models import Credential, DeadItem, Receipt, ReceiptState, SyncSchedule
from inbox.actions import channels
from inbox.models import Channel, ChannelState
from tests.connectors.conftest import NOW, message_item
from tests.fakes.platform import millis

pytestmark = pytest.mark.django_db(transaction=True)


def news(state, *, minutes):
    return AccountChanged(state, "", NOW + timedelta(minutes=minutes))


def tell(channel, *changes):
    for change in changes:
        parking.apply(brand_id=channel.brand_id, changes=[(channel.pk, change)], now=NOW)
    channel.refresh_from_db()


def test_older_news_that_comes_later_changes_nothing(channel):
    tell(channel, news(AccountState.CONNECTED, minutes=5), news(AccountState.RESTRICTED, minutes=1))

    assert channel.state == ChannelState.CONNECTED


def test_newer_news_is_heard(channel):
    tell(channel, news(AccountState.RESTRICTED, minutes=1))
    assert (channel.state, channel.state_reason) == (ChannelState.NEEDS_RECONNECT, parking.RESTRICTED)

    tell(channel, news(AccountState.CONNECTED, minutes=5))
    assert channel.state == ChannelState.CONNECTED


def refused(channel, reason="The sign-in has expired.", *, restricted=False):
    parking.heed_refusal(channel_id=channel.pk, reason=reason, seen_version=0, now=NOW, restricted=restricted)


@pytest.mark.parametrize("first", ["the grant", "the restriction"])
def test_a_restriction_that_is_lifted_mends_no_broken_grant(channel, first):
    if first == "the grant":
        refused(channel)
    tell(channel, news(AccountState.RESTRICTED, minutes=1))
    if first == "the restriction":
        refused(channel)

    tell(channel, news(AccountState.CONNECTED, minutes=5))

    assert (channel.state, channel.state_reason) == (ChannelState.NEEDS_RECONNECT, "The sign-in has expired.")


def test_nor_does_it_bring_a_permission_back(channel):
    tell(channel, news(AccountState.REVOKED, minutes=1), news(AccountState.CONNECTED, minutes=5))

    assert (channel.state, channel.state_reason) == (ChannelState.NEEDS_RECONNECT, parking.REVOKED)


def test_a_restriction_that_a_call_was_told_of_is_lifted_too(channel):
    tell(channel, news(AccountState.RESTRICTED, minutes=1))
    refused(channel, "The account is restricted.", restricted=True)
    tell(channel, news(AccountState.CONNECTED, minutes=5))

    assert channel.state == ChannelState.CONNECTED


def revoked_item():
    return {"kind": "revoked", "at": millis(NOW)}


def test_news_is_heard_in_the_transaction_that_reads_it(channel, receipt, clock, monkeypatch):
    receipt(revoked_item(), message_item("m1"))

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as worker:
        worker.setattr(draining, "_finish", die)
        with pytest.raises(KeyboardInterrupt):
            draining.drain(now=clock())
    channel.refresh_from_db()
    assert (channel.state, Receipt.objects.get().state) == (ChannelState.CONNECTED, ReceiptState.NEW)

    assert draining.drain(now=clock()).new_messages == 1

    channel.refresh_from_db()
    assert (channel.state, Receipt.objects.get().state) == (ChannelState.NEEDS_RECONNECT, ReceiptState.DONE)
    assert channel.state_reason == "Permission withdrawn."


def test_news_that_cannot_be_kept_stops_nothing_else(channel, receipt, clock, monkeypatch):
    receipt(revoked_item(), message_item("m1"))
    monkeypatch.setattr(parking, "_is_newest", lambda *_: 1 / 0)

    assert draining.drain(now=clock()).new_messages == 1
    assert DeadItem.objects.get().reason == "The news of the account could not be kept (ZeroDivisionError)."
    assert Channel.objects.get().state == ChannelState.CONNECTED


REFUSED = ConnectorError("It does not accept this sign-in any more.", remedy=Remedy.RECONNECT)


@pytest.fixture
def slow(channel, platform, monkeypatch):
    """The platform answers that the grant is broken, after somebody has consented again."""

    def answers(question, *, consented=True):
        def late(*_, **__):
            if consented:
                Credential.objects.filter(channel=channel).update(version=F("version") + 1)
                channels.resume_sending(channel_id=channel.pk, now=NOW)
            raise REFUSED

        monkeypatch.setattr(platform, question, late)

    return answers


def refresh(channel, clock, reply):
    with suppress(ConnectorError):
        refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)


def sync(channel, clock, reply):
    poll = SyncSchedule.objects.create(channel=channel, task="poll", every_seconds=5, next_run_at=NOW)
    syncing.run(schedule_id=poll.pk, clock=clock, pause=clock.passes)


def send(channel, clock, reply):
    delivering.deliver(message_id=reply.pk, clock=clock)


def settle(channel, clock, reply):
    reply.refresh_from_db()
    settling.settle(message=reply, clock=clock)


@pytest.mark.parametrize(
    ("question", "ask"), [("refresh", refresh), ("poll", sync), ("send", send), ("history", settle)]
)
def test_what_the_old_grant_was_told_does_not_park_the_new_connection(
    channel, clock, queued_reply, slow, question, ask
):
    slow(question)
    ask(channel, clock, queued_reply)
    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED

    if question in ("refresh", "send"):
        return  # of the newer one nobody has asked; a reply that is refused with both has failed
    SyncSchedule.objects.all().delete()
    slow(question, consented=False)
    ask(channel, clock, queued_reply)
    channel.refresh_from_db()
    assert (channel.state, channel.state_reason) == (ChannelState.NEEDS_RECONNECT, REFUSED.reason)


def test_a_renewal_that_failed_for_an_older_grant_is_tried_with_the_newer_one(channel, clock, slow):
    slow("refresh")

    with pytest.raises(ConnectorError) as refused:
        refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    assert refused.value.remedy is Remedy.RETRY


def test_a_turn_that_lost_its_lease_parks_nothing(channel, clock, platform, monkeypatch):
    poll = SyncSchedule.objects.create(channel=channel, task="poll", every_seconds=5, next_run_at=NOW)

    def late(*_):
        SyncSchedule.objects.filter(pk=poll.pk).update(lease_owner="another")
        raise REFUSED

    monkeypatch.setattr(platform, "poll", late)
    syncing.run(schedule_id=poll.pk, clock=clock, pause=clock.passes)

    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED
