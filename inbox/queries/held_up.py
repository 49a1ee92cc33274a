"""Why a reply that has not been tried yet does not leave: its page says so instead of "sending"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from inbox.models import Channel, ChannelState, Direction, Message, MessageState

PARKED = "its channel has to be connected again"
BEHIND = "the reply before it has not left yet"
LIMIT = "the platform's limit is used up"
MOST = 500  # of a channel are looked for on pages that are open


@dataclass(frozen=True, slots=True)
class HeldUp:
    words: str
    until: datetime | None = None  # empty: nobody knows for how long


def why(messages: Sequence[Message]) -> dict[int, HeldUp]:
    """By message, of those that are queued and of which nothing was said yet. Two queries where there are any, one more where a limit was ever
    told, none where there are none. The channel is asked for as it is now: it may have been parked since its conversation was read."""
    queued = [each for each in messages if each.state == MessageState.QUEUED and not each.state_reason]
    if not queued:
        return {}
    channels = Channel.objects.in_bulk({each.channel_id for each in queued})
    ahead = _that_stand(queued)
    limited = _limited([each for each in channels.values() if each.sends_resume_at is not None])
    found = {each.pk: _why(each, channels[each.channel_id], ahead, limited) for each in queued}
    return {pk: held_up for pk, held_up in found.items() if held_up is not None}


def untried(channel_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """(conversation, message, its number) of replies of these channels of which nothing was said yet, the newest first."""
    queued = Message.objects.filter(channel__in=channel_ids, state=MessageState.QUEUED, state_reason="")
    return list(queued.order_by("-pk").values_list("conversation_id", "pk", "seq")[:MOST])


def _that_stand(queued: Sequence[Message]) -> list[tuple[int, int, str]]:
    """Of the same conversations, what will not leave in a moment: it was put off, or nobody knows what became of it."""
    theirs = Message.objects.filter(
        conversation__in={each.conversation_id for each in queued},
        direction=Direction.OUT,
        external_id=None,
        state__in=[MessageState.QUEUED, MessageState.UNCERTAIN],
    )
    put_off = theirs.exclude(state=MessageState.QUEUED, state_reason="")
    return list(put_off.order_by("pk").values_list("conversation_id", "pk", "state"))


def _limited(channels: Sequence[Channel]) -> set[int]:
    """Those whose limit is used up still: the time of one that is over stays in the row."""
    if not channels:
        return set()
    now = Channel.objects.filter(pk__in=[each.pk for each in channels], sends_resume_at__gt=Now())
    return set(now.values_list("pk", flat=True))


def _why(
    message: Message, channel: Channel, ahead: Sequence[tuple[int, int, str]], limited: set[int]
) -> HeldUp | None:
    if channel.state != ChannelState.CONNECTED:
        return HeldUp(PARKED)
    for conversation_id, pk, state in ahead:
        if conversation_id == message.conversation_id and (
            pk < message.pk or state == MessageState.UNCERTAIN
        ):
            return HeldUp(BEHIND)
    waits = channel.pk in limited and not message.in_public
    return HeldUp(LIMIT, channel.sends_resume_at) if waits else None
