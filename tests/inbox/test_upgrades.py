"""What migrations make of rows that were there before."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from inbox import events
from inbox.actions import _looking, closing, receiving, timing
from inbox.actions.receiving import Arrival
from inbox.models import (
    Clock,
    Conversation,
    Ended,
    Event,
    EventKind,
    Macro,
    Message,
    SlaPolicy,
    Timer,
    TimerKind,
)
from tests.factories import conversations as make
from tests.factories import exchange
from tests.factories.people import ChannelFactory, agent_of

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


def looked_at_again(*, now: datetime) -> None:
    """What the migration has set is due, and the sweep comes to it."""
    steps = import_module("inbox.migrations.0060_clocks_of_what_was_opened_from_history")
    with connection.cursor() as cursor:
        for _ in range(2):  # harmless twice
            cursor.execute(steps.LOOK_AGAIN)
    Timer.objects.filter(kind=TimerKind.TURN, due_at__gt=now).update(due_at=now)
    timing.sweep(now=now)


def test_what_was_opened_from_history_has_a_clock_since_its_opening() -> None:
    channel = ChannelFactory()
    SlaPolicy.objects.create(brand=channel.brand, name="Standard", resolution=7200)
    for who, historical in (("mara", True), ("zoe", False)):
        found = [Arrival(channel.pk, exchange.wrote(who=who))]
        receiving.receive(arrivals=found, now=exchange.at(1), historical=historical)
    mara = Conversation.objects.get(thread_key="mara")
    closing.reopen(conversation=mara, by=agent_of(channel.brand), now=exchange.at(60))
    Clock.objects.all().delete()
    Timer.objects.all().delete()
    Conversation.objects.update(opened_at=None, due_at=None, due_kind="", due_reason="")

    looked_at_again(now=exchange.at(90))

    assert Clock.objects.get().started_at == exchange.at(60)
    mara.refresh_from_db()
    assert (mara.opened_at, mara.due_at) == (exchange.at(60), exchange.at(60 + 7200))
    assert not Timer.objects.exclude(conversation=mara).exists()


def test_a_first_answer_that_is_waited_for_is_called_so() -> None:
    channel = ChannelFactory()
    SlaPolicy.objects.create(brand=channel.brand, name="Standard", first_response=600, next_response=1200)
    receiving.receive(arrivals=[Arrival(channel.pk, exchange.wrote(who="mara"))], now=exchange.at(1))
    with events.ledger(channel.brand_id) as ledger:
        _looking.look(ledger, [Conversation.objects.get().pk], exchange.at(2))
    Clock.objects.update(kind="next", target=1200)
    Timer.objects.all().delete()

    looked_at_again(now=exchange.at(90))

    assert [(clock.kind, clock.target) for clock in Clock.objects.all()] == [("first", 600)]
