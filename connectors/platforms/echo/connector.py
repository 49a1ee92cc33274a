"""The smallest complete connector. Read it beside docs/connectors.md; copy the folder to begin your own.

A connector holds no state: the app's keys, the account, its tokens, the HTTP client and the clock come with each call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from connectors import signatures, wire
from connectors.contract import (
    Account,
    App,
    Authorisation,
    ConnectorError,
    Context,
    Grant,
    InboundEvent,
    Item,
    Malformed,
    Media,
    OutboundMessage,
    Page,
    Party,
    Remedy,
    Sent,
    Tokens,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.http import MEDIA_BYTES, same_origin
from connectors.platforms.echo import client, payloads
from connectors.platforms.echo.manifest import MANIFEST, ORIGINS


class Echo:
    manifest = MANIFEST
    origins = ORIGINS

    # -- receiving ---------------------------------------------------------------------------------------------------

    def handshake(self, request: WebhookRequest, app: App) -> WebhookAnswer | None:
        """None says "this is no handshake"; 403 says "it is one, and it is not for us"."""
        if request.method != "GET" or "challenge" not in request.query:
            return None
        if not app.verify_token or not signatures.same(request.query.get("token", ""), app.verify_token):
            return WebhookAnswer(403)
        return WebhookAnswer(200, request.query["challenge"].encode("utf-8"))

    def verify(self, request: WebhookRequest, app: App, now: datetime) -> bool:
        """Over the raw bytes. `signed` compares in constant time and takes the second secret of a rotation."""
        given = request.headers.get("x-echo-signature", "")
        return signatures.signed(
            given, app.webhook_secrets, lambda secret: signatures.hex_digest(secret, request.body)
        )

    def items(self, body: bytes) -> Iterator[Item]:
        return payloads.items(body)

    def parse(self, item: Item, account: Account) -> Sequence[InboundEvent]:
        return payloads.parse(item, account)

    # -- connecting --------------------------------------------------------------------------------------------------

    def authorise(self, ctx: Context, redirect_uri: str, state: str) -> Authorisation:
        query = {"client_id": ctx.app.client_id, "redirect_uri": redirect_uri, "state": state}
        return Authorisation(f"{ctx.origins.consent}/authorize?{urlencode(query)}")

    def exchange(self, ctx: Context, code: str, redirect_uri: str, verifier: str) -> Grant:
        form = {"code": code, "client_id": ctx.app.client_id, "client_secret": ctx.app.client_secret}
        answer = ctx.http.post(f"{ctx.origins.token}/token", form=form)
        if not answer.ok:
            raise client.refusal(answer, ctx)
        body = answer.mapping()
        seconds = wire.count(body.get("expires_in")) or 3600
        tokens = Tokens(
            access=wire.told(wire.text(body.get("access_token")), "token"),
            expires_at=ctx.now + timedelta(seconds=seconds),
            issued_at=ctx.now,
        )
        return Grant(Account(wire.told(wire.ident(body.get("account")), "account")), tokens)

    def refresh(self, ctx: Context) -> Tokens:
        raise ConnectorError("Echo's access cannot be renewed. Connect it again.", remedy=Remedy.RECONNECT)

    def subscribe(self, ctx: Context, callback_url: str) -> None:
        client.call(ctx, "PUT", "webhook", json={"url": callback_url})

    # -- sending -----------------------------------------------------------------------------------------------------

    def send(self, ctx: Context, message: OutboundMessage) -> Sent:
        # Checked here too, whatever the composer did: a refusal after the call costs a customer's patience.
        if wire.length(message.text, MANIFEST.send.text.unit) > MANIFEST.send.text.max:
            raise ConnectorError("This is too long for Echo.", remedy=Remedy.TELL, code="too long")
        if message.attachments or not message.text:
            raise ConnectorError("Echo takes words only.", remedy=Remedy.TELL, code="content")
        body = client.call(ctx, "POST", "messages", json={"to": message.thread_id, "text": message.text})
        if not (external_id := wire.ident(body.get("id"))):
            # It was accepted, so it must not go out again; which one it is, the echo or history will tell.
            raise ConnectorError("Echo did not say under which id.", remedy=Remedy.UNKNOWN)
        return Sent((external_id,))

    # -- looking back ------------------------------------------------------------------------------------------------

    def poll(self, ctx: Context, cursor: str) -> Page:
        return Page((), cursor)  # only for networks without webhooks

    def history(self, ctx: Context, cursor: str, thread_id: str = "") -> Page:
        """A cursor is our own text: whatever lets the next call go on where this one stopped."""
        params = {"before": str(wire.unpack(cursor).get("before", "")), "with": thread_id}
        body = client.call(ctx, "GET", "messages", params=params)
        account = ctx.account or Account("")
        events: list[InboundEvent] = []
        failures = []
        for each in wire.entries(body.get("events")):
            try:
                events += payloads.parse(Item(each), account)
            except Malformed as error:
                failures.append((each, str(error)))
        before = wire.ident(body.get("next"))
        return Page(
            tuple(events), wire.pack({"before": before}) if before else "", bool(before), tuple(failures)
        )

    def profile(self, ctx: Context, external_id: str) -> Party:
        body = client.call(ctx, "GET", f"people/{external_id}")
        return Party(external_id, name=wire.text(body.get("name")))

    def media(self, ctx: Context, url: str) -> Media:
        """A token goes to the network's own hosts and nowhere else."""
        ours = same_origin(url, ctx.origins.media)
        token = ctx.tokens.access if ours and ctx.tokens else ""
        answer = ctx.http.get(url, token=token, max_bytes=MEDIA_BYTES, other_hosts=True)
        if not answer.ok:
            raise client.refusal(answer, ctx)
        return Media(answer.content, answer.headers.get("content-type", "application/octet-stream"))


connector = Echo()
