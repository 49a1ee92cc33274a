"""A network that wants every reply sent by a person: what could not leave while a click holds is given back, wherever it waits."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from inbox import events, platforms
from inbox.actions import _by_brand, _waiting, sending
from inbox.models import ChannelState, Message, MessageState
from inbox.queries import outbox


def give_back_old(*, now: datetime) -> int:
    """Those that stand in a parked or throttled channel, or behind another reply: nobody claims them, so nobody would see how old their click
    is. How many were given back."""
    strict = [each.key for each in platforms.installed() if each.send.requires_human]
    found = outbox.old_clicks(strict, now=now) if strict else []
    brands = dict(Message.objects.filter(pk__in=found).values_list("pk", "conversation__brand_id"))
    given, held = list[int](), set[int]()
    for pk, brand_id in brands.items():
        if brand_id not in held and not _by_brand.work(
            brand_id, partial(_give_back, brand_id, pk, now, given), now=now
        ):
            held.add(brand_id)
    return len(given)


@transaction.atomic(durable=True)
def _give_back(brand_id: int, message_id: int, now: datetime, given: list[int]) -> None:
    _by_brand.be_patient()
    with events.ledger(brand_id) as ledger:
        found = Message.objects.select_related("conversation", "channel")
        message = found.filter(pk=message_id, state=MessageState.QUEUED).first()
        if message is None or _waiting.is_by_a_click(message, now):
            return
        parked = message.channel.state != ChannelState.CONNECTED and not message.state_reason
        if parked:
            message.state_reason = message.channel.state_reason
        sending.leave_to_a_person(ledger, message, _waiting.why_it_waited_too_long(message), now)
    given.append(message_id)
