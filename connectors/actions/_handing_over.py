"""Whose an account is: the brand's that connected it, until it is retired there. Then whoever consents for it at the platform may have it in
another brand. What has come stays with the channel that it was, which goes on under a name that no platform gives, and is found by it again."""

from __future__ import annotations

from connectors.contract import Account
from connectors.rules import aside
from inbox.models import Brand, Channel, ChannelState


class Taken(Exception):
    """Another brand has it connected."""


def channel_of(account: Account, *, platform: str, brand: Brand) -> Channel | None:
    """The channel that the account is in this brand. Another brand's that is retired lets go of it. Raises Taken."""
    known = Channel.objects.filter(platform=platform)
    for name in _names(account):
        channel = known.filter(external_id=name).first()
        if channel is not None and channel.brand_id == brand.pk:
            return channel
        if channel is not None and not _let_go(channel):
            raise Taken
    return known.filter(external_id__in=[aside.name(brand.pk, name) for name in _names(account)]).first()


def is_of(channel: Channel, account: Account) -> bool:
    names = _names(account)
    return channel.external_id in [*names, *(aside.name(channel.brand_id, name) for name in names)]


def _names(account: Account) -> list[str]:
    return [name for name in (account.external_id, account.formerly) if name]


def _let_go(channel: Channel) -> bool:
    """Unless it was connected again meanwhile."""
    mine = Channel.objects.filter(
        pk=channel.pk, state=ChannelState.DISCONNECTED, external_id=channel.external_id
    )
    return bool(mine.update(external_id=aside.name(channel.brand_id, channel.external_id)))
