"""X as a connector. What is said where: payloads, messages and posts read; sending writes; errors judge."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from connectors import downloads, signatures, wire
from connectors.contract import (
    Account,
    App,
    Authorisation,
    ConnectorError,
    Context,
    Grant,
    InboundEvent,
    Item,
    Media,
    OutboundMessage,
    Page,
    Party,
    Redelivery,
    Remedy,
    Sent,
    Subscription,
    Tokens,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.platforms.x import client, errors, history, hooks, oauth, payloads, people, sending
from connectors.platforms.x.manifest import MANIFEST, ORIGINS

_PROFILE = "name,username,profile_image_url,verified,verified_type,public_metrics,protected,receives_your_dm"
# A challenge is signed with the very key that signs deliveries, so it may hold nothing that a delivery can.
_CHALLENGE: Final = re.compile(rb"[A-Za-z0-9._~+/=-]{1,200}")
_LEGACY: Final = "x-twitter-webhooks-signature"
_OAUTH2: Final = "x-twitter-webhooks-signature-oauth2"
_DM_MEDIA = ("1.1", "ton", "data", "dm")


class X:
    manifest = MANIFEST
    origins = ORIGINS
    redelivery = hooks.REDELIVERY
    surveyed_at_once = 100

    def handshake(self, request: WebhookRequest, app: App) -> WebhookAnswer | None:
        """A CRC comes at registration and again and again after."""
        token = request.query.get("crc_token", "").encode("utf-8", "replace")
        if request.method != "GET" or not token:
            return None
        if not _CHALLENGE.fullmatch(token):
            return WebhookAnswer(400, b"This is no challenge.\n")
        # An app with a consumer secret may answer with it; the newer ones have their client secret alone.
        secret = next((each for each in (*app.webhook_secrets, app.client_secret) if each), "")
        if not secret:
            return WebhookAnswer(403)
        answer = wire.encode({"response_token": signatures.x(secret, token)})
        return WebhookAnswer(200, answer, "application/json")

    def verify(self, request: WebhookRequest, app: App, now: datetime) -> bool:
        """One header is made with the app's consumer secret, the other with its OAuth 2 client secret; which come depends on the app."""
        if _CHALLENGE.fullmatch(request.body):  # whoever asks has its signature from the handshake
            return False
        held = ((_LEGACY, app.webhook_secrets), (_OAUTH2, (app.client_secret, *app.webhook_secrets)))
        fits = [
            signatures.signed(
                request.headers.get(header, ""), secrets, lambda secret: signatures.x(secret, request.body)
            )
            for header, secrets in held
        ]
        return any(fits)

    def items(self, body: bytes) -> Iterator[Item]:
        return payloads.items(body)

    def parse(self, item: Item, account: Account) -> Sequence[InboundEvent]:
        return payloads.parse(item, account)

    def authorise(self, ctx: Context, redirect_uri: str, state: str) -> Authorisation:
        return oauth.authorise(ctx, redirect_uri, state)

    def exchange(self, ctx: Context, code: str, redirect_uri: str, verifier: str) -> Grant:
        return oauth.exchange(ctx, code, redirect_uri, verifier)

    def refresh(self, ctx: Context) -> Tokens:
        return oauth.refresh(ctx)

    def subscribe(self, ctx: Context, callback_url: str) -> None:
        hooks.subscribe(ctx, callback_url)

    def subscription(self, ctx: Context, callback_url: str) -> Subscription:
        return hooks.subscription(ctx, callback_url)

    def deliver_again(self, ctx: Context, callback_url: str, since: datetime, until: datetime) -> Redelivery:
        return hooks.deliver_again(ctx, callback_url, since, until)

    def send(self, ctx: Context, message: OutboundMessage) -> Sent:
        return sending.send(ctx, message)

    def poll(self, ctx: Context, cursor: str) -> Page:
        return Page((), cursor)  # everything comes by webhook

    def history(self, ctx: Context, cursor: str, thread_id: str = "") -> Page:
        return history.page(ctx, cursor, thread_id)

    def is_withdrawn(self, ctx: Context, external_id: str) -> bool:
        return history.is_withdrawn(ctx, external_id)

    def gone(self, ctx: Context, external_ids: Sequence[str]) -> Collection[str]:
        return history.gone(ctx, external_ids)

    def profile(self, ctx: Context, external_id: str) -> Party:
        try:
            body, _ = client.call(
                ctx,
                "GET",
                f"users/{client.segment(external_id)}",
                bucket="profile",
                params={"user.fields": _PROFILE},
            )
        except ConnectorError as error:
            if error.remedy is Remedy.TELL:  # suspended or deleted
                return Party(external_id)
            raise
        return people.party(body, external_id)

    def media(self, ctx: Context, url: str) -> Media:
        """Media of messages are private and asked for through the API; pictures of posts are public."""
        url = _through_the_api(ctx, url)
        return downloads.fetch(
            ctx.http,
            url,
            own=(ctx.origins.api, ctx.origins.media),
            token=client.tokens(ctx).access,
            refusal=lambda answer: errors.refusal(answer, ctx, "media"),
        )


def _through_the_api(ctx: Context, url: str) -> str:
    """…/1.1/ton/data/dm/<message>/<media>/<file> is the address of a host that takes no OAuth 2 token."""
    try:
        parts = tuple(urlsplit(url).path.strip("/").split("/"))
    except ValueError:  # no address: whoever calls it says so
        return url
    if parts[:4] == _DM_MEDIA and len(parts) == 7:
        return client.url(ctx, f"dm_conversations/media/{parts[4]}/{parts[5]}/{parts[6]}")
    return url


connector = X()
