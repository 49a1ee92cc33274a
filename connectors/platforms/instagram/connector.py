"""Instagram as a connector. What is said where: payloads and content read, sending writes, errors judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors import signatures, wire
from connectors.contract import (
    Account,
    App,
    Authorisation,
    ConnectorError,
    Context,
    Grant,
    InboundEvent,
    InboundMessage,
    Item,
    Media,
    OutboundMessage,
    Page,
    Party,
    RateNotice,
    Sent,
    Subscription,
    Tokens,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.http import MEDIA_BYTES
from connectors.platforms.instagram import (
    client,
    entries,
    errors,
    history,
    mentions,
    oauth,
    payloads,
    sending,
)
from connectors.platforms.instagram.manifest import MANIFEST, ORIGINS, STAND_IN

_PROFILE = "name,username,profile_pic,follower_count,is_verified_user"
_PROFILE_WITHHELD = {"230", "100/2018218", "100/2018247", "2018218", "2018247", "100/33", "100/2018001"}


class Instagram:
    manifest = MANIFEST
    origins = ORIGINS

    def handshake(self, request: WebhookRequest, app: App) -> WebhookAnswer | None:
        # Some frameworks turn the dots of the names into underscores.
        query = {name.replace("hub_", "hub."): value for name, value in request.query.items()}
        if request.method != "GET" or "hub.mode" not in query:
            return None
        given = query.get("hub.verify_token", "")
        if (
            query["hub.mode"] != "subscribe"
            or not app.verify_token
            or not signatures.same(given, app.verify_token)
        ):
            return WebhookAnswer(403)
        return WebhookAnswer(200, query.get("hub.challenge", "").encode("utf-8"))

    def verify(self, request: WebhookRequest, app: App, now: datetime) -> bool:
        given = request.headers.get("x-hub-signature-256", "")
        secrets = app.webhook_secrets or (app.client_secret,)
        return signatures.signed(given, secrets, lambda secret: signatures.meta(secret, request.body))

    def items(self, body: bytes) -> Iterator[Item]:
        return entries.items(body)

    def parse(self, item: Item, account: Account) -> Sequence[InboundEvent]:
        if item.payload.get("section") == payloads.HISTORY:
            return history.again(item.payload, account)
        return payloads.parse(item, account)

    def authorise(self, ctx: Context, redirect_uri: str, state: str) -> Authorisation:
        return oauth.authorise(ctx, redirect_uri, state)

    def exchange(self, ctx: Context, code: str, redirect_uri: str, verifier: str) -> Grant:
        return oauth.exchange(ctx, code, redirect_uri)

    def refresh(self, ctx: Context) -> Tokens:
        return oauth.refresh(ctx)

    def subscribe(self, ctx: Context, callback_url: str) -> None:
        oauth.subscribe(ctx, callback_url)

    def subscription(self, ctx: Context, callback_url: str) -> Subscription:
        return oauth.subscription(ctx, callback_url)

    def send(self, ctx: Context, message: OutboundMessage) -> Sent:
        return sending.send(ctx, message)

    def show_writing(self, ctx: Context, thread_id: str, recipient_id: str) -> Sequence[RateNotice]:
        return sending.show_writing(ctx, recipient_id or thread_id)

    def poll(self, ctx: Context, cursor: str) -> Page:
        return Page((), cursor)  # everything comes by webhook

    def history(self, ctx: Context, cursor: str, thread_id: str = "") -> Page:
        return history.page(ctx, cursor, thread_id)

    def is_withdrawn(self, ctx: Context, external_id: str) -> bool:
        return history.is_withdrawn(ctx, external_id)

    def told(self, ctx: Context, external_id: str, thread_id: str) -> InboundMessage:
        return mentions.told(ctx, external_id, thread_id)

    def profile(self, ctx: Context, external_id: str) -> Party:
        """Told only of people who have written. Of others the id is all there is."""
        if external_id.startswith(STAND_IN):
            return Party(external_id)
        try:
            body, _ = client.get(ctx, client.segment(external_id), {"fields": _PROFILE})
        except ConnectorError as error:
            if error.code in _PROFILE_WITHHELD or error.contact_unavailable:
                return Party(external_id)
            raise
        verified = body.get("is_verified_user")
        return Party(
            external_id,
            name=wire.text(body.get("name")),
            username=wire.text(body.get("username")),
            avatar_url=wire.text(body.get("profile_pic")),
            followers=wire.count(body.get("follower_count")),
            verified=verified if isinstance(verified, bool) else None,
        )

    def media(self, ctx: Context, url: str) -> Media:
        """The address itself is the permission; a token has no business there."""
        answer = ctx.http.get(url, headers={"Accept": "*/*"}, max_bytes=MEDIA_BYTES, other_hosts=True)
        if not answer.ok:
            raise errors.media_gone(answer)
        mime = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Media(answer.content, mime or "application/octet-stream")


connector = Instagram()
