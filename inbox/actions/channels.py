"""The state of a channel: sending may be parked or asked to wait; receiving never stops."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.models import Channel, ChannelState, EventKind


def park_sending(*, channel_id: int, reason: str, now: datetime) -> None:
    """The grant is broken: replies wait until somebody connects the channel again."""
    _set_state(channel_id, ChannelState.NEEDS_RECONNECT, reason, now)


def disconnect(*, channel_id: int, reason: str, now: datetime) -> None:
    _set_state(channel_id, ChannelState.DISCONNECTED, reason, now)


def resume_sending(*, channel_id: int, now: datetime) -> None:
    """Connected again: what was parked goes out."""
    _set_state(channel_id, ChannelState.CONNECTED, "", now)


@transaction.atomic
def _set_state(channel_id: int, state: ChannelState, reason: str, now: datetime) -> None:
    channel = Channel.objects.get(pk=channel_id)
    with events.ledger(channel.brand_id) as ledger:
        channel.refresh_from_db()
        if (channel.state, channel.state_reason) == (state, reason[:300]):
            return
        ledger.record(
            EventKind.CHANNEL_CHANGED,
            at=now,
            channel=channel_id,
            state=state,
            reason=reason,
            before=channel.state,
        )
        Channel.objects.filter(pk=channel_id).update(state=state, state_reason=reason[:300])


@transaction.atomic(durable=True)
def delay_sends(*, channel_id: int, until: datetime, now: datetime) -> None:
    """The platform's limit is used up until then. Only ever moved later, unless the earlier delay is over."""
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if channel.sends_resume_at is None or channel.sends_resume_at <= now or channel.sends_resume_at < until:
        Channel.objects.filter(pk=channel_id).update(sends_resume_at=until)
