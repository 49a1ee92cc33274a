from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, transaction

from connectors.actions import _claiming, draining, replaying
from connectors.contract import UNKNOWN_KIND, Item, ReachChanged
from connectors.models import (
    ChannelHealth,
    Credential,
    DeadItem,
    Gap,
    GapCause,
    PlatformApp,
    Receipt,
    ReceiptState,
    SyncSchedule,
    Task,
)
from inbox.models import Channel, Handle, Message
from tests.connectors.conftest import NOW, message_item
from tests.factories.people import BrandFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_delivery_becomes_messages(receipt):
    receipt(message_item("m1", "Hello"), message_item("m2", "Anybody there?", seconds=5))

    drained = draining.drain(now=NOW)

    assert (drained.receipts, drained.items, drained.new_messages, drained.dead) == (1, 2, 2, 0)
    assert list(Message.objects.order_by("sent_at").values_list("text", flat=True)) == [
        "Hello",
        "Anybody there?",
    ]
    assert Receipt.objects.get().state == ReceiptState.DONE


def test_the_same_delivery_twice_is_one_message(receipt):
    receipt(message_item("m1"))
    receipt(message_item("m1"), message_item("m1"))

    draining.drain(now=NOW)
    receipt(message_item("m1"))
    draining.drain(now=NOW)

    assert Message.objects.count() == 1


def test_one_bad_item_stops_nobody_and_is_kept_with_its_reason(receipt):
    receipt(
        message_item("m1"),
        {"kind": "bad", "from": "nobody"},
        {"kind": "crash"},
        message_item("m2", seconds=1),
    )

    drained = draining.drain(now=NOW)

    assert Message.objects.count() == 2
    assert drained.dead == 2
    reasons = list(DeadItem.objects.order_by("pk").values_list("reason", flat=True))
    assert reasons == ["This item has no sender.", "Reading the item failed (KeyError)."]
    assert DeadItem.objects.order_by("pk").first().payload["payload"] == {"kind": "bad", "from": "nobody"}


def test_an_item_the_database_cannot_hold_is_found_among_the_good_ones(receipt):
    items = [message_item(f"m{n}", seconds=n) for n in range(9)]
    items[4]["id"] = "x" * 401  # longer than an id may be

    receipt(*items)
    drained = draining.drain(now=NOW)

    assert drained.dead == 1
    assert Message.objects.count() == 8
    assert DeadItem.objects.get().payload["payload"]["id"] == "x" * 401


def test_hostile_text_in_a_dead_item_is_kept(receipt):
    receipt({"kind": "bad", "text": "nul \x00 and lone \ud83d surrogate"})

    draining.drain(now=NOW)

    assert DeadItem.objects.get().payload["payload"]["text"] == "nul \ufffd and lone \ufffd surrogate"


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [{"kind": "bad", "x": 1e400}]}',
        b'{"items": [{"kind": "bad", "x": ' + b"[" * 600 + b"]" * 600 + b"}]}",
    ],
    ids=["a number beyond all floats", "nested without end"],
)
def test_a_dead_item_that_json_cannot_hold_stops_nobody(receipt, body):
    receipt(body=body)
    receipt(message_item("m1"))

    drained = draining.drain(now=NOW)

    assert (drained.dead, Message.objects.count()) == (1, 1)
    assert DeadItem.objects.get().payload["payload"]["kind"] == "bad"


def test_values_of_python_in_a_dead_item_are_kept_as_text(receipt, platform, monkeypatch):
    found = [Item({"kind": "bad", "at": NOW, "price": Decimal("1.50")})]
    monkeypatch.setattr(type(platform), "items", lambda self, body: iter(found))
    receipt(message_item("m1"))

    draining.drain(now=NOW)

    kept = DeadItem.objects.get().payload["payload"]
    assert kept == {"kind": "bad", "at": str(NOW), "price": "1.50"}


