from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from connectors import clock
from connectors.actions import draining, scheduling, syncing
from connectors.models import Credential, DeadItem, Receipt, ReceiptState, SyncSchedule
from inbox.models import Channel, Message
from tests.connectors.conftest import NOW, message_item

pytestmark = pytest.mark.django_db(transaction=True)


def told(*args, **options):
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def poll(channel):
    # The command's clock is the real one, so the grant must hold today.
    Credential.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    Channel.objects.update(created_at=NOW - timedelta(days=1))
    later = timezone.now() + timedelta(hours=1)
    return SyncSchedule.objects.create(channel=channel, task="poll", every_seconds=5, next_run_at=later)


def test_a_sync_runs_now_and_says_what_it_did(poll, platform, channel):
    platform.hears("Hello", at=NOW)

    said = told("sync", str(channel.public_id))

    assert "1 new messages" in said
    assert Message.objects.count() == 1


def test_a_sync_that_fails_has_an_exit_code(poll, platform, monkeypatch):
    def refuse(ctx, cursor):
        from connectors.contract import ConnectorError, Remedy

        raise ConnectorError("The role was lost.", remedy=Remedy.TELL)

    monkeypatch.setattr(platform, "poll", refuse)

    with pytest.raises(CommandError) as failed:
        told("sync", all=True)

    assert failed.value.returncode == 1


def test_a_sync_that_could_not_read_everything_has_an_exit_code(poll, platform, monkeypatch):
    platform.hears("Hello", at=NOW)
    page = platform.poll

    def with_a_bad_item(ctx, cursor):
        return replace(page(ctx, cursor), failures=(({"id": "?"}, "It has no author."),))

    monkeypatch.setattr(platform, "poll", with_a_bad_item)

    with pytest.raises(CommandError, match="1 item could not be read") as left:
        told("sync", all=True)

    assert left.value.returncode == 1
    assert "1 could not be read" in told("sync", all=True)  # it waits for people already, and is met again
    assert Message.objects.count() == 1


def test_a_long_sync_that_made_room_for_others_goes_on_to_its_end(poll, platform, channel, monkeypatch):
    """After a restore the walks of all channels wait: a turn of each ends with its page after its fair share."""
    platform.page_size = 1
    for number in range(3):
        platform.hears(f"Message {number}", at=timezone.now() - timedelta(minutes=number))
    walk = SyncSchedule.objects.create(
        channel=channel, task="reconcile", every_seconds=900, next_run_at=timezone.now()
    )
    monkeypatch.setattr("connectors.actions._asking.FAIR", -1.0)
    monkeypatch.setattr("connectors.actions.scheduling.somebody_waits", lambda **_: True)

    said = told("sync", str(channel.public_id), task="reconcile")

    assert "3 pages, 3 events, 3 new messages" in said
    walk.refresh_from_db()
    assert walk.last_success_at is not None


def test_a_long_sync_that_another_goes_on_with_is_not_said_to_be_done(poll, platform, channel, monkeypatch):
    platform.page_size = 1
    for number in range(3):
        platform.hears(f"Message {number}", at=timezone.now() - timedelta(minutes=number))
    SyncSchedule.objects.create(
        channel=channel, task="reconcile", every_seconds=900, next_run_at=timezone.now()
    )
    monkeypatch.setattr("connectors.actions._asking.FAIR", -1.0)
    monkeypatch.setattr("connectors.management.commands.sync.PATIENCE", -20)

    monkeypatch.setattr("connectors.actions.scheduling.somebody_waits", lambda **_: True)
    close = syncing._close

    def closed_and_taken(*args, **more):
        done = close(*args, **more)
        SyncSchedule.objects.update(lease_until=timezone.now() + timedelta(hours=1))
        return done

    monkeypatch.setattr(syncing, "_close", closed_and_taken)

    with pytest.raises(CommandError) as failed:
        told("sync", str(channel.public_id), task="reconcile")

    assert failed.value.returncode == 1


