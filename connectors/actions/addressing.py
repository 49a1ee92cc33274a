"""Our addresses at the platforms. Every channel has one for deliveries, and a platform may deliver what is said to all accounts of an app to the address of one of them."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from connectors.models import Credential
from inbox.models import Channel


def redirect_uri(platform: str) -> str:
    """Where a person's browser comes back to; it is registered at the platform, so it is the same for every brand."""
    return f"{settings.PARLEY_PUBLIC_URL}/connect/{platform}/callback/"


def callback_url(channel: Channel) -> str:
    return f"{_door(channel.platform)}{channel.public_id}/"


def leads_here(url: str, *, platform: str) -> bool:
    return url.startswith(_door(platform))


def names_a_channel(url: str, *, platform: str) -> bool:
    """Whichever host it is on: also an address that was ours, before we moved. The door knows a channel by its grant (door.book)."""
    try:
        door, _, name = urlsplit(url).path.rstrip("/").rpartition("/")
        public_id = UUID(name)
    except ValueError:
        return False
    is_a_door = door.endswith(f"/webhooks/{platform}")
    return (
        is_a_door
        and Credential.objects.filter(channel__platform=platform, channel__public_id=public_id).exists()
    )


def _door(platform: str) -> str:
    return f"{settings.PARLEY_PUBLIC_URL}/webhooks/{platform}/"