def test_a_delivery_that_stops_the_batch_in_a_way_nobody_thought_of_is_found_and_dead(
    receipt, platform, monkeypatch
):
    """A connector from elsewhere that hands over what is no item at all."""
    items = type(platform).items

    def careless(self, body):
        return iter([None]) if body == b"careless" else items(self, body)

    monkeypatch.setattr(type(platform), "items", careless)
    receipt(message_item("m1"))
    culprit = receipt(body=b"careless")
    receipt(message_item("m2"))

    drained = draining.drain(now=NOW)

    assert (drained.receipts, drained.new_messages, drained.dead) == (3, 2, 1)
    assert list(Receipt.objects.filter(state=ReceiptState.DEAD)) == [culprit]
    assert "AttributeError" in Receipt.objects.get(pk=culprit.pk).reason
    assert dead_deliveries() == [
        (culprit.pk, culprit.channel_id, "Keeping the delivery failed (AttributeError).")
    ]
    assert not Receipt.objects.filter(state=ReceiptState.NEW).exists()


def dead_deliveries():
    """As people are shown them."""
    waiting = DeadItem.objects.filter(is_whole=True, replayed_at=None).order_by("pk")
    return list(waiting.values_list("receipt_id", "channel_id", "reason"))


def test_a_body_that_cannot_be_read_is_a_dead_receipt(receipt):
    unread = receipt(body=b"<html>")
    receipt(message_item("m1"))

    drained = draining.drain(now=NOW)

    dead = Receipt.objects.get(state=ReceiptState.DEAD)
    assert dead.reason == "The body is no list of items."
    assert bytes(dead.body) == b"<html>"
    assert (drained.dead, Message.objects.count()) == (1, 1)
    assert dead_deliveries() == [(unread.pk, unread.channel_id, "The body is no list of items.")]


def test_a_delivery_that_stays_unreadable_waits_once_however_often_it_is_read(receipt):
    unread = receipt(body=b"<html>")
    draining.drain(now=NOW)

    for _ in range(2):
        [replayed] = replaying.replay(receipt_ids=[unread.pk], now=NOW)
        assert (replayed.items, replayed.dead) == (1, 1)

    assert dead_deliveries() == [(unread.pk, unread.channel_id, "The body is no list of items.")]


def test_a_delivery_that_nobody_can_read_is_a_gap_of_every_account_of_its_app(channel, receipt, connect):
    """Platforms deliver for all accounts of an app at the address of any of them."""
    theirs, later = connect("acc-2", brand=BrandFactory()), connect("acc-3")
    stranger = connect("acc-4")
    other_app = PlatformApp.objects.create(platform="fake", name="other", client_id="c2", sealed=b"")
    Credential.objects.filter(channel=stranger).update(app=other_app)
    Channel.objects.exclude(pk=later.pk).update(created_at=NOW)
    Channel.objects.filter(pk=later.pk).update(created_at=NOW + timedelta(seconds=1))
    walk = SyncSchedule.objects.create(
        channel=theirs, task=Task.RECONCILE, every_seconds=900, next_run_at=NOW + timedelta(minutes=9)
    )
    unread = receipt(body=b"<html>")

    draining.drain(now=NOW + timedelta(minutes=1))
    list(replaying.replay(receipt_ids=[unread.pk], now=NOW + timedelta(minutes=2)))

    gaps = Gap.objects.order_by("channel_id").values_list(
        "channel_id", "cause", "since", "until", "healed_at"
    )
    assert list(gaps) == [(each.pk, "unread", NOW, NOW, None) for each in (channel, theirs)]
    walk.refresh_from_db()
    assert walk.next_run_at == NOW + timedelta(minutes=1)


def test_an_item_goes_to_the_channel_of_its_account(receipt, connect):
    other = connect("acc-2")
    receipt(message_item("m1", account="acc-2"))

    draining.drain(now=NOW)

    assert Message.objects.get().channel == other


def heard_of():
    found = ChannelHealth.objects.exclude(last_receipt_at=None)
    return {health.channel.external_id: health.last_receipt_at for health in found}


def test_a_delivery_is_that_of_the_account_it_speaks_of_whatever_its_address(receipt, connect):
    connect("acc-2")
    receipt(message_item("m1", account="acc-2"))
    draining.drain(now=NOW)
    assert heard_of() == {"acc-2": NOW}

    receipt(message_item("m2", account="acc-9"))
    draining.drain(now=NOW)
    assert heard_of() == {"acc-2": NOW}


@pytest.mark.parametrize(
    "items", [[{"kind": "test", "account": "0"}], [{"kind": "test"}], [], [message_item("m1")]]
)
def test_a_delivery_that_speaks_of_no_account_is_that_of_its_address(receipt, items):
    receipt(*items)
    draining.drain(now=NOW)
    assert heard_of() == {"acc-1": NOW}

    Receipt.objects.update(state=ReceiptState.NEW, received_at=NOW - timedelta(hours=1))  # as a replay does
    draining.drain(now=NOW)
    assert heard_of() == {"acc-1": NOW}


