"""The customer sees that somebody writes, where the platform has that, and nothing depends on it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from connectors.actions import draining, gesturing
from connectors.contract import ConnectorError, Pace, RateNotice, Remedy
from connectors.models import RateBudget
from inbox import platforms
from inbox.models import Channel, ChannelState, Conversation, ConversationKind
from tests.connectors.conftest import NOW, message_item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def conversation(receipt, platform):
    platforms.register(replace(platform.manifest, send=replace(platform.manifest.send, typing=True)))
    receipt(message_item("m1"))
    draining.drain(now=NOW)
    return Conversation.objects.get()


def test_it_is_shown_and_counts_against_the_limits(conversation, platform, clock):
    platform.rates = (RateNotice("send", 0, NOW + timedelta(minutes=1)),)

    assert gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    assert not gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    assert platform.written_to == ["mara"]

    clock.passes(61)
    assert gesturing.show_writing(conversation_id=conversation.pk, clock=clock)


def test_what_fails_is_dropped_and_the_limits_it_told_are_kept(conversation, platform, clock):
    platform.writing_fails = ConnectorError(
        "Too much.", remedy=Remedy.RETRY, rates=[RateNotice("account", 0, NOW + timedelta(minutes=5))]
    )

    assert not gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    assert RateBudget.objects.get().bucket == "account"

    platform.writing_fails = ConnectorError("The grant is gone.", remedy=Remedy.RECONNECT)
    clock.passes(301)
    assert not gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    assert Channel.objects.get().state == ChannelState.CONNECTED


def test_it_takes_the_turn_of_a_reply_where_that_is_free_and_is_not_shown_where_others_are_in_line(
    conversation, platform, clock
):
    paces = {"send": Pace(per_second=1, checked_on=NOW.date())}
    platforms.register(replace(platforms.get("fake"), paces=paces))
    assert gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    RateBudget.objects.filter(bucket="send turn").update(resets_at=Now() + timedelta(seconds=15))
    taken = RateBudget.objects.get().resets_at

    assert not gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    assert (platform.written_to, RateBudget.objects.get().resets_at) == (["mara"], taken)

    RateBudget.objects.update(resets_at=Now())
    assert gesturing.show_writing(conversation_id=conversation.pk, clock=clock)


def test_nobody_is_shown_it_in_public_or_where_the_channel_or_the_platform_has_no_such_thing(
    conversation, platform, clock
):
    Conversation.objects.update(kind=ConversationKind.COMMENT)
    gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    Conversation.objects.update(kind=ConversationKind.DIRECT)
    Channel.objects.update(state=ChannelState.NEEDS_RECONNECT)
    gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    Channel.objects.update(state=ChannelState.CONNECTED)
    platforms.register(platform.manifest)
    gesturing.show_writing(conversation_id=conversation.pk, clock=clock)
    gesturing.show_writing(conversation_id=0, clock=clock)

    assert platform.written_to == []
