"""The state of a channel: sending may be parked or asked to wait; receiving stops only where an administrator has retired it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from inbox import events
from inbox.models import Channel, ChannelState, EventKind
from inbox.rules.cleaning import clean

MOST_ANSWERS = 30
LONGEST_ANSWER = 2000


def park_sending(*, channel_id: int, reason: str, now: datetime) -> None:
    """The grant is broken: replies wait until somebody connects the channel again."""
    _set_state(channel_id, ChannelState.NEEDS_RECONNECT, reason, now)


def disconnect(*, channel_id: int, reason: str, now: datetime) -> None:
    """Retired: nothing goes out and nothing comes in until somebody connects it again."""
    _set_state(channel_id, ChannelState.DISCONNECTED, reason, now)


def take_back(*, channel_id: int, reason: str, now: datetime) -> bool:
    """Somebody consented for a retired one: what is delivered comes in again, and replies wait until the connection is confirmed.
    False: it was not retired."""
    if not Channel.objects.filter(pk=channel_id, state=ChannelState.DISCONNECTED).exists():
        return False
    _set_state(channel_id, ChannelState.NEEDS_RECONNECT, reason, now, is_consent=True)
    return True


def resume_sending(*, channel_id: int, now: datetime) -> None:
    """Connected again: what was parked goes out. One that was retired has to be taken back first."""
    _set_state(channel_id, ChannelState.CONNECTED, "", now)


@transaction.atomic
def _set_state(
    channel_id: int, state: ChannelState, reason: str, now: datetime, *, is_consent: bool = False
) -> None:
    channel = Channel.objects.get(pk=channel_id)
    with events.ledger(channel.brand_id) as ledger:
        channel.refresh_from_db()
        if (channel.state, channel.state_reason) == (state, reason[:300]):
            return
        if channel.state == ChannelState.DISCONNECTED and not is_consent:
            return  # an answer that was on its way when it was retired
        ledger.record(
            EventKind.CHANNEL_CHANGED,
            at=now,
            channel=channel_id,
            state=state,
            reason=reason,
            before=channel.state,
        )
        Channel.objects.filter(pk=channel_id).update(state=state, state_reason=reason[:300])


class Refused(Exception):
    """Why these cannot be its automatic answers, in a sentence."""


@transaction.atomic
def name_automatic(*, channel: Channel, answers: Sequence[str], other_apps_are_bots: bool) -> None:
    """What counts as nobody's from now on; what has come keeps the origin it had. Empty ones are left out. The audit log hears of it by
    its trigger. Raises Refused."""
    named = list(
        dict.fromkeys(text for each in answers if (text := clean(each).replace("\r\n", "\n").strip()))
    )
    if len(named) > MOST_ANSWERS:
        raise Refused(f"Name at most {MOST_ANSWERS} automatic answers.")
    if any(len(each) > LONGEST_ANSWER for each in named):
        raise Refused(f"An automatic answer has at most {LONGEST_ANSWER:,} characters.")
    Channel.objects.filter(pk=channel.pk).update(
        automatic_answers=named, other_apps_are_bots=other_apps_are_bots
    )


@transaction.atomic(durable=True)
def delay_sends(*, channel_id: int, until: datetime, now: datetime) -> None:
    """The platform's limit of messages is used up until then; public answers do not wait for it. Only ever moved later, unless the earlier delay is over."""
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if channel.sends_resume_at is None or channel.sends_resume_at <= now or channel.sends_resume_at < until:
        Channel.objects.filter(pk=channel_id).update(sends_resume_at=until)