def test_an_account_nobody_connected_is_a_dead_item_that_says_so(receipt):
    receipt(message_item("m1", account="acc-9"))

    draining.drain(now=NOW)

    assert DeadItem.objects.get().reason == "No channel of this app is connected for account acc-9."


def test_another_apps_account_is_not_spoken_for(receipt, connect, brand):
    from connectors import sealing
    from connectors.models import PlatformApp

    foreign = connect("acc-2")
    foreign.credential.app = PlatformApp.objects.create(
        platform="fake", name="second", sealed=sealing.seal({})
    )
    foreign.credential.save(update_fields=["app"])
    receipt(message_item("m1", account="acc-2"))

    draining.drain(now=NOW)

    assert Message.objects.count() == 0
    assert DeadItem.objects.count() == 1


def test_tests_from_a_dashboard_leave_nothing(receipt):
    receipt({"kind": "test"}, {"kind": "test", "account": "0"})

    drained = draining.drain(now=NOW)

    assert drained.dead == 0
    assert Receipt.objects.get().state == ReceiptState.DONE


def test_what_is_of_a_kind_nobody_knows_is_kept_as_it_came(receipt, channel):
    receipt({"kind": "unheard-of", "n": 1}, message_item("m1"), {"kind": "unheard-of", "n": 2})

    drained = draining.drain(now=NOW)

    kept = DeadItem.objects.filter(channel=channel).order_by("pk")
    assert [item.payload["payload"]["n"] for item in kept] == [1, 2]
    assert {item.reason for item in kept} == {UNKNOWN_KIND}
    assert (drained.new_messages, Receipt.objects.get().state) == (1, ReceiptState.DONE)


def test_what_is_still_of_an_unknown_kind_stays_and_is_read_once_it_is_known(receipt, platform, monkeypatch):
    receipt({"kind": "unheard-of"})
    draining.drain(now=NOW)
    DeadItem.objects.update(receipt=None)  # its delivery was purged meanwhile
    item = DeadItem.objects.get()

    still = replaying.replay_polled_item(item_id=item.pk, now=NOW)
    monkeypatch.setattr(
        type(platform), "parse", lambda self, item, account: [platform._message(message_item("m1"))]
    )
    known = replaying.replay_polled_item(item_id=item.pk, now=NOW)

    assert (still.dead, known.dead, known.new_messages) == (1, 0, 1)
    item.refresh_from_db()
    assert item.replayed_at == NOW


def test_deliveries_that_the_platform_says_are_lost_open_a_gap_and_are_looked_for(receipt, channel):
    walk = SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=9, next_run_at=NOW + timedelta(hours=5)
    )
    receipt({"kind": "lost"}, {"kind": "lost"})

    draining.drain(now=NOW)

    walk.refresh_from_db()
    gap = Gap.objects.get()
    assert (gap.channel, gap.cause, gap.healed_at, walk.next_run_at) == (
        channel,
        GapCause.NOT_DELIVERED,
        None,
        NOW,
    )


def test_somebody_who_blocked_the_account_cannot_be_written_to_until_they_write(
    receipt, channel, platform, monkeypatch
):
    receipt(message_item("m1"))
    draining.drain(now=NOW)
    parse = type(platform).parse
    blocked = ReachChanged("mara", NOW + timedelta(seconds=5), "Mara has blocked the account.")
    monkeypatch.setattr(
        type(platform), "parse", lambda self, item, account: [blocked] if item.payload["kind"] == "block" else parse(self, item, account)
    )  # fmt: skip
    receipt({"kind": "block"})
    draining.drain(now=NOW)
    handle = Handle.objects.get(channel=channel, external_id="mara")
    assert handle.unavailable_reason == "Mara has blocked the account."

    receipt(message_item("m2", seconds=9))
    draining.drain(now=NOW)
    receipt({"kind": "block"})  # the same news once more, and older than what she wrote
    draining.drain(now=NOW)

    handle.refresh_from_db()
    assert handle.unavailable_reason == ""


