"""What is kept for so long and no longer, and what is kept however old it is."""

from datetime import timedelta

import pytest

from connectors.actions import draining, purging, scheduling, syncing
from connectors.contract import UNKNOWN_KIND
from connectors.models import (
    DeadItem,
    HourOfArrivals,
    Receipt,
    ReceiptState,
    RunLine,
    SyncRun,
    SyncSchedule,
    Task,
)
from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Edited
from inbox.models import Amendment, Message
from tests.connectors.conftest import NOW, message_item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nightly(channel):
    return SyncSchedule.objects.create(
        channel=channel, task=Task.PURGE, every_seconds=86400, max_seconds=300, next_run_at=NOW
    )


def turn(schedule, clock, **options):
    done = syncing.run(schedule_id=schedule.pk, clock=clock, **options)
    schedule.refresh_from_db()
    return done


def aged(receipt, days, *items):
    """A delivery that was read so many days ago."""
    stored = receipt(*items or [{"kind": "test"}])
    draining.drain(now=NOW)
    Receipt.objects.filter(pk=stored.pk).update(received_at=NOW - timedelta(days=days))
    return stored.pk


def left():
    return set(Receipt.objects.values_list("pk", flat=True))


def test_deliveries_go_after_a_month_and_their_messages_stay(nightly, receipt, clock):
    aged(receipt, 31, message_item("m1"))
    young = aged(receipt, 29, message_item("m2"))

    done = turn(nightly, clock)

    assert left() == {young}
    assert set(Message.objects.values_list("external_id", flat=True)) == {"m1", "m2"}
    assert done.events == 1
    said = f"1 rows from before {NOW - timedelta(days=30):%-d %B %Y} are gone."
    assert RunLine.objects.filter(run=SyncRun.objects.get(), text=said).exists()


@pytest.mark.parametrize(("days", "gone_after"), [(10, 10), (1, 3), (None, 30)])
def test_a_schedule_says_how_long_and_three_days_are_the_least(nightly, receipt, clock, days, gone_after):
    SyncSchedule.objects.update(days=days)
    aged(receipt, gone_after + 0.1)
    kept = aged(receipt, gone_after - 0.1)

    turn(nightly, clock)

    assert left() == {kept}


def test_a_delivery_with_an_item_that_waits_is_kept_however_old(nightly, receipt, clock):
    waits = aged(receipt, 90, message_item("m1"), {"kind": "bad"})
    unread = aged(receipt, 90, {"kind": "bad"})
    Receipt.objects.filter(pk=unread).update(state=ReceiptState.DEAD)

    turn(nightly, clock)

    assert left() == {waits, unread}
    DeadItem.objects.filter(receipt=waits).update(replayed_at=NOW)
    turn(nightly, clock)
    assert left() == {unread}


def test_of_an_unknown_kind_the_item_outlives_its_delivery(nightly, receipt, clock):
    aged(receipt, 90, {"kind": "unheard-of"})

    turn(nightly, clock)

    item = DeadItem.objects.get()
    assert (left(), item.receipt, item.reason) == (set(), None, UNKNOWN_KIND)


def test_what_was_replayed_and_runs_that_are_over_go_and_what_is_under_way_stays(nightly, channel, clock):
    long_ago = NOW - timedelta(days=31)
    for replayed_at in (long_ago, NOW, None):
        DeadItem.objects.create(
            channel=channel, payload={}, reason="?", created_at=long_ago, replayed_at=replayed_at
        )
    for number, state in enumerate(("done", "failed", "running")):
        SyncRun.objects.create(
            schedule=nightly if number == 2 else None, channel=channel, task=Task.POLL, state=state,
            started_at=long_ago, ended_at=None if state == "running" else long_ago,
        )  # fmt: skip
    for weeks in (0, 8, 10):
        HourOfArrivals.objects.create(channel=channel, hour=NOW - timedelta(weeks=weeks), messages=1)

    turn(nightly, clock)

    assert DeadItem.objects.count() == 2
    assert set(SyncRun.objects.values_list("task", "state")) == {("poll", "done")}
    kept = HourOfArrivals.objects.order_by("hour").values_list("hour", flat=True)
    assert list(kept) == [NOW - timedelta(weeks=8), NOW]


def test_by_what_a_silence_is_measured_is_kept_as_long_as_it_lasts(nightly, channel, clock):
    for weeks in (30, 38, 40):
        HourOfArrivals.objects.create(channel=channel, hour=NOW - timedelta(weeks=weeks), messages=1)

    turn(nightly, clock)

    kept = HourOfArrivals.objects.order_by("hour").values_list("hour", flat=True)
    assert list(kept) == [NOW - timedelta(weeks=38), NOW - timedelta(weeks=30)]


def test_an_edit_whose_message_never_came_goes_after_a_month(nightly, channel, clock):
    for target, days in (("long-lost", 31), ("lost", 29)):
        edited = Edited(target, "Their words", NOW - timedelta(days=days))
        receiving.receive(arrivals=[Arrival(channel.pk, edited)], now=NOW - timedelta(days=days))

    done = turn(nightly, clock)

    assert Amendment.objects.get().target == "lost"
    assert done.events == 1


def test_other_channels_keep_what_is_theirs(nightly, receipt, connect, clock):
    other = connect("acc-2")
    theirs = Receipt.objects.create(
        channel=other, received_at=NOW - timedelta(days=90), body=b"{}", state=ReceiptState.DONE
    )

    turn(nightly, clock)

    assert left() == {theirs.pk}


def test_a_turn_that_is_over_goes_on_with_the_rest(nightly, receipt, clock, monkeypatch):
    monkeypatch.setattr(purging, "BATCH", 2)
    for _ in range(5):
        aged(receipt, 40)

    counts = []
    for _ in range(3):
        turn(nightly, clock, max_seconds=0)
        counts.append(len(left()))

    assert counts == [3, 1, 0]
    run = SyncRun.objects.get()
    assert (run.state, run.events) == ("done", 5)


def test_a_long_turn_is_not_taken_for_dead(nightly, receipt, clock, monkeypatch):
    monkeypatch.setattr(purging, "BATCH", 1)
    for _ in range(5):
        aged(receipt, 40)
    scheduling.claim_due(now=clock())
    batch = purging._purge_receipts

    def slowly(*arguments):
        clock.passes(30)
        assert scheduling.claim_due(now=clock()) == []
        return batch(*arguments)

    monkeypatch.setattr(purging, "_purge_receipts", slowly)

    done = turn(nightly, clock)

    assert (left(), done.events, nightly.failures) == (set(), 5, 0)
