"""A real connector against the simulator in this process: what one speaks, the other must understand."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.contract import Account, App, Connector, Context, Origins, Page, Tokens
from connectors.http import Http
from tests.simulator.outside import ORIGIN, Outside

ORIGINS = Origins(consent=ORIGIN, token=ORIGIN, api=ORIGIN, media=ORIGIN)


class _Bridge(httpx.BaseTransport):
    """Connectors call and wait; the simulator lives in the test's loop."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.way = httpx.ASGITransport(app=app)
        self.loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._pass_on(request), self.loop).result()

    async def _pass_on(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        given = httpx.Request(request.method, request.url, headers=request.headers, content=content)
        answer = await self.way.handle_async_request(given)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


class Called:
    """The connector's methods, awaited; each in a thread of its own, as a worker would call it."""

    def __init__(self, outside: Outside, connector: Connector, app: App, loop: Any) -> None:
        self.outside, self.connector, self.app = outside, connector, app
        self.http = Http(
            allowed_origins=[ORIGIN],
            transport=_Bridge(outside.simulator.platforms, loop),
            pause=lambda seconds: None,
        )
        self.account: Account | None = None
        self.tokens: Tokens | None = None

    @property
    def context(self) -> Context:
        now = datetime.fromtimestamp(self.outside.simulator.kernel.world.clock.now_ms() / 1000, UTC)
        return Context(self.app, ORIGINS, self.http, now, self.account, self.tokens)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self.connector, name)
        return lambda *given: asyncio.to_thread(method, self.context, *given)

    async def signs_in(self, **scopes: str) -> None:
        """Consents with the scopes that the connector asks for, or with those given."""
        back = "http://receiver.test/back"
        wish = self.connector.authorise(self.context, back, "state")
        asked = httpx.URL(wish.url).params
        given = {
            name: asked[name]
            for name in ("scope", "code_challenge", "code_challenge_method")
            if name in asked
        }
        code = await self.outside.code(self.connector.manifest.key, **{**given, **scopes})
        grant = await self.exchange(code, back, wish.verifier)
        self.account, self.tokens = grant.account, grant.tokens


async def connected(outside: Outside, connector: Connector) -> Called:
    held = await outside.apps(connector.manifest.key)
    app = App(
        held["client_id"],
        held["client_secret"],
        tuple(held["webhook_secrets"]),
        held["verify_token"],
        held.get("app_bearer", ""),
        held.get("application_id", ""),
    )
    return Called(outside, connector, app, asyncio.get_running_loop())


async def walked(brand: Called) -> list[Page]:
    """All that history tells, page by page."""
    pages = [await brand.history("")]
    while pages[-1].more:
        pages.append(await brand.history(pages[-1].cursor))
    return pages
