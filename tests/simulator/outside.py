"""A simulator in this process and an honest receiver beside it, joined without sockets."""

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from simulator import signatures
from simulator.building import Simulator, build
from simulator.settings import Settings

ORIGIN = "http://platform.test"
RECEIVER = "http://receiver.test/hook"
FILES = "http://receiver.test/files"
LOG_VERSION = {"linkedin-version": "202312"}


@dataclass(frozen=True, slots=True)
class Delivered:
    headers: dict[str, str]
    body: bytes
    to: str = RECEIVER

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """Answers handshakes truthfully and keeps every accepted delivery."""

    secrets: dict[str, str] = field(default_factory=dict)
    verify_token: str = "ours"
    statuses: list[int] = field(default_factory=list)
    seen: list[Delivered] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/hook", self.greet, methods=["GET"]),
                Route("/hook", self.take, methods=["POST"]),
                Route("/files/{name}", self.file),
            ]
        )

    async def greet(self, request: Request) -> Response:
        query = request.query_params
        self.asked.append(str(request.url.query))
        if "hub.challenge" in query:
            good = query["hub.verify_token"] == self.verify_token
            return PlainTextResponse(query["hub.challenge"], status_code=200 if good else 403)
        if "crc_token" in query:
            sign = signatures.x_base64(secret=self.secrets["x"], data=query["crc_token"].encode())
            return JSONResponse({"response_token": sign})
        code = query["challengeCode"]
        answer = signatures.linkedin_challenge(secret=self.secrets["linkedin"], code=code)
        return JSONResponse({"challengeCode": code, "challengeResponse": answer})

    async def take(self, request: Request) -> Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.seen.append(Delivered(dict(request.headers), await request.body(), str(request.url)))
        return Response(status_code=status)

    async def file(self, request: Request) -> Response:
        data, mime = self.files[request.path_params["name"]]
        return Response(data, media_type=mime)


