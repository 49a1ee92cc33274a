"""What migrations make of rows that were there before."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from connectors.models import DeadItem, Receipt
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
