"""News of the account itself: the newest holds, whatever the order of deliveries, and none is lost with a worker."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import F

from connectors import channel_states, contexts, sealing
from connectors.actions import (
    alarming,
    connecting,
    delivering,
    draining,
    parking,
    refreshing,
    settling,
    syncing,
)
from connectors.contract import Account, AccountChanged, AccountState, ConnectorError, Grant, Remedy
from connectors.models import Alarm, Credential, DeadItem, Receipt, ReceiptState, SyncSchedule
from connectors.queries import doctor
from inbox.actions import channels, receiving
from inbox.models import Channel, ChannelState, MessageState
from inbox.queries import outbox
from tests.connectors.conftest import NOW, message_item, queue
from tests.factories import exchange as say
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


@pytest.fixture
def parked_by_access(channel, clock, queued_reply, platform):
    """The access of a reply had ended, and so had what it was renewed to: twice within one send."""
    platform.refuses(Remedy.REFRESH, "The access has expired.")
    platform.refuses(Remedy.REFRESH, "The access has expired.")
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "parked"
    channel.refresh_from_db()
    assert channel.state == ChannelState.NEEDS_RECONNECT
    clock.passes(60)


def renew_and_sync(channel, clock, reply):
    seen = Credential.objects.get(channel=channel).version
    refreshing.refresh(channel_id=channel.pk, seen_version=seen, clock=clock)
    sync(channel, clock, reply)
    channel.refresh_from_db()


def test_access_that_was_renewed_and_is_good_lets_the_replies_go(
    channel, clock, queued_reply, parked_by_access
):
    renew_and_sync(channel, clock, queued_reply)

    assert (channel.state, channel.state_reason) == (ChannelState.CONNECTED, "")
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"


def test_the_access_that_was_refused_proves_nothing_by_an_answer(
    channel, clock, queued_reply, parked_by_access
):
    sync(channel, clock, queued_reply)

    channel.refresh_from_db()
    assert channel.state == ChannelState.NEEDS_RECONNECT


def test_a_while_later_it_lets_them_be_tried_once_more_and_less_often_where_it_is_refused_again(
    channel, clock, queued_reply, parked_by_access, platform
):
    clock.passes(14 * 60)
    sync(channel, clock, queued_reply)  # the platform's sign-in was down, and what it gave last is good
    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED

    pauses = []
    for _ in range(4):
        platform.refuses(Remedy.REFRESH, "The access has expired.")
        platform.refuses(Remedy.REFRESH, "The access has expired.")
        assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "parked"
        parked_at = clock()
        while (waits := Channel.objects.get()).state == ChannelState.NEEDS_RECONNECT:
            clock.passes(900)
            SyncSchedule.objects.all().delete()
            sync(waits, clock, queued_reply)
        pauses.append((clock() - parked_at) / timedelta(minutes=1))

    assert pauses == [15, 30, 60, 120]
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"


@pytest.fixture
def refused_alone(platform, queued_reply):
    """The platform takes our access for every other reply."""
    send, alone = platform.send, str(queued_reply.client_id)

    def each(ctx, letter):
        if letter.client_id == alone:
            raise ConnectorError("The access has expired.", remedy=Remedy.REFRESH)
        return send(ctx, letter)

    platform.send = each


def to_somebody_else(channel, agent, clock):
    receiving.receive(arrivals=[receiving.Arrival(channel.pk, say.wrote(who="noor"))], now=clock())
    return queue("And you?", channel=channel, agent=agent, now=clock(), thread="noor")


def test_a_reply_that_alone_is_refused_parks_its_channel_until_the_others_have_had_their_turn_and_fails(
    channel, clock, queued_reply, refused_alone, agent
):
    def send_what_is_due():
        due = outbox.due_replies(now=clock())
        return [delivering.deliver(message_id=pk, clock=clock) for pk in due]

    assert send_what_is_due() == ["parked"]
    clock.passes(60)
    other = to_somebody_else(channel, agent, clock)
    rounds = []
    for _ in range(2):
        clock.passes(60)
        SyncSchedule.objects.all().delete()
        renew_and_sync(channel, clock, queued_reply)
        rounds.append(send_what_is_due())

    assert rounds == [["parked", ""], ["sent", "failed"]]
    channel.refresh_from_db()
    queued_reply.refresh_from_db()
    other.refresh_from_db()
    assert (channel.state, other.state) == (ChannelState.CONNECTED, MessageState.SENT)
    assert queued_reply.state_reason.startswith("The access has expired. It said so before, and took another")


def test_nor_does_it_park_it_again_after_a_person_has_connected_it(
    channel, clock, queued_reply, refused_alone, agent
):
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "parked"
    clock.passes(60)
    credential = Credential.objects.get(channel=channel)
    grant = Grant(Account("acc-1"), contexts.tokens_of(credential))
    connecting.connect(app=credential.app, brand=channel.brand, grant=grant, by=None, now=clock())

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "failed"

    queued_reply.refresh_from_db()
    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED
    assert queued_reply.state_reason.endswith("before the channel was connected again, too.")


def test_nor_for_longer_than_a_day_where_there_is_no_other(channel, clock, queued_reply, refused_alone):
    began = clock()
    while delivering.deliver(message_id=queued_reply.pk, clock=clock) == "parked":
        while Channel.objects.get().state == ChannelState.NEEDS_RECONNECT:
            clock.passes(3600)
            SyncSchedule.objects.all().delete()
            sync(channel, clock, queued_reply)

    queued_reply.refresh_from_db()
    assert timedelta(days=1) < clock() - began < timedelta(days=2)
    assert queued_reply.state == MessageState.FAILED
    assert queued_reply.state_reason.startswith("The access has expired. It has said so for a day.")


def test_a_sign_in_that_was_down_before_says_nothing_of_one_reply(channel, clock, queued_reply, platform):
    platform.refuses(Remedy.REFRESH, "The access has expired.")
    platform.refresh_fails = ConnectorError("The sign-in is down.", remedy=Remedy.RETRY)
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "retry"
    platform.refresh_fails = None
    clock.passes(5)
    platform.refuses(Remedy.REFRESH, "The access has expired.")
    platform.refuses(Remedy.REFRESH, "The access has expired.")

    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "parked"


def test_nor_is_access_that_was_renewed_any_good_where_the_account_itself_was_ended(
    channel, clock, queued_reply, platform
):
    platform.refuses(Remedy.RECONNECT, "The account is locked.")
    delivering.deliver(message_id=queued_reply.pk, clock=clock)

    renew_and_sync(channel, clock, queued_reply)

    assert (channel.state, channel.state_reason) == (ChannelState.NEEDS_RECONNECT, "The account is locked.")


@pytest.mark.parametrize("state", [AccountState.REVOKED, AccountState.RESTRICTED])
@pytest.mark.parametrize("comes_first", [True, False])
def test_or_where_that_was_told_besides(channel, clock, queued_reply, state, comes_first):
    def refuse_access():
        parking.heed_refusal(
            channel_id=channel.pk, reason="It ended.", seen_version=1, now=NOW, of_access=True
        )

    if not comes_first:
        refuse_access()
    tell(channel, news(state, minutes=1))
    if comes_first:
        refuse_access()

    renew_and_sync(channel, clock, queued_reply)

    assert channel.state == ChannelState.NEEDS_RECONNECT


def test_nor_is_a_connection_lifted_that_waits_to_be_confirmed(
    channel, clock, queued_reply, parked_by_access, platform, monkeypatch
):
    def refuses(*_):
        raise ConnectorError("Not from here.", remedy=Remedy.TELL)

    monkeypatch.setattr(platform, "subscribe", refuses)
    credential = Credential.objects.get(channel=channel)
    grant = Grant(Account("acc-1"), contexts.tokens_of(credential))
    with pytest.raises(connecting.ConnectionRefused):
        connecting.connect(app=credential.app, brand=channel.brand, grant=grant, by=None, now=clock())
    SyncSchedule.objects.all().delete()

    sync(channel, clock, queued_reply)

    channel.refresh_from_db()
    assert channel.state == ChannelState.NEEDS_RECONNECT


def test_nor_does_one_make_it_worse_who_waited_in_vain_for_another_to_renew(
    channel, clock, queued_reply, parked_by_access
):
    held = Credential.objects.filter(channel=channel)
    seen = held.get().version
    held.update(refresh_lease_until=clock() + timedelta(minutes=1), refresh_error="It is busy.")
    clock.passes(120)

    with pytest.MonkeyPatch.context() as somebody:
        somebody.setattr(refreshing, "_take_lease", lambda *_: False)  # another has it, and gives up
        with pytest.raises(ConnectorError) as told:
            refreshing.refresh(channel_id=channel.pk, seen_version=seen, clock=clock)

    assert told.value.remedy is Remedy.RETRY


def test_a_wrong_key_of_ours_holds_replies_up_until_it_is_right_and_nobody_connects_anything_again(
    channel, clock, queued_reply, platform, app
):
    clock.passes(2 * 3600)  # the access has ended
    platform.refresh_fails = ConnectorError("It does not know this app's key.", remedy=Remedy.BUG)
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "parked"
    sync(channel, clock, queued_reply)
    channel.refresh_from_db()
    assert channel.state == ChannelState.NEEDS_RECONNECT
    [line] = channel_states.of_brand(channel.brand, now=clock())
    red = [each for each in doctor.examine(channel, now=clock()).findings if each.ok is False]
    alarming.look(now=clock())
    told = " ".join([line.state, *(each.text for each in line.lines), *(each.fix for each in red)])
    told += Alarm.objects.get().said
    assert "Parley's app is refused" in told and "does not know this app's key" in told
    assert "Connect the account again" not in told and "it is connected again" not in told

    platform.refresh_fails = None
    planned = SyncSchedule.objects.get()
    SyncSchedule.objects.update(next_run_at=clock() + timedelta(minutes=15))
    secrets = sealing.unseal(app.sealed)
    connecting.register_app(platform="fake", client_id="c", secrets=secrets, origins={}, now=clock())
    planned.refresh_from_db()
    assert planned.next_run_at == clock()
    syncing.run(schedule_id=planned.pk, clock=clock, pause=clock.passes)

    channel.refresh_from_db()
    assert (channel.state, Credential.objects.get().refresh_error) == (ChannelState.CONNECTED, "")
    clock.passes(1)  # a parked reply waits for a moment before each try
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"
