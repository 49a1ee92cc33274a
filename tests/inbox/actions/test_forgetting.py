"""What was kept for an answer that never came goes in a sweep that waits for nobody, and nobody waits for it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import pytest
from django.db import connection

from inbox.actions import forgetting, receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, Message, TakenEcho
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of
from tests.inbox.actions import holding

LATE = forgetting.ECHOES_KEPT.total_seconds() + 120


def shown_before_its_answer(channel: Channel, *, seconds: float) -> Message:
    """A reply of a conversation of its own, whose echo comes and whose answer does not."""
    receiving.receive(
        arrivals=[Arrival(channel.pk, say.wrote("Where is it?", seconds=seconds, external_id=f"q{seconds}"))],
        now=say.at(seconds),
    )
    conversation = Conversation.objects.get(channel=channel)
    [message] = replying.queue_reply(
        conversation=conversation, by=agent_of(channel.brand), text="On its way", now=say.at(seconds + 1),
        client_id=uuid.uuid4(), written_against=conversation.public_seq,
    )  # fmt: skip
    assert sending.claim_reply(message_id=message.pk, now=say.at(seconds + 2))
    arrival = Arrival(channel.pk, say.echoed("On its way", seconds=seconds + 3, external_id=f"e{seconds}"))
    receiving.receive(arrivals=[arrival], now=say.at(seconds + 3))
    return message


@contextmanager
def in_another_hand(message: Message) -> Iterator[None]:
    """Somebody else's transaction has what was kept for this reply."""
    with holding.locked(lambda: nullcontext(TakenEcho.objects.select_for_update().get(message=message))):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


@pytest.mark.django_db(transaction=True)
def test_neither_another_brand_nor_the_sweep_waits_for_what_somebody_has_in_hand() -> None:
    old = shown_before_its_answer(ChannelFactory(), seconds=60)

    with in_another_hand(old):
        new = shown_before_its_answer(ChannelFactory(), seconds=LATE)
        assert forgetting.forget_taken_echoes(now=say.at(LATE + 3)) == 0
    assert set(TakenEcho.objects.values_list("message", flat=True)) == {old.pk, new.pk}

    assert forgetting.forget_taken_echoes(now=say.at(LATE + 3)) == 1
    assert TakenEcho.objects.get().message_id == new.pk


@pytest.mark.django_db
def test_the_sweep_forgets_some_at_a_time_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "ECHOES_AT_ONCE", 1)
    first = shown_before_its_answer(ChannelFactory(), seconds=60)
    second = shown_before_its_answer(ChannelFactory(), seconds=90)
    later = say.at(93) + forgetting.ECHOES_KEPT + timedelta(seconds=1)

    assert forgetting.forget_taken_echoes(now=later) == 1
    assert TakenEcho.objects.get().message_id == second.pk != first.pk
    assert forgetting.forget_taken_echoes(now=later) == 1
    assert forgetting.forget_taken_echoes(now=later) == 0
