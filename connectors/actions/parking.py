"""What a platform says of the account itself: revoked or restricted parks sending, connected lets it go. Receiving goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.contract import AccountChanged, AccountState
from connectors.models import Credential
from inbox.actions import channels
from inbox.models import Channel, ChannelState

REVOKED = "The platform ended the permission; connect the channel again."
RESTRICTED = "The platform restricted this account for now."


def apply(*, changes: Sequence[tuple[int, AccountChanged]], now: datetime) -> None:
    for channel_id, change in sorted(changes, key=lambda each: each[1].at):
        issued_at = (
            Credential.objects.filter(channel_id=channel_id).values_list("issued_at", flat=True).first()
        )
        if issued_at is not None and change.at < issued_at:
            continue  # news of an earlier grant, delivered late
        match change.state:
            case AccountState.REVOKED:
                channels.park_sending(channel_id=channel_id, reason=change.reason or REVOKED, now=now)
            case AccountState.RESTRICTED:
                channels.park_sending(channel_id=channel_id, reason=change.reason or RESTRICTED, now=now)
            case AccountState.CONNECTED:
                if Channel.objects.filter(pk=channel_id, state=ChannelState.NEEDS_RECONNECT).exists():
                    channels.resume_sending(channel_id=channel_id, now=now)
