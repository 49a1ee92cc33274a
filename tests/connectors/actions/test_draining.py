import pytest
from django.db import transaction

from connectors.actions import draining
from connectors.models import ChannelHealth, DeadItem, Receipt, ReceiptState
from inbox.models import Message
from tests.connectors.conftest import NOW, message_item

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


def test_a_body_that_cannot_be_read_is_a_dead_receipt(receipt):
    receipt(body=b"<html>")
    receipt(message_item("m1"))

    drained = draining.drain(now=NOW)

    dead = Receipt.objects.get(state=ReceiptState.DEAD)
    assert dead.reason == "The body is no list of items."
    assert bytes(dead.body) == b"<html>"
    assert (drained.dead, Message.objects.count()) == (1, 1)


def test_an_item_goes_to_the_channel_of_its_account(receipt, connect):
    other = connect("acc-2")
    receipt(message_item("m1", account="acc-2"))

    draining.drain(now=NOW)

    assert Message.objects.get().channel == other


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


def test_a_kind_nobody_knows_is_counted_on_the_channel(receipt, channel):
    receipt({"kind": "unheard-of"}, {"kind": "unheard-of"})

    draining.drain(now=NOW)

    assert ChannelHealth.objects.get(channel=channel).unrecognised == 2


def test_a_worker_killed_in_the_middle_has_changed_nothing(receipt, monkeypatch):
    receipt(message_item("m1"))
    monkeypatch.setattr(draining, "_finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

    with pytest.raises(KeyboardInterrupt):
        draining.drain(now=NOW)
    monkeypatch.undo()

    assert Message.objects.count() == 0
    assert Receipt.objects.get().state == ReceiptState.NEW


def test_two_workers_never_read_the_same_receipt(receipt, platform):
    from tests.connectors.threads import in_threads

    for number in range(40):
        receipt(message_item(f"m{number}", thread=f"t{number % 7}", seconds=number))

    drained = in_threads(lambda: [draining.drain(now=NOW, limit=5) for _ in range(8)], times=2)

    assert sum(each.receipts for batch in drained for each in batch) == 40
    assert sum(each.new_messages for batch in drained for each in batch) == 40
    assert Message.objects.count() == 40


def test_a_locked_receipt_is_left_to_whoever_holds_it(receipt):
    from tests.connectors.threads import in_threads

    receipt(message_item("m1"))
    receipt(message_item("m2", seconds=1))

    with transaction.atomic():
        Receipt.objects.select_for_update().order_by("pk").first()
        [drained] = in_threads(lambda: draining.drain(now=NOW), times=1)

    assert drained.receipts == 1
    assert Message.objects.get().external_id == "m2"
