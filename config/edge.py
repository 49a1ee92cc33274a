"""An ASGI router: who answers which path."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from asgiref.sync import sync_to_async
from django.conf import settings

from config import health, metrics, tracing
from config.pages import Pages

if TYPE_CHECKING:
    from connectors.door import Door

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Edge:
    def __init__(self, *, pages: Application, pages_origin: str = "") -> None:
        self.proxy = Pages(origin=pages_origin) if pages_origin else None
        self.pages: Application = self.proxy or pages
        self.door = _webhook_door()
        self.sockets = _sockets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            with metrics.sockets.track_inprogress():
                # The session's wrapper looks for a changed session at each message, which is a tenth of a push to a full house.
                await self.sockets({**scope, "parley.send": send}, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/webhooks/"):
            await self.door(scope, receive, send)
        elif path == "/healthz":
            await _answer(send, 200, {"alive": True}, body=scope["method"] != "HEAD")
        elif path == "/readyz":
            findings = await sync_to_async(health.readiness, thread_sensitive=False)()
            trusted = metrics.is_allowed(
                scope
            )  # a reason may name hosts and roles, and a proxy lets anybody ask
            told = {
                finding.name: {"ok": finding.ok, "reason": finding.reason if trusted else ""}
                for finding in findings
            }
            ready = all(finding.ok for finding in findings)
            await _answer(
                send, 200 if ready else 503, {"ready": ready, **told}, body=scope["method"] != "HEAD"
            )
        elif path == "/metrics":
            await self._metrics(scope, send)
        else:
            await self.pages(_named(scope), receive, send)

    async def _metrics(self, scope: Scope, send: Send) -> None:
        """Not there for whoever may not ask."""
        if not metrics.is_allowed(scope):
            await _answer(send, 404, {"found": False}, body=scope["method"] != "HEAD")
            return
        content = await sync_to_async(metrics.page, thread_sensitive=False)()
        headers = [(b"content-type", metrics.CONTENT_TYPE), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content if scope["method"] != "HEAD" else b""})

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                last_alive = await sync_to_async(health.last_beat, thread_sensitive=False)("edge")
                health.keep_beating("edge")
                self.door.begin_after(last_alive)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self.proxy:
                    await self.proxy.close()
                await self.door.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _named(scope: Scope) -> Scope:
    """With a name for the logs, which the pages' process takes over."""
    header = tracing.HEADER.encode()
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == header), "")
    others = [(name, value) for name, value in scope["headers"] if name != header]
    return {**scope, "headers": [*others, (header, tracing.name_from(given).encode())]}


async def _answer(send: Send, status: int, told: dict[str, Any], *, body: bool) -> None:
    content = orjson.dumps(told)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content if body else b""})


def _webhook_door() -> "Door":
    from connectors import door

    return door.application


def _sockets() -> Application:
    from channels.routing import URLRouter

    from inbox import sessions
    from inbox.routing import websocket_urlpatterns

    return _OwnPages(sessions.with_person(_KnownPaths(URLRouter(websocket_urlpatterns))))


class _OwnPages:
    """Closes a socket that somebody else's page opens, where Channels would first ask the broker for a channel to say no in."""

    def __init__(self, routes: Application) -> None:
        from channels.security.websocket import OriginValidator

        self.routes = routes
        self.origins = OriginValidator(routes, settings.ALLOWED_HOSTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_ours(scope):
            await self.routes(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})

    def _is_ours(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"origin"), None)
        try:
            origin = urlsplit(given.decode("latin-1")) if given is not None else None
            return bool(self.origins.valid_origin(origin))
        except ValueError:  # no address at all
            return False


class _KnownPaths:
    """Closes a socket to an unknown path, where Channels would raise and fill the log with anyone's typing."""

    def __init__(self, routes: Application) -> None:
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.routes(scope, receive, send)
        except ValueError as error:
            if "No route found" not in str(error):
                raise
            await send({"type": "websocket.close", "code": 4404})
