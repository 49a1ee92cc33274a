"""What migrations make of rows that were there before."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from connectors.models import DeadItem, Gap, Receipt, SyncRun, SyncSchedule
from inbox.models import Amendment, Conversation, Message
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


SHORT, LONG = "urn:li:comment:(activity:1,2)", "urn:li:comment:(urn:li:activity:1,2)"


def test_comments_on_linkedin_that_are_kept_under_their_short_name_are_found_by_the_long_one() -> None:
    channel, elsewhere = ChannelFactory(platform="linkedin"), ChannelFactory(platform="fake")
    talk, both, other = (
        make.conversations(
            each, 1, each=[{"platform": each.platform, "kind": "comment", "thread_key": f"comment:{name}", "recipient_key": key}]
        )[0]
        for each, name, key in [
            (channel, SHORT, f"author-of:{SHORT}"),
            (channel, "urn:li:activity:9", "mara"),
            (elsewhere, SHORT, SHORT),
        ]
    )  # fmt: skip
    kept = make.messages(talk, 1, external_id=SHORT)[0]
    answer = make.messages(talk, 1, external_id="x", reply_to=SHORT)[0]
    twice = "urn:li:comment:(activity:1,3)", "urn:li:comment:(urn:li:activity:1,3)"
    pair = [make.messages(both, 1, external_id=each)[0] for each in twice]
    strange = make.messages(other, 1, external_id=SHORT)[0]
    at = timezone.now()
    edit = Amendment.objects.create(channel=channel, target=SHORT, kind="edit", at=at, learned_at=at)

    steps = import_module("connectors.migrations.0025_comments_of_linkedin_by_one_name")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _ in range(2):  # harmless twice
            cursor.execute(steps.MESSAGES)
            cursor.execute(steps.REST)

    def now(*rows: Message) -> list[tuple[str | None, str]]:
        found = Message.objects.in_bulk([each.pk for each in rows])
        return [(found[each.pk].external_id, found[each.pk].reply_to) for each in rows]

    assert now(kept, answer, *pair, strange) == [
        (LONG, ""), ("x", LONG), *((each, "") for each in twice), (SHORT, ""),
    ]  # fmt: skip
    keys = dict(Conversation.objects.values_list("pk", "thread_key"))
    assert (keys[talk.pk], keys[other.pk]) == (f"comment:{LONG}", f"comment:{SHORT}")
    assert Conversation.objects.get(pk=talk.pk).recipient_key == f"author-of:{LONG}"
    assert Amendment.objects.get(pk=edit.pk).target == LONG
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=kept.pk).update(external_id="another")
