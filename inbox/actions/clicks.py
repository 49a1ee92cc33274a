"""A network that wants every reply sent by a person: what could not leave while a click holds is given back, wherever it waits."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events, platforms
from inbox.actions import _waiting, sending
from inbox.models import ChannelState, Message, MessageState
from inbox.queries import outbox


def give_back_old(*, now: datetime) -> int:
    """Those that stand in a parked or throttled channel, or behind another reply: nobody claims them, so nobody would see how old their click
    is. How many were given back."""
    strict = [each.key for each in platforms.installed() if each.send.requires_human]
    return sum(_give_back(pk, now) for pk in outbox.old_clicks(strict, now=now)) if strict else 0


@transaction.atomic(durable=True)
def _give_back(message_id: int, now: datetime) -> bool:
    brand_id = Message.objects.filter(pk=message_id).values_list("conversation__brand_id", flat=True).first()
    if brand_id is None:
        return False
    with events.ledger(brand_id) as ledger:
        found = Message.objects.select_related("conversation", "channel")
        message = found.filter(pk=message_id, state=MessageState.QUEUED).first()
        if message is None or _waiting.is_by_a_click(message, now):
            return False
        parked = message.channel.state != ChannelState.CONNECTED and not message.state_reason
        if parked:
            message.state_reason = message.channel.state_reason
        sending.leave_to_a_person(ledger, message, _waiting.why_it_waited_too_long(message), now)
    return True
