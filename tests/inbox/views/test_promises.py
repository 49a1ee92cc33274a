"""Beside the thread: by when it will be answered, or that no answer is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inbox.actions import receiving, tagging_work, triaging
from inbox.actions.receiving import Arrival
from inbox.models import BrandSequence, Channel, Clock, Conversation, Event, EventKind, SlaPolicy
from tests.factories import exchange as say
from tests.factories.people import BrandFactory, agent_of


def at(name: str, conversation: Conversation) -> str:
    return reverse(f"inbox:{name}", args=[conversation.brand.slug, conversation.public_id])


def seen(conversation: Conversation) -> int:
    return BrandSequence.objects.get(pk=conversation.brand_id).last


def triage(conversation: Conversation) -> None:
    brand = conversation.brand
    while not (batch := triaging.next_batch(brand.pk)).is_empty:
        readings = tagging_work.read(brand, triaging.messages_of(batch))
        triaging.triage(batch, readings, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_a_promise_is_typed_becomes_the_due_time_and_is_taken_back(
    page: Client, conversation: Conversation
) -> None:
    offered = page.get(at("promise", conversation)).content.decode()
    assert "30m" in offered and "take back" not in offered

    before = timezone.now()
    page.post(at("promise", conversation), {"until": "2h"})
    triage(conversation)

    conversation.refresh_from_db()
    assert conversation.promised_at is not None
    assert timedelta(hours=2) <= conversation.promised_at - before < timedelta(hours=2, minutes=1)
    assert (conversation.due_at, conversation.due_kind) == (conversation.promised_at, "promise")
    shown = page.get(at("conversation", conversation)).content.decode()
    assert "Promised by" in shown and "change the promise" in shown
    assert "take back" in page.get(at("promise", conversation)).content.decode()

    page.delete(at("promise", conversation))
    triage(conversation)
    conversation.refresh_from_db()
    assert (conversation.promised_at, conversation.due_kind) == (None, "")


@pytest.mark.parametrize(
    ("typed", "words"), [("after reply", "A promise has a time"), ("", "such as"), ("soonish", "such as")]
)
def test_what_is_no_time_is_no_promise(
    typed: str, words: str, page: Client, conversation: Conversation
) -> None:
    answer = page.post(at("promise", conversation), {"until": typed})
    tried = page.get(at("promise-preview", conversation), {"until": typed}).content.decode()

    conversation.refresh_from_db()
    assert (answer.status_code, conversation.promised_at) == (422, None)
    assert words in answer.content.decode()
    assert words in tried and 'data-understood="no"' in tried


def test_what_is_over_promises_nothing(page: Client, conversation: Conversation) -> None:
    Conversation.objects.update(state="resolved", resolved_at=timezone.now())

    answer = page.post(at("promise", conversation), {"until": "2h"})

    assert answer.status_code == 422
    assert "Open it again" in answer.content.decode()
    assert 'data-pick="promise"' not in page.get(at("conversation", conversation)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_needs_no_answer_stops_the_clock(
    page: Client, channel: Channel, conversation: Conversation
) -> None:
    SlaPolicy.objects.create(brand=channel.brand, name="Standard", first_response=10**9)
    triage(conversation)
    assert "no answer needed" in page.get(at("conversation", conversation)).content.decode()

    shown = page.post(at("no-reply-needed", conversation), {"seen_seq": seen(conversation)}).content.decode()
    triage(conversation)

    assert "no answer needed" not in shown
    assert Clock.objects.get().state == "cancelled"
    assert Event.objects.filter(kind=EventKind.NO_REPLY_NEEDED).count() == 1


def test_what_the_customer_wrote_meanwhile_is_not_buried(
    page: Client, channel: Channel, conversation: Conversation
) -> None:
    before = seen(conversation)
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote("One more", seconds=5))], now=say.at(6))

    answer = page.post(at("no-reply-needed", conversation), {"seen_seq": before})

    conversation.refresh_from_db()
    assert answer.status_code == 409
    assert "has just written" in answer.content.decode()
    assert conversation.waiting_since is not None
    assert page.post(at("no-reply-needed", conversation), {"seen_seq": "x"}).status_code == 422


def test_another_brands_people_can_promise_nothing(client: Client, conversation: Conversation) -> None:
    client.force_login(agent_of(BrandFactory()))

    for name in ("promise", "no-reply-needed"):
        assert client.post(at(name, conversation), {"until": "2h"}).status_code == 404
    assert client.get(at("promise", conversation)).status_code == 404
    assert client.get(at("promise-preview", conversation), {"until": "2h"}).status_code == 404
    conversation.refresh_from_db()
    assert (conversation.promised_at, conversation.no_reply_needed_at) == (None, None)
