"""What no server can tell by being up: that every connected platform's connector loads, that our keys open what is stored, and that others
can reach us."""

import time
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

ASKED_EVERY = 30.0  # seconds; all secrets are tried, which is no work for every knock of a load balancer

_told: dict[str, tuple[float, str]] = {}


def connectors() -> str:
    """Why a platform with channels cannot be spoken to; empty when all can. Of one that was retired nothing is asked any more."""
    from connectors import registry
    from inbox.models import Channel, ChannelState

    reasons = []
    in_use = Channel.objects.exclude(state=ChannelState.DISCONNECTED).order_by()
    for platform in sorted(set(in_use.values_list("platform", flat=True).distinct())):
        try:
            registry.get(platform)
        except registry.NotLoaded as missing:
            reasons.append(str(missing))
    return " ".join(reasons)


def channels() -> list[tuple[str, str]]:
    """Whose grant a person must renew or put right, with what is wrong; and the fix. Those that were retired need none."""
    from django.urls import reverse
    from django.utils import timezone

    from connectors.queries import doctor
    from inbox.models import Channel

    told = []
    for channel in Channel.objects.select_related("brand", "health", "credential__app").order_by("pk"):
        if findings := doctor.out_of_order(channel, now=timezone.now()):
            first, name = findings[0], f"“{channel.name}” of {channel.brand}"
            at = f" {first.at:%-d %B %Y, %H:%M} UTC" if first.at else ""
            page = reverse("connectors:connection", args=[channel.brand.slug, channel.public_id])
            told.append(
                (f"{name}: {first.found}{at}", f"{name}: {first.fix} {settings.PARLEY_PUBLIC_URL}{page}")
            )
    return told


def secrets() -> str:
    """Whose secrets none of our keys opens; empty when all open."""
    from connectors import sealed

    closed = sealed.unopened()
    if not closed:
        return ""
    return f"{sealed.counted(closed)} open with none of PARLEY_SEAL_KEYS: add the key they were sealed with"


def now_and_then(name: str, look: Callable[[], str]) -> str:
    """The newest answer, asked anew once it is old."""
    from django.db import connection

    asked_at, reason = _told.get(name, (float("-inf"), ""))
    if time.monotonic() - asked_at >= ASKED_EVERY:
        try:
            reason = look()
        finally:
            connection.close()
        _told[name] = (time.monotonic(), reason)
    return reason


def drifts() -> str:
    """Counters that a nightly count of the last week found wrong; empty: none."""
    from django.utils import timezone

    from inbox.models import ViewDrift

    since = timezone.localdate() - timedelta(days=7)
    found = ViewDrift.objects.filter(found_on__gte=since).select_related("brand").order_by("-found_on", "pk")
    told = [f"{each.brand}: {each}" for each in found[:4]]
    return "; ".join([*told[:3], *(["and more"] if len(told) > 3 else [])])


def public_address() -> str:
    """What is wrong with the address that webhooks, consents and the links in mails begin with. Only this machine finds its own."""
    address = urlsplit(settings.PARLEY_PUBLIC_URL)
    if not settings.PRODUCTION or (
        address.scheme == "https" and not _is_local(address.hostname or "localhost")
    ):
        return ""
    return f"“{settings.PARLEY_PUBLIC_URL}”, which no platform and no reader of a mail can reach"


def _is_local(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:  # a name
        return host == "localhost" or host.endswith(".localhost")
