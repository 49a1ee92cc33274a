"""Health, credentials, clock, tokens, pending deliveries, reset."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.clock import Clock
from simulator.control import asking
from simulator.drafts import Impossible, tellable
from simulator.kernel import Kernel
from simulator.models import App

_DEFAULT_SCOPES = {
    "instagram": "instagram_business_basic,instagram_business_manage_messages,instagram_business_manage_comments",
    "x": "dm.read dm.write tweet.read tweet.write users.read offline.access media.write",
    "linkedin": "openid profile r_dma_portability_3rd_party w_member_messages r_organization_social_feed "
    "w_organization_social_feed rw_organization_admin",
}


class Running:
    def __init__(self, kernel: Kernel, *, traffic: Any) -> None:
        self.kernel = kernel
        self.traffic = traffic

    async def health(self, request: Request) -> Response:
        world, traffic = self.kernel.world, self.traffic.status()
        return wire.answer(
            {
                "ok": True,
                "now_ms": world.clock.now_ms(),
                "messages": len(world.messages),
                "people": len(world.people),
                "pending": self.kernel.deliverer.pending,
                "playing": traffic["playing"],
                "skipped": traffic.get("skipped", 0),
                "first_skipped": traffic.get("first_skipped", ""),
                "platform_origin": world.settings.origin,
            }
        )

    async def apps(self, request: Request) -> Response:
        return wire.answer({platform: self._app(app) for platform, app in self.kernel.world.apps.items()})

    def _app(self, app: App) -> dict[str, Any]:
        world = self.kernel.world
        origin = world.settings.origin
        accounts = [
            {
                "brand": one.brand,
                "platform": one.platform,
                "account_id": one.id,
                "handle": one.handle,
                "name": one.name,
                "organization": one.organization,
                "flavour": one.flavour,
                "posts": one.posts,
                "subscribed": self.kernel.connected(one),
                "delivered_to": self.kernel.addresses(one),
            }
            for one in world.accounts.values()
            if one.platform == app.platform
        ]
        row: dict[str, Any] = {
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "webhook_secret": app.webhook_secret,
            "webhook_secrets": [app.webhook_secret],
            "verify_token": app.verify_token,
            "scope": _DEFAULT_SCOPES[app.platform],
            "origins": {"consent": origin, "token": origin, "api": origin, "media": origin},
            "accounts": accounts,
        }
        if app.platform == "x":
            row |= {"consumer_secret": app.webhook_secret, "app_bearer": app.app_bearer}
            if world.settings.x_signs == "oauth2":  # such an app has no consumer secret
                row |= {"consumer_secret": "", "webhook_secret": "", "webhook_secrets": []}
        if app.platform == "linkedin":
            row["application_id"] = app.application_id
        return row

    async def grants(self, request: Request) -> Response:
        given = await asking.body(request)
        account = asking.account(self.kernel, given)
        account.revoked = False
        self.kernel.world.save_account(account)
        code = tokens.grant(
            self.kernel.world,
            account=account,
            redirect_uri=str(given.get("redirect_uri") or ""),
            scope=str(given.get("scope") or _DEFAULT_SCOPES[account.platform]),
            code_challenge=str(given.get("code_challenge") or ""),
            code_challenge_method=str(given.get("code_challenge_method") or "S256"),
        )
        await self.kernel.world.store.flushed()
        return wire.answer({"code": code, "account_id": account.id})

    async def clock(self, request: Request) -> Response:
        clock = self.kernel.world.clock
        if request.method == "POST":
            given = await asking.body(request)
            # A clock beside it, so that what is refused moves nothing.
            moved = Clock(offset_ms=0 if given.get("reset") else clock.offset_ms)
            if given.get("now_ms") is not None:
                moved.set(now_ms=int(given["now_ms"]))
            by_ms = int(given.get("advance_ms") or 0)
            moved.advance(by_ms=by_ms)
            if not tellable(moved.now_ms()):
                raise Impossible("The clock must stay between November 2010 and July 2080.")
            clock.offset_ms = moved.offset_ms
            self.kernel.world.save_clock()
            await self.kernel.world.store.flushed()
        return wire.answer({"now_ms": clock.now_ms(), "offset_ms": clock.offset_ms})

    async def expire(self, request: Request) -> Response:
        """`refresh`: those that renew, too; then nothing but a new consent helps."""
        given = await asking.body(request)
        account = asking.account(self.kernel, given)
        kinds = ("access", "short", "long", *(["refresh"] if given.get("refresh") else []))
        ended = tokens.expire(self.kernel.world, account=account, kinds=kinds)
        await self.kernel.world.store.flushed()
        return wire.answer({"expired": ended})

    async def pending(self, request: Request) -> Response:
        return wire.answer({"pending": self.kernel.deliverer.pending})

    async def deliver(self, request: Request) -> Response:
        self.kernel.deliverer.hurry()
        return wire.answer({"pending": self.kernel.deliverer.pending})

    async def handshake(self, request: Request) -> Response:
        given = await asking.body(request)
        asked = str(given.get("platform") or "")
        results = []
        for key, platform in self.kernel.platforms.items():
            if not asked or key == asked:
                results += await platform.shake_hands(account=str(given.get("account") or ""))
        return wire.answer({"handshakes": results})

    async def reset(self, request: Request) -> Response:
        self.traffic.stop()
        self.kernel.deliverer.forget()
        self.kernel.faults.clear()
        self.kernel.limits.clear()
        self.kernel.world.clear()
        return wire.answer({"ok": True})
