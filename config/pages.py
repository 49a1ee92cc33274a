"""Hands a page's request to the web process and streams its answer back, so that one port serves all."""

import html
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx
from django.conf import settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
# The server in front writes these itself.
OWN = frozenset([b"date", b"server"])
FORWARDED = frozenset(
    [b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"]
)


class ClientLeft(Exception):
    """The browser closed the connection before its request had arrived whole."""


class BodyTooLarge(Exception):
    pass


class NoAddress(Exception):
    """What was asked for is the address of no page: `*`, or bytes that none is made of."""


class Pages:
    def __init__(self, *, origin: str) -> None:
        self.origin = origin.rstrip("/")
        self.client = httpx.AsyncClient(
            # A page may take its time, but a web process that does not even accept is being restarted.
            timeout=httpx.Timeout(60, connect=3, pool=10),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=4),
            trust_env=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, again = False, scope["method"] in {"GET", "HEAD"}
        try:
            request = self._request(scope, receive)
            response = await self._sent(request, again=again)
            try:
                headers = [
                    (name.lower(), value)
                    for name, value in response.headers.raw
                    if name.lower() not in HOP_BY_HOP | OWN
                ]
                await send(
                    {"type": "http.response.start", "status": response.status_code, "headers": headers}
                )
                begun = True
                async for chunk in response.aiter_raw():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                await response.aclose()
        except NoAddress:
            await _calm_page(send, 400, "That is no address", "Look whether it was copied whole.")
        except BodyTooLarge:
            await _calm_page(send, 413, "That is too large", "Choose a smaller file and try again.")
        except ClientLeft:
            return
        except httpx.TimeoutException:
            if begun:
                raise
            await _calm_page(
                send, 504, "This takes longer than it should", "Nothing was lost. Try again in a moment."
            )
        except httpx.TransportError:
            if begun:
                raise
            if again:
                told = "This page comes back by itself in a moment."
            else:
                told = "Go back in a moment and see whether it was done. If it was not, do it again."
            await _calm_page(send, 502, "Parley is starting", told, reload=again)

    async def close(self) -> None:
        await self.client.aclose()

    async def _sent(self, request: httpx.Request, *, again: bool) -> httpx.Response:
        try:
            return await self.client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # A kept connection that the other end closed just now. Only what may be repeated is repeated.
            if not again:
                raise
            return await self.client.send(request, stream=True)

    def _request(self, scope: Scope, receive: Receive) -> httpx.Request:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = raw_path.split(b"?", 1)[0] + (b"?" + query if query else b"")
        names = {name for name, _ in scope["headers"]}
        headers = [
            (name, value)
            for name, value in scope["headers"]
            # WSGI has one key for a hyphen and an underscore: `x_forwarded_for` would stand for ours.
            if name not in HOP_BY_HOP | FORWARDED and b"_" not in name
        ]
        headers += _forwarded(scope)
        has_body = b"content-length" in names or b"transfer-encoding" in names
        if _declared_length(scope) > settings.PAGES_MAX_BODY:
            raise BodyTooLarge
        try:
            url = httpx.URL(self.origin).copy_with(raw_path=target)
        except (httpx.InvalidURL, UnicodeError):
            raise NoAddress from None
        return httpx.Request(
            scope["method"], url, headers=headers, content=_body(receive) if has_body else None
        )


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.decode("latin-1").isdecimal():
            return int(value[:20])
    return 0


def _forwarded(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What the web process must know of the caller. What the caller itself claimed is not passed on."""
    headers = [(b"x-forwarded-proto", scope.get("scheme", "http").encode())]
    if client := scope.get("client"):
        headers.append((b"x-forwarded-for", str(client[0]).encode()))
    return headers


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    total = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        total += len(chunk)
        if total > settings.PAGES_MAX_BODY:
            raise BodyTooLarge
        if chunk:
            yield chunk
        if not message.get("more_body"):
            return


async def _calm_page(send: Send, status: int, title: str, told: str, *, reload: bool = False) -> None:
    """A page with no script and no style: it stands when nothing else does. It may reload itself while web restarts,
    and is as dark as the system, so that it glares at nobody at night."""
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><h1>{html.escape(title)}</h1><p>{html.escape(told)}</p></html>'
    ).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(page)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'"),
    ]
    if status == 502:
        headers.append((b"retry-after", b"2"))
    if reload:
        headers.append((b"refresh", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page})
