"""Nothing is buried that came a moment before."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from inbox.actions import receiving
from inbox.actions.receiving import Arrival
from inbox.models import Channel, Conversation, ConversationState
from tests.factories import exchange as say


def resolve(page: Client, conversation: Conversation, seen_seq: object):  # type: ignore[no-untyped-def]
    there = reverse("inbox:resolution", args=["lumen", conversation.public_id])
    return page.post(there, {"seen_seq": seen_seq})


def test_what_the_customer_wrote_meanwhile_stops_it_and_is_shown(
    page: Client, conversation: Conversation, channel: Channel
) -> None:
    seen = conversation.public_seq
    arrival = Arrival(channel.pk, say.wrote("WAIT, <b>cancel</b> it!", seconds=30))
    receiving.receive(arrivals=[arrival], now=say.at(31))

    stopped = resolve(page, conversation, seen)

    conversation.refresh_from_db()
    assert stopped.status_code == 409
    assert "WAIT, &lt;b&gt;cancel&lt;/b&gt; it!" in stopped.content.decode()
    assert "Resolve anyway" in stopped.content.decode()
    assert (conversation.state, conversation.unread_count) == (ConversationState.OPEN, 2)

    newest = stopped.content.decode().split('data-newest="')[1].split('"')[0]
    assert resolve(page, conversation, newest).status_code == 200
    conversation.refresh_from_db()
    assert conversation.state == ConversationState.RESOLVED


@pytest.mark.parametrize("nonsense", ["-1", "x"])
def test_a_number_nobody_was_given_is_refused_calmly(
    nonsense: str, page: Client, conversation: Conversation
) -> None:
    assert resolve(page, conversation, nonsense).status_code == 422
