"""LinkedIn as a connector: three abilities with three ways in. Changelog and comments read, sending writes, errors judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

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
    Remedy,
    Sent,
    Subscription,
    Tokens,
    WebhookAnswer,
    WebhookRequest,
)
from connectors.platforms.linkedin import (
    backfill,
    client,
    errors,
    oauth,
    payloads,
    polling,
    sending,
    urns,
)
from connectors.platforms.linkedin.manifest import HIDDEN, MANIFEST, ORIGINS

# A UUID. Never "=": it ends what stands ahead of a delivery in what is signed, and both are signed with one key.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_HIDDEN = {
    "http 403",
    "http 404",
    "http 410",
    "100",
    "403",
    "404",
}  # the member's choice, or no product for profiles

NO_ADDRESS: Final = "LinkedIn named this file and gave no address for it. It can be seen on LinkedIn."


class LinkedIn:
    manifest = MANIFEST
    origins = ORIGINS

    def handshake(self, request: WebhookRequest, app: App) -> WebhookAnswer | None:
        """Asked at registration and every two hours, with three seconds to answer."""
        code = request.query.get("challengeCode", "")
        if request.method != "GET" or not code:
            return None
        if not _CHALLENGE.fullmatch(code):
            return WebhookAnswer(400, b"This is no challenge.\n")
        response = signatures.linkedin_challenge(_secrets(app)[0], code)
        answer = wire.encode({"challengeCode": code, "challengeResponse": response})
        return WebhookAnswer(200, answer, "application/json")

    def verify(self, request: WebhookRequest, app: App, now: datetime) -> bool:
        given = request.headers.get("x-li-signature", "")
        return signatures.signed(
            given, _secrets(app), lambda secret: signatures.linkedin(secret, request.body)
        )

    def items(self, body: bytes) -> Iterator[Item]:
        return payloads.items(body)

    def parse(self, item: Item, account: Account) -> Sequence[InboundEvent]:
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

    def poll(self, ctx: Context, cursor: str) -> Page:
        return polling.page(ctx, cursor)

    def history(self, ctx: Context, cursor: str, thread_id: str = "") -> Page:
        """The change log from its oldest event on (it cannot be read backwards), then the page's comments."""
        return backfill.page(ctx, cursor, thread_id)

    def profile(self, ctx: Context, external_id: str) -> Party:
        """A member may be hidden from us; then the id is all there is."""
        if not external_id.startswith(urns.PERSON):
            return Party(external_id, name=HIDDEN)
        member = urns.encoded(external_id.removeprefix(urns.PERSON))
        try:
            body, _ = client.call(ctx, "GET", f"v2/people/(id:{member})", bucket="profile")
        except ConnectorError as error:
            if error.code in _HIDDEN:
                return Party(external_id, name=HIDDEN)
            raise
        names = (wire.text(body.get("localizedFirstName")), wire.text(body.get("localizedLastName")))
        name = " ".join(filter(None, names)) or HIDDEN
        picture = wire.text(wire.mapping(body.get("profilePicture")).get("displayImage"))
        return Party(
            external_id,
            name=name,
            username=wire.text(body.get("vanityName")),
            avatar_url=picture if picture.startswith("http") else "",
        )

    def media(self, ctx: Context, url: str) -> Media:
        """The signed address, with our token; an asset without an address is asked for by its name, which LinkedIn need not answer."""
        named_alone = url.startswith(urns.ASSET)
        if named_alone:
            asset = urns.encoded(url.removeprefix(urns.ASSET))
            url = f"{ctx.origins.media.rstrip('/')}/mediaDownload/{asset}/messaging-attachmentFile/0"
        try:
            return downloads.fetch(
                ctx.http,
                url,
                own=(ctx.origins.api, ctx.origins.media),
                token=client.tokens(ctx).access,
                refusal=lambda answer: errors.refusal(answer, ctx, "media"),
            )
        except ConnectorError as error:
            if not named_alone or error.remedy is not Remedy.TELL:
                raise
            raise ConnectorError(NO_ADDRESS, remedy=Remedy.TELL, code=downloads.SHOWN_THERE) from None


def _secrets(app: App) -> tuple[str, ...]:
    return app.webhook_secrets or (app.client_secret,)


connector = LinkedIn()
