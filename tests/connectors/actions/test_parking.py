"""News of the account itself: the newest holds, whatever the order of deliveries, and none is lost with a worker."""

from datetime import timedelta

import pytest

from connectors.actions import draining, parking
from connectors.contract import AccountChanged, AccountState
from connectors.models import DeadItem, Receipt, ReceiptState
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
