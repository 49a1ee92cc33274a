"""The customer is shown that somebody writes to them. Nothing depends on it: what fails is not tried again."""

from __future__ import annotations

import structlog

from connectors import contexts
from connectors.abilities import Gestures
from connectors.actions import budgets
from connectors.clock import Clock
from connectors.contract import ConnectorError
from inbox import gestures
from inbox.models import ChannelState, Conversation

log = structlog.get_logger(__name__)
SEND_BUCKETS = budgets.limits_of("send")


def show_writing(*, conversation_id: int, clock: Clock) -> bool:
    """Whether it was shown. It counts against the same limits as replies, and gives way to them: while any of them has the
    next turn it is not shown."""
    found = Conversation.objects.select_related("channel").filter(pk=conversation_id)
    conversation = found.filter(channel__state=ChannelState.CONNECTED).first()
    if conversation is None or not gestures.can_show_writing(conversation):
        return False
    channel, now = conversation.channel, clock()
    if budgets.closed_until(channel_id=channel.pk, buckets=SEND_BUCKETS, now=now):
        return False
    try:
        connector, context, _ = contexts.of_channel(channel, now=now)
        if not isinstance(connector, Gestures):
            return False
        context = budgets.at_once(context, channel=channel)
        notices = connector.show_writing(context, conversation.thread_key, conversation.recipient_key)
    except contexts.NotConnected:
        return False
    except ConnectorError as error:
        log.info("writing_not_shown", channel=channel.pk, remedy=error.remedy.value, code=error.code)
        budgets.keep(channel_id=channel.pk, notices=error.rates, now=clock())
        return False
    budgets.keep(channel_id=channel.pk, notices=notices, now=clock())
    return True
