"""What was delivered last. Accounts of one app may share an address: its receipts lie under the channel whose address it is."""

from __future__ import annotations

from datetime import datetime

from connectors.models import ChannelHealth, Credential, Receipt


def last(channel_id: int) -> datetime | None:
    """With a right signature: of this channel, wherever it came, or at its own address, of whichever channel."""
    receipts = Receipt.objects.filter(channel=channel_id).order_by("-pk")
    came = receipts.values_list("received_at", flat=True).first()
    return max((each for each in (came, _of(channel_id)) if each), default=None)


def last_before(channel_id: int, moment: datetime) -> datetime | None:
    """Of this channel; where more was delivered since, and nobody knows any more when its last was, of any that may share its address."""
    own = _of(channel_id)
    if own is not None and own < moment:
        return own
    app = Credential.objects.filter(channel=channel_id).values("app")
    shared = [channel_id, *Credential.objects.filter(app__in=app).values_list("channel", flat=True)]
    before = Receipt.objects.filter(channel__in=shared, received_at__lt=moment).order_by("-pk")
    return before.values_list("received_at", flat=True).first()


def _of(channel_id: int) -> datetime | None:
    health = ChannelHealth.objects.filter(channel=channel_id)
    return health.values_list("last_receipt_at", flat=True).first()
