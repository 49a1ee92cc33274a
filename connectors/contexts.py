"""What a connector needs for a call, put together from our rows: app, origins, HTTP client, account, tokens."""

from __future__ import annotations

import os
from dataclasses import astuple, replace
from datetime import datetime
from functools import lru_cache

from connectors import registry, sealing
from connectors.applications import app_from
from connectors.contract import Account, App, Connector, Context, Origins, Tokens
from connectors.http import Http
from connectors.models import ChannelHealth, Credential, PlatformApp
from inbox.models import Channel, ChannelState

RETIRED = "This channel was retired; connect it again."


class NotConnected(Exception):
    """The platform cannot be called for this channel; the words say why."""


class NotReady(NotConnected):
    """It is this process that lacks something: a key, or a connector. Nothing is wrong with the grant, and another process may have both."""


def of_channel(channel: Channel, *, now: datetime) -> tuple[Connector, Context, Credential]:
    """For calls on behalf of a channel. The credential's row is read now: another worker may have refreshed it."""
    rows = Credential.objects.select_related("app", "channel__health")
    credential = rows.filter(channel=channel).first()
    if credential is None:
        raise NotConnected("This channel has no grant; connect it again.")
    if credential.channel.state == ChannelState.DISCONNECTED:
        raise NotConnected(RETIRED)  # its tokens are thrown away, and the row says only who signs for it
    connector, context = of_app(credential.app, now=now)
    health: ChannelHealth | None = getattr(credential.channel, "health", None)
    account = replace(account_of(channel), speaks_for=health.speaks_for if health is not None else "")
    return connector, replace(context, account=account, tokens=tokens_of(credential)), credential


def of_app(row: PlatformApp, *, now: datetime) -> tuple[Connector, Context]:
    """For consent and exchange, before there is an account."""
    try:
        connector = registry.get(row.platform)
        app = app_of(row)
    except (registry.NotLoaded, sealing.SealBroken) as error:
        raise NotReady(str(error)) from error
    known = {name: value for name, value in row.origins.items() if value}
    origins = replace(connector.origins, **known)
    return connector, Context(app=app, origins=origins, http=_http(origins, os.getpid()), now=now)


def app_of(row: PlatformApp) -> App:
    return app_from(row.client_id, sealing.unseal(row.sealed))


def account_of(channel: Channel) -> Account:
    return Account(external_id=channel.external_id, handle=channel.handle, name=channel.name)


def tokens_of(credential: Credential) -> Tokens:
    try:
        secrets = sealing.unseal(credential.sealed)
    except sealing.SealBroken as error:
        raise NotReady(str(error)) from error
    return Tokens(
        access=secrets["access"],
        refresh=secrets.get("refresh", ""),
        expires_at=credential.expires_at,
        refresh_expires_at=credential.refresh_expires_at,
        issued_at=credential.issued_at,
        scopes=tuple(credential.scopes),
    )


@lru_cache(maxsize=16)
def _http(origins: Origins, pid: int) -> Http:
    """One pool per process and set of origins: a forked worker must not share its parent's sockets."""
    return Http(allowed_origins=astuple(origins))
