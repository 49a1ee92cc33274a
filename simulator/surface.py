"""The platform port: one address for every pretended host, told apart by path."""

import re
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.consent import PATHS, Consent
from simulator.kernel import Kernel
from simulator.platforms.base import Platform
from simulator.saying import say

_GRAPH_VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
_SECRET = {"access_token", "client_secret", "code", "input_token", "verify_token", "refresh_token"}


def platform_of(path: str, platforms: dict[str, Platform]) -> str:
    if path in PATHS:
        return PATHS[path]
    for key, platform in platforms.items():
        if path.startswith(platform.prefixes()):
            return key
    return "instagram"


class Surface:
    """Takes the Graph version off the path and writes one line per call into the log, without secrets."""

    def __init__(self, app: ASGIApp, *, kernel: Kernel) -> None:
        self.app = app
        self.kernel = kernel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        status = 0
        state = {"full_path": path, "account": ""}
        inner = {**scope, "path": _GRAPH_VERSION.sub("", path), "state": state}
        inner["raw_path"] = inner["path"].encode()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(inner, receive, watch)
        finally:
            self.kernel.world.write_log(
                {
                    "platform": platform_of(path, self.kernel.platforms),
                    "account": state["account"],
                    "method": scope["method"],
                    "path": path,
                    "query": masked(scope["query_string"].decode("latin-1")),
                    "status": status,
                }
            )


def masked(query: str) -> str:
    return urlencode(
        [(key, "***" if key in _SECRET else value) for key, value in parse_qsl(query, keep_blank_values=True)]
    )


def build(kernel: Kernel) -> ASGIApp:
    async def unknown(request: Request, error: Exception) -> Response:
        path = str(request.state.full_path)
        return kernel.platforms[platform_of(path, kernel.platforms)].refusal("not_found", path=path)

    async def wrong_method(request: Request, error: Exception) -> Response:
        path = str(request.state.full_path)
        return kernel.platforms[platform_of(path, kernel.platforms)].refusal("method", path=path)

    async def unread(request: Request, error: Exception) -> Response:
        path = str(request.state.full_path)
        return kernel.platforms[platform_of(path, kernel.platforms)].refusal("unread", path=path)

    async def broken(request: Request, error: Exception) -> Response:
        path = str(request.state.full_path)
        say(f"{request.method} {path} could not be answered: {type(error).__name__}: {error}")
        return kernel.platforms[platform_of(path, kernel.platforms)].refusal("server", path=path)

    # Instagram's paths begin with a free node name, so it comes last.
    ordered = sorted(kernel.platforms.values(), key=lambda one: not one.prefixes())
    inner = Starlette(
        routes=[*Consent(kernel).routes(), *(route for one in ordered for route in one.routes())],
        exception_handlers={400: unread, 404: unknown, 405: wrong_method, Exception: broken},
    )
    inner.router.redirect_slashes = False
    return Surface(inner, kernel=kernel)
