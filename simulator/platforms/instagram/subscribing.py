"""App callbacks with their handshake, and the install of an account."""

import secrets
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from simulator import wire
from simulator.kernel import Kernel
from simulator.models import Account
from simulator.platforms.instagram import errors
from simulator.platforms.instagram.access import bearer, parameters

KNOWN_FIELDS = frozenset(
    "messages message_reactions messaging_seen messaging_postbacks messaging_referral messaging_optins messaging_handover "
    "standby message_edit comments live_comments mentions messaging_policy_enforcement response_feedback message_echoes "
    "story_insights".split()
)


def _fields(given: dict[str, Any], name: str) -> list[str]:
    value = given.get(name, "")
    parts = value if isinstance(value, list) else str(value).split(",")
    return [str(part).strip() for part in parts if str(part).strip()]


class Subscribing:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    async def handshake(self, *, url: str, verify_token: str) -> str:
        """Empty when the receiver echoed the challenge, else what went wrong."""
        challenge = str(secrets.randbelow(9_000_000_000) + 1_000_000_000)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        try:
            got = await self.kernel.deliverer.client.get(url, params=query, timeout=10)
        except (httpx.HTTPError, httpx.InvalidURL, OverflowError, ValueError) as error:
            return f"{type(error).__name__}"
        if got.status_code != 200:
            return f"HTTP Status Code = {got.status_code}; HTTP Message = {got.reason_phrase}"
        return "" if got.text == challenge else "The challenge was not echoed"

    # /{app}/subscriptions

    async def app_subscriptions(self, request: Request) -> Response:
        given = await parameters(request)
        app = self.kernel.world.app("instagram")
        if request.path_params["node"] != app.client_id:
            return errors.unknown_object(request.path_params["node"])
        if bearer(request, given) != f"{app.client_id}|{app.client_secret}":
            return errors.error("This method must be called with an app access_token.", code=15)
        if request.method == "GET":
            return wire.answer({"data": self._listed()})
        if request.method == "DELETE":
            app.callback_url, app.fields = "", []
            self.kernel.world.save_app(app)
            return wire.answer({"success": True})
        return await self._subscribe(given)

    def _listed(self) -> list[dict[str, Any]]:
        app = self.kernel.world.app("instagram")
        if not app.callback_url:
            return []
        fields = [{"name": name, "version": "v25.0"} for name in app.fields]
        return [{"object": "instagram", "callback_url": app.callback_url, "active": True, "fields": fields}]

    async def _subscribe(self, given: dict[str, Any]) -> Response:
        app = self.kernel.world.app("instagram")
        url, fields = str(given.get("callback_url", "")), _fields(given, "fields")
        if given.get("object") != "instagram":
            return errors.error(
                "(#100) Param object must be one of {user, page, permissions, instagram}", code=100
            )
        if unknown := [name for name in fields if name not in KNOWN_FIELDS]:
            return errors.error(f"(#100) Param fields has invalid values: {', '.join(unknown)}", code=100)
        if self.kernel.world.settings.strict_urls and not url.startswith("https://"):
            return errors.error("(#100) callback_url must be an https URL", code=100)
        if trouble := await self.handshake(url=url, verify_token=str(given.get("verify_token", ""))):
            text = f"(#2200) Callback verification failed with the following errors: {trouble}"
            return errors.error(text, code=2200)
        self.kernel.deliverer.redirect(app.callback_url, url)
        app.callback_url, app.callback_token = url, str(given.get("verify_token", ""))
        app.fields = sorted(set(app.fields) | set(fields))
        self.kernel.world.save_app(app)
        await self.kernel.world.store.flushed()
        return wire.answer({"success": True})

    # /{account}/subscribed_apps

    async def installs(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        app = self.kernel.world.app("instagram")
        if request.method == "GET":
            row = {"id": app.client_id, "name": "Parley", "subscribed_fields": app.fields}
            return wire.answer({"data": [row] if account.installed else []})
        if request.method == "DELETE":
            account.installed = False
            self.kernel.world.save_account(account)
            return wire.answer({"success": True})
        fields = _fields(given, "subscribed_fields")
        if unknown := [name for name in fields if name not in KNOWN_FIELDS]:
            return errors.error(
                f"(#100) Param subscribed_fields has invalid values: {', '.join(unknown)}", code=100
            )
        account.installed = True
        app.fields = sorted(set(app.fields) | set(fields))
        self.kernel.world.save_app(app)
        self.kernel.world.save_account(account)
        await self.kernel.world.store.flushed()
        return wire.answer({"success": True})