def test_a_worker_killed_in_the_middle_has_changed_nothing(receipt, monkeypatch):
    receipt(message_item("m1"))
    monkeypatch.setattr(draining, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

    with pytest.raises(KeyboardInterrupt):
        draining.drain(now=NOW)
    monkeypatch.undo()

    assert Message.objects.count() == 0
    assert Receipt.objects.get().state == ReceiptState.NEW


class Killed(BaseException):
    """Nothing of ours hears it, as nothing hears of a process that the kernel ends."""


def _killed_by(platform, monkeypatch, body):
    """A worker that the kernel ends while it reads this delivery."""
    items = type(platform).items

    def items_or_death(self, given):
        if given == body:
            raise Killed
        return items(self, given)

    monkeypatch.setattr(type(platform), "items", items_or_death)


def _deaths_until_nothing_waits():
    deaths = 0
    while Receipt.objects.filter(state=ReceiptState.NEW).exists() and deaths < 20:
        try:
            draining.drain(now=NOW)
        except Killed:
            deaths += 1
    return deaths


def test_a_delivery_that_no_worker_survives_stops_intake_for_six_of_them(receipt, platform, monkeypatch):
    receipt(message_item("m1"))
    poison = receipt(body=b"poison")
    receipt(message_item("m2", seconds=1))
    _killed_by(platform, monkeypatch, b"poison")

    deaths = _deaths_until_nothing_waits()

    poison.refresh_from_db()
    assert (deaths, poison.state) == (6, ReceiptState.DEAD)
    assert poison.reason == "Whoever read the delivery was ended by it, 6 times."
    assert dead_deliveries() == [(poison.pk, poison.channel_id, poison.reason)]
    assert set(Message.objects.values_list("external_id", flat=True)) == {"m1", "m2"}


def test_what_was_read_with_a_delivery_that_kills_is_read_before_the_third_death(
    receipt, platform, monkeypatch
):
    receipt(message_item("m1"))
    receipt(body=b"poison")
    _killed_by(platform, monkeypatch, b"poison")

    for _ in range(2):
        with pytest.raises(Killed):
            draining.drain(now=NOW)
    draining.drain(now=NOW)

    assert Message.objects.get().external_id == "m1"


def test_a_database_that_fails_counts_against_no_delivery(receipt, monkeypatch):
    waiting = receipt(message_item("m1"))
    away = OperationalError("the connection is lost")
    monkeypatch.setattr(draining, "_finish", lambda *_: (_ for _ in ()).throw(away))

    for _ in range(7):
        with pytest.raises(OperationalError):
            draining.drain(now=NOW)
    monkeypatch.undo()

    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries) == (ReceiptState.NEW, 0)


def test_whoever_finds_a_delivery_taken_counts_no_try_of_it(receipt, monkeypatch):
    """Between the count and the look at it another worker may have been quicker."""
    waiting = receipt(message_item("m1"))
    monkeypatch.setattr(_claiming, "claim", lambda ids: [])

    for _ in range(3):
        draining.drain(now=NOW)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.tries) == (ReceiptState.NEW, 0)


def test_a_delivery_given_up_may_be_replayed(receipt):
    given_up = receipt(message_item("m1"))
    Receipt.objects.filter(pk=given_up.pk).update(tries=6)
    assert draining.drain(now=NOW).dead == len(dead_deliveries()) == 1

    list(replaying.replay(receipt_ids=[given_up.pk], now=NOW))

    assert Message.objects.get().external_id == "m1"
    assert dead_deliveries() == []


def test_two_workers_never_read_the_same_receipt(receipt, platform):
    from tests.threads import in_threads

    for number in range(40):
        receipt(message_item(f"m{number}", thread=f"t{number % 7}", seconds=number))

    drained = in_threads(lambda: [draining.drain(now=NOW, limit=5) for _ in range(8)], times=2)

    assert sum(each.receipts for batch in drained for each in batch) == 40
    assert sum(each.new_messages for batch in drained for each in batch) == 40
    assert Message.objects.count() == 40


def test_a_locked_receipt_is_left_to_whoever_holds_it(receipt):
    from tests.threads import in_threads

    receipt(message_item("m1"))
    receipt(message_item("m2", seconds=1))

    with transaction.atomic():
        Receipt.objects.select_for_update().order_by("pk").first()
        [drained] = in_threads(lambda: draining.drain(now=NOW), times=1)

    assert drained.receipts == 1
    assert Message.objects.get().external_id == "m2"