@pytest.mark.parametrize("full", [False, True])
def test_a_sync_waits_for_the_run_under_way(poll, platform, channel, full):
    """It may have been past what is looked for; a poll every few seconds is nearly always under way."""
    platform.hears("Missed", at=NOW)
    SyncSchedule.objects.update(lease_until=timezone.now() + timedelta(seconds=0.5))

    said = told("sync", str(channel.public_id), full=full)

    assert "is running already; its end is waited for" in said
    assert "1 new messages" in said


def test_a_walk_that_began_before_it_was_asked_for_is_followed_by_another(
    poll, platform, channel, monkeypatch
):
    """It has been past the newest already, as one that is long may have been past anything."""
    platform.page_size = 1
    for number in range(3):
        platform.hears(f"Message {number}", at=timezone.now() - timedelta(minutes=1 + number))
    walk = SyncSchedule.objects.create(
        channel=channel, task="reconcile", every_seconds=900, next_run_at=timezone.now()
    )
    monkeypatch.setattr("connectors.actions._asking.FAIR", -1.0)
    monkeypatch.setattr("connectors.actions.scheduling.somebody_waits", lambda **_: True)
    assert scheduling.claim(schedule_id=walk.pk, now=timezone.now())
    syncing.run(schedule_id=walk.pk, clock=clock.from_(timezone.now()), max_seconds=60)
    assert walk.runs.get().state == "running"
    platform.hears("Written meanwhile", at=timezone.now())

    told("sync", str(channel.public_id), task="reconcile")

    assert [run.state for run in walk.runs.order_by("pk")] == ["done", "done"]
    assert Message.objects.filter(text="Written meanwhile").exists()


def test_reading_anew_that_never_gets_its_turn_has_an_exit_code(poll, channel, monkeypatch):
    monkeypatch.setattr("connectors.management.commands.sync.PATIENCE", -20)
    SyncSchedule.objects.update(lease_until=timezone.now() + timedelta(minutes=1))

    with pytest.raises(CommandError) as failed:
        told("sync", str(channel.public_id), full=True)

    assert failed.value.returncode == 1


def test_a_channel_nobody_has_is_another_exit_code(poll):
    with pytest.raises(CommandError) as failed:
        told("sync", "@nobody")

    assert failed.value.returncode == 2


def test_dead_items_come_alive_after_the_cause_was_mended(receipt, platform, monkeypatch):
    receipt(message_item("m1"), {**message_item("m2", seconds=1), "kind": "new-kind"})
    draining.drain(now=NOW)
    assert (Message.objects.count(), DeadItem.objects.filter(replayed_at=None).count()) == (1, 1)
    parse = platform.parse

    def mended(item, account):
        kind = item.payload["kind"]
        payload = {**item.payload, "kind": "message"} if kind == "new-kind" else item.payload
        return parse(type(item)(payload, item.account_ids), account)

    monkeypatch.setattr(platform, "parse", mended)

    said = told("replay", dead=True)

    assert "1 new messages, 0 still dead" in said
    assert Message.objects.count() == 2
    assert not DeadItem.objects.filter(replayed_at=None).exists()


def test_what_is_still_dead_has_an_exit_code_and_is_kept_once(receipt):
    receipt({"kind": "bad"})
    draining.drain(now=NOW)

    for _ in range(2):
        with pytest.raises(CommandError) as failed:
            told("replay", dead=True)
        assert failed.value.returncode == 1

    assert DeadItem.objects.filter(replayed_at=None).count() == 1


def test_replaying_everything_doubles_nothing(receipt, channel):
    for number in range(5):
        receipt(message_item(f"m{number}", seconds=number))
    draining.drain(now=NOW)

    said = told("replay", channel=str(channel.public_id))

    assert "Replayed 5 receipts, 5 items: 0 new messages" in said
    assert Message.objects.count() == 5
    assert Receipt.objects.filter(state=ReceiptState.DONE).count() == 5


def test_one_receipt_by_number(receipt):
    first = receipt(message_item("m1"))
    receipt(message_item("m2", seconds=1))
    draining.drain(now=NOW)

    assert "Replayed 1 receipts" in told("replay", receipt=first.pk)


def test_a_receipt_that_does_not_exist_is_another_exit_code(channel):
    with pytest.raises(CommandError) as failed:
        told("replay", receipt=12345)

    assert failed.value.returncode == 2
