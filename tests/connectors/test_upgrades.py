"""What migrations make of rows that were there before."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from connectors.models import DeadItem, Gap, Receipt, SyncRun, SyncSchedule
from inbox.models import Conversation, Message
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db


def test_public_talk_on_x_of_before_is_its_first_persons_and_waiting_answers_name_their_post() -> None:
    channel = ChannelFactory(platform="x", external_id="brand")
    talk, other = make.conversations(
        channel, 2, each=[
            {"platform": "x", "kind": "comment", "thread_key": "comment:17", "recipient_key": "mara"},
            {"platform": "x", "kind": "direct", "thread_key": "1-2", "recipient_key": "mara"},
        ],
    )  # fmt: skip
    asked = make.messages(talk, 1)[0]
    waiting = make.messages(talk, 1, direction="out", state="queued", external_id=None)[0]

    steps = import_module("connectors.migrations.0012_public_threads_of_x_by_person")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.BY_PERSON)
            cursor.execute(steps.ANSWERED)

    assert Conversation.objects.get(pk=talk.pk).thread_key == "comment:17:mara"
    assert Conversation.objects.get(pk=other.pk).thread_key == "1-2"
    assert Message.objects.get(pk=waiting.pk).reply_to == asked.external_id


def test_deliveries_of_before_that_nobody_could_read_are_dead_items() -> None:
    channel = ChannelFactory()
    now = timezone.now()
    told = {"channel": channel, "body": b"<html>", "received_at": now}
    Receipt.objects.create(**told, state="done")
    unread = Receipt.objects.create(**told, state="dead", drained_at=now, reason="The body is no list.")

    steps = import_module("connectors.migrations.0016_whole_deliveries_are_dead_items")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.KEPT)

    item = DeadItem.objects.get()
    assert (item.receipt_id, item.channel_id, item.is_whole) == (unread.pk, channel.pk, True)
    assert (item.reason, item.created_at, item.replayed_at) == ("The body is no list.", now, None)


def test_what_healed_a_gap_is_told_by_its_run_and_waits_for_limits_are_no_failures() -> None:
    channel = ChannelFactory()
    now = timezone.now()
    plan = {"channel": channel, "every_seconds": 60, "failures": 4}
    limited = SyncSchedule.objects.create(task="poll", last_remedy="throttled", **plan)
    failing = SyncSchedule.objects.create(task="reconcile", last_remedy="retry", **plan)
    run = SyncRun.objects.create(channel=channel, task="reconcile", started_at=now)
    known = {"channel": channel, "since": now, "until": now, "found_at": now, "healed_at": now}
    healed = Gap.objects.create(cause="not_delivered", healed_by=run, **known)
    long_ago = Gap.objects.create(cause="not_delivered", **known)

    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(import_module("connectors.migrations.0019_what_healed_a_gap").NAMED)
            cursor.execute(import_module("connectors.migrations.0020_waits_are_no_failures").APART)

    assert [Gap.objects.get(pk=each.pk).healed_task for each in (healed, long_ago)] == ["reconcile", ""]
    counts = SyncSchedule.objects.in_bulk([limited.pk, failing.pk])
    assert [(counts[pk].failures, counts[pk].waits) for pk in (limited.pk, failing.pk)] == [(0, 4), (4, 0)]