@dataclass(slots=True)
class Outside:
    simulator: Simulator
    receiver: Receiver
    control: httpx.AsyncClient
    api: httpx.AsyncClient

    async def settle(self) -> None:
        """Until nothing is on its way any more."""
        for _ in range(600):
            if self.simulator.kernel.deliverer.pending == 0:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("deliveries never settled")

    async def says(self, platform: str, text: str = "Hello", **more: Any) -> dict[str, Any]:
        given = {"platform": platform, "account": "acme", "from": "Mara Klein", "text": text, **more}
        # Escaped by hand: httpx cannot encode a lone surrogate.
        answer = await self.control.post("/control/messages", content=json.dumps(given).encode("ascii"))
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def does(self, platform: str, kind: str, **more: Any) -> dict[str, Any]:
        answer = await self.control.post(
            "/control/events", json={"platform": platform, "account": "acme", "kind": kind, **more}
        )
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def fault(self, name: str, **more: Any) -> None:
        answer = await self.control.post("/control/faults", json={"name": name, **more})
        assert answer.status_code == 200, answer.text

    async def ledger(self, **query: str) -> list[dict[str, Any]]:
        answer = await self.control.get("/control/ledger", params=query)
        return [json.loads(line) for line in answer.text.splitlines()]

    async def apps(self, platform: str) -> dict[str, Any]:
        result: dict[str, Any] = (await self.control.get("/control/apps")).json()[platform]
        return result

    async def code(self, platform: str, account: str = "acme", **more: str) -> str:
        given = {
            "platform": platform,
            "account": account,
            "redirect_uri": "http://receiver.test/back",
            **more,
        }
        return str((await self.control.post("/control/grants", json=given)).json()["code"])

    async def advance(self, *, hours: float = 0, days: float = 0) -> None:
        await self.control.post("/control/clock", json={"advance_ms": int((hours + 24 * days) * 3_600_000)})

    # Connecting as a receiver would

    async def instagram(self, account: str = "acme") -> dict[str, str]:
        app = await self.apps("instagram")
        code = await self.code("instagram", account)
        form = {
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "grant_type": "authorization_code",
            "redirect_uri": "http://receiver.test/back",
            "code": code,
        }
        short = (await self.api.post("/oauth/access_token", data=form)).json()["data"][0]["access_token"]
        swap = {
            "grant_type": "ig_exchange_token",
            "client_secret": app["client_secret"],
            "access_token": short,
        }
        long = (await self.api.get("/access_token", params=swap)).json()["access_token"]
        fields = "messages,message_reactions,messaging_seen,messaging_postbacks,messaging_referral,message_edit,comments,mentions"
        await self.api.post(
            f"/v25.0/{app['client_id']}/subscriptions",
            params={
                "object": "instagram",
                "callback_url": RECEIVER,
                "verify_token": "ours",
                "fields": fields,
                "access_token": f"{app['client_id']}|{app['client_secret']}",
            },
        )
        headers = {"authorization": f"Bearer {long}"}
        await self.api.post(
            "/v25.0/me/subscribed_apps", params={"subscribed_fields": fields}, headers=headers
        )
        return headers

    async def x(self, account: str = "acme", *, flavour: str = "xaa") -> dict[str, str]:
        app = await self.apps("x")
        grant = await self.x_tokens(account)
        bearer = {"authorization": f"Bearer {app['app_bearer']}"}
        user = {"authorization": f"Bearer {grant['access_token']}"}
        hook = (await self.api.post("/2/webhooks", json={"url": RECEIVER}, headers=bearer)).json()["data"][
            "id"
        ]
        if flavour == "aaa":
            await self.api.post(f"/2/account_activity/webhooks/{hook}/subscriptions/all", headers=user)
            return user
        me = (await self.api.get("/2/users/me", headers=user)).json()["data"]["id"]
        for kind in (
            "dm.received",
            "dm.sent",
            "dm.read",
            "dm.indicate_typing",
            "post.mention.create",
            "oauth.revoke",
        ):
            wish = {"event_type": kind, "filter": {"user_id": me}, "tag": "acme", "webhook_id": hook}
            answer = await self.api.post("/2/activity/subscriptions", json=wish, headers=user)
            assert answer.status_code == 200, answer.text
        return user

    async def x_tokens(self, account: str = "acme") -> dict[str, Any]:
        app = await self.apps("x")
        form = {
            "grant_type": "authorization_code",
            "code": await self.code(
                "x", account, code_challenge="plain-proof", code_challenge_method="plain"
            ),
            "redirect_uri": "http://receiver.test/back",
            "code_verifier": "plain-proof",
        }
        auth = (app["client_id"], app["client_secret"])
        result: dict[str, Any] = (await self.api.post("/2/oauth2/token", data=form, auth=auth)).json()
        return result

    async def linkedin(self) -> dict[str, str]:
        app = await self.apps("linkedin")
        form = {
            "grant_type": "authorization_code",
            "code": await self.code("linkedin"),
            "redirect_uri": "http://receiver.test/back",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
        }
        token = (await self.api.post("/oauth/v2/accessToken", data=form)).json()["access_token"]
        headers = {
            "authorization": f"Bearer {token}",
            "linkedin-version": "202607",
            "x-restli-protocol-version": "2.0.0",
        }
        await self.api.post("/rest/memberAuthorizations", json={}, headers=headers | LOG_VERSION)
        hook = await self.api.put(
            await self.linkedin_subscription(), json={"webhook": RECEIVER}, headers=headers
        )
        assert hook.status_code == 200, hook.text
        return headers

    async def linkedin_subscription(self, **changes: str) -> str:
        """The path of the page's subscription to comments. `changes`: other parts of its key."""
        parts = {
            "developerApplication": f"urn:li:developerApplication:{(await self.apps('linkedin'))['application_id']}",
            "user": "urn:li:person:2qXA98-mVk",
            "entity": "urn:li:organization:9000001",
            "eventType": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
            **changes,
        }
        key = ",".join(f"{name}:{quote(part, safe='')}" for name, part in parts.items())
        return f"/rest/eventSubscriptions/({key})"

    async def poll(self, headers: dict[str, str], **query: Any) -> dict[str, Any]:
        answer = await self.api.get(
            "/rest/memberChangeLogs",
            params={"q": "memberAndApplication", "count": 50, **query},
            headers=headers | LOG_VERSION,
        )
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def elements(self) -> list[dict[str, Any]]:
        """Every Instagram messaging element received, in order of arrival."""
        return [
            element
            for delivered in self.receiver.seen
            if delivered.json.get("object") == "instagram"
            for entry in delivered.json["entry"]
            for element in entry.get("messaging", [])
        ]


async def opened(home: Path, receiver: Receiver, **settings: Any) -> Outside:
    simulator = build(
        Settings(
            home=home,
            retry_scale=0.0005,
            linkedin_latency_ms=0,
            public_origin=ORIGIN,
            seed=7,
            **{"x_webhooks": 1} | settings,
        )
    )
    await simulator.kernel.deliverer.client.aclose()
    simulator.kernel.deliverer.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=receiver.app()))
    simulator.kernel.deliverer.resume()
    receiver.secrets = {key: app.webhook_secret for key, app in simulator.kernel.world.apps.items()}
    return Outside(
        simulator=simulator,
        receiver=receiver,
        control=httpx.AsyncClient(
            transport=httpx.ASGITransport(app=simulator.control), base_url="http://localhost:8100"
        ),
        api=httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.platforms), base_url=ORIGIN),
    )


def apart(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own, beside the loop of a browser that other tests of the module may have open."""
    with ThreadPoolExecutor(max_workers=1) as threads:
        threads.submit(lambda: asyncio.run(play())).result()


def simulated(test: Callable[[Outside], Awaitable[None]]) -> Callable[[Path], None]:
    """Runs an async test against a fresh outside world, whatever the project's pytest plugins are set to."""

    @functools.wraps(test)
    def run(tmp_path: Path) -> None:
        async def play() -> None:
            outside = await opened(tmp_path, Receiver())
            try:
                await test(outside)
            finally:
                await outside.simulator.close()

        apart(play)

    del run.__wrapped__  # type: ignore[attr-defined]  # pytest would look for a fixture named outside
    return run
