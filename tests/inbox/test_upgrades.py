"""What migrations make of rows that were there before."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from inbox.models import Ended, Event, EventKind, Macro, Message
from tests.factories import conversations as make
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db


def test_replies_that_have_ended_are_known_by_their_words_once() -> None:
    conversation = make.conversations(ChannelFactory(), 1)[0]
    elsewhere = "The customer has it: it is shown as another reply with the same words."
    reasons = ["Discarded", elsewhere, "Blocked", ""]
    for reason in reasons:
        make.messages(conversation, 1, direction="out", state="failed", external_id=None, state_reason=reason)
    [waiting] = make.messages(
        conversation, 1, direction="out", state="queued", external_id=None, state_reason="Discarded"
    )

    steps = import_module("inbox.migrations.0043_replies_that_have_ended")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.BY_THEIR_WORDS)

    found = dict(Message.objects.filter(state="failed").values_list("state_reason", "ended"))
    assert found == {"Discarded": Ended.DISCARDED, elsewhere: Ended.ELSEWHERE, "Blocked": "", "": ""}
    assert Message.objects.get(pk=waiting.pk).ended == ""


def test_events_of_merges_lose_the_names_that_earlier_versions_wrote() -> None:
    brand = ChannelFactory().brand
    names = {"kept": "Mara", "absorbed": "Mara_X", "merge": "1"}
    kinds = [EventKind.CONTACTS_MERGED, EventKind.CONTACTS_PARTED, EventKind.CONVERSATIONS_MERGED]
    for seq, kind in enumerate(kinds, start=1):
        Event.objects.create(brand=brand, seq=seq, kind=kind, at=timezone.now(), data=names)

    steps = import_module("inbox.migrations.0049_merges_name_nobody")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.WITHOUT_NAMES)

    found = dict(Event.objects.values_list("kind", "data"))
    assert found == dict(zip(kinds, [{"merge": "1"}, {"merge": "1"}, names], strict=True))


def test_macros_that_were_told_a_length_which_may_be_an_hour_go_on_meaning_it() -> None:
    brand = ChannelFactory().brand
    was = ["8h", "Until 14 H", "23h", "4h", "24h", "14h30", "fri 14h", "after reply"]
    for words in was:
        Macro.objects.create(brand=brand, name=words, snoozes=words)

    steps = import_module("inbox.migrations.0051_macros_snooze_for_hours")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.IN_HOURS)

    found = list(Macro.objects.order_by("pk").values_list("snoozes", flat=True))
    assert found == ["8 hours", "14 hours", "23 hours", *was[3:]]


def test_replies_on_their_way_in_public_are_known_as_such() -> None:
    channel = ChannelFactory()
    public, direct = make.conversations(channel, 2, each=[{"kind": "comment"}, {"kind": "direct"}])
    [waiting] = make.messages(public, 1, direction="out", state="queued", external_id=None)
    make.messages(public, 1)
    make.messages(direct, 1, direction="out", state="queued", external_id=None)

    steps = import_module("inbox.migrations.0044_outbox_of_channels")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.ON_THEIR_WAY)

    assert list(Message.objects.filter(in_public=True)) == [waiting]
