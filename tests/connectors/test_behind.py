"""A worker that is behind."""

import threading
import time

import pytest
from celery import signals

from connectors import tasks
from connectors.actions import draining
from connectors.actions._stages import Stages
from connectors.models import Receipt, ReceiptState
from connectors.turns import SecondHand
from inbox.models import Event, Message
from tests.connectors.conftest import message_item

pytestmark = pytest.mark.django_db(transaction=True)
BATCHES = 6


@pytest.fixture
def hands(monkeypatch):
    """The threads that drained."""
    seen, drain = set(), draining.drain

    def noted(**told):
        seen.add(threading.get_ident())
        return drain(**told)

    monkeypatch.setattr(draining, "drain", noted)
    return seen


def test_who_is_behind_reads_the_next_batch_beside_the_one_that_is_kept_and_keeps_the_order(
    receipt, hands, monkeypatch
):
    monkeypatch.setattr(draining, "BATCH", 20)
    monkeypatch.setattr(draining, "_stages", Stages(patience=60))
    for n in range(BATCHES * 20 + 5):
        receipt(message_item(f"m{n:04d}", f"Word {n}", seconds=n))

    tasks.drain_receipts()
    tasks.drains_beside.wait(10)

    assert len(hands) == 2
    assert set(Receipt.objects.values_list("state", flat=True)) == {ReceiptState.DONE}
    in_order = list(Event.objects.order_by("seq").values_list("message__external_id", flat=True))
    assert in_order == sorted(in_order)
    assert Message.objects.count() == len(in_order) == BATCHES * 20 + 5


def test_who_is_not_behind_needs_no_second_hand(receipt, hands):
    receipt(message_item("m1", "Hello"))

    tasks.drain_receipts()

    assert len(hands) == 1


def test_a_worker_that_stops_waits_for_what_its_second_hand_is_at(monkeypatch):
    at_it, done = threading.Event(), []

    def batch():
        at_it.set()
        time.sleep(0.2)
        done.append("kept")
        return True

    monkeypatch.setattr(tasks, "drains_beside", SecondHand())
    tasks.drains_beside.call(batch)
    assert at_it.wait(5)
    for each in (tasks.turns, tasks.drains):
        monkeypatch.setattr(each, "closed", False)  # and so again after the test

    signals.worker_shutting_down.send(sender=None)
    signals.worker_shutdown.send(sender=None)

    assert done == ["kept"]
