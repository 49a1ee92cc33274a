"""The edge's bridge to the web process: what it passes on, and what it says when nobody is there."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from config.pages import Pages

Answer = Callable[[httpx.Request], Any]


def pages(answer: Answer) -> Pages:
    bridge = Pages(origin="http://web.internal:8001")

    async def unread(request: httpx.Request) -> httpx.Response:
        """As it comes from a network: nobody has read its body yet."""
        answered: Any = answer(request)
        response: httpx.Response = await answered if inspect.isawaitable(answered) else answered
        body = httpx.ByteStream(response.content) if response.is_stream_consumed else response.stream
        return httpx.Response(response.status_code, headers=response.headers, stream=body)

    bridge.client = httpx.AsyncClient(transport=httpx.MockTransport(unread))
    return bridge


async def asked(
    bridge: Pages,
    *,
    method: str = "GET",
    path: str = "/b/acme/",
    raw_path: bytes = b"",
    query: bytes = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: list[bytes] | None = None,
    leaves: bool = False,
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    sent: list[MutableMapping[str, Any]] = []
    chunks = body or []
    messages: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": leaves or place + 1 < len(chunks)}
        for place, chunk in enumerate(chunks)
    ]
    if leaves:
        messages.append({"type": "http.disconnect"})

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": raw_path or path.encode(),
        "query_string": query,
        "scheme": "http",
        "client": ("203.0.113.7", 5000),
        "headers": headers or [],
    }
    await bridge(scope, receive, send)
    if not sent:
        return 0, [], b""
    return sent[0]["status"], sent[0]["headers"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_an_answer_passes_through_with_every_cookie() -> None:
    cookies = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("content-type", "text/html")]

    status, headers, body = await asked(
        pages(lambda _: httpx.Response(201, headers=cookies, content=b"made"))
    )

    assert (status, body) == (201, b"made")
    assert [value for name, value in headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


async def test_path_and_query_arrive_as_they_were_written() -> None:
    seen: list[httpx.Request] = []

    await asked(
        pages(lambda request: seen.append(request) or httpx.Response(200)),
        path="/b/a%20b/%2F",
        query=b"q=%C3%A9&q=+",
    )

    assert seen[0].url.raw_path == b"/b/a%20b/%2F?q=%C3%A9&q=+"


@pytest.mark.parametrize("target", [b"*", "/b/ä".encode(), b"/b/\xff", b"/b/\x7f", b"/" + b"a" * 70_000])
async def test_what_is_no_address_is_told_so_and_not_asked_for(target: bytes) -> None:
    called: list[httpx.Request] = []

    status, _, body = await asked(
        pages(lambda request: called.append(request) or httpx.Response(200)),
        method="OPTIONS",
        raw_path=target,
    )

    assert (status, called) == (400, [])
    assert b"no address" in body


async def test_the_host_stays_and_the_caller_cannot_pretend_to_be_another() -> None:
    seen: list[httpx.Request] = []
    claims = [
        (b"host", b"inbox.example"),
        (b"x-forwarded-for", b"10.0.0.1"),
        (b"x-forwarded-proto", b"https"),
        (b"x_forwarded_for", b"10.0.0.1"),
        (b"x-forwarded_for", b"10.0.0.1"),
        (b"x_real_ip", b"10.0.0.1"),
    ]

    await asked(pages(lambda request: seen.append(request) or httpx.Response(200)), headers=claims)

    assert seen[0].headers["host"] == "inbox.example"
    assert seen[0].headers.get_list("x-forwarded-for") == ["203.0.113.7"]
    assert seen[0].headers.get_list("x-forwarded-proto") == ["http"]
    assert not [name for name in seen[0].headers if "_" in name]


async def test_headers_of_one_hop_stay_on_that_hop() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={"connection": "close", "keep-alive": "timeout=5", "x-ours": "1"})

    _, headers, _ = await asked(
        pages(answer), headers=[(b"te", b"trailers"), (b"upgrade", b"h2c"), (b"x-theirs", b"1")]
    )

    assert {"te", "upgrade"}.isdisjoint(seen[0].headers)
    assert seen[0].headers["x-theirs"] == "1"
    assert {b"connection", b"keep-alive"}.isdisjoint(name for name, _ in headers)
    assert (b"x-ours", b"1") in headers


async def test_a_form_arrives_whole() -> None:
    bodies: list[bytes] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(await request.aread())
        return httpx.Response(200)

    await asked(pages(answer), method="POST", headers=[(b"content-length", b"6")], body=[b"one", b"two"])

    assert bodies == [b"onetwo"]


async def test_a_body_that_says_it_is_too_large_is_not_read(settings: Settings) -> None:
    settings.PAGES_MAX_BODY = 10
    called: list[httpx.Request] = []

    status, _, body = await asked(
        pages(lambda request: called.append(request) or httpx.Response(200)),
        method="POST",
        headers=[(b"content-length", b"11")],
        body=[b"x" * 11],
    )

    assert status == 413
    assert b"too large" in body
    assert called == []


async def test_a_body_that_turns_out_too_large_is_cut_off(settings: Settings) -> None:
    settings.PAGES_MAX_BODY = 10

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200)

    status, _, _ = await asked(
        pages(answer),
        method="POST",
        headers=[(b"transfer-encoding", b"chunked")],
        body=[b"x" * 6, b"x" * 6],
    )

    assert status == 413


async def test_a_browser_that_leaves_in_the_middle_is_no_error() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200)

    status, _, _ = await asked(
        pages(answer),
        method="POST",
        headers=[(b"content-length", b"9")],
        body=[b"abc"],
        leaves=True,
    )

    assert status == 0


async def test_while_web_restarts_a_calm_page_comes_back_by_itself() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    status, headers, body = await asked(pages(answer))

    assert status == 502
    assert (b"refresh", b"2") in headers
    assert b"Parley is starting" in body
    assert b'name="color-scheme" content="light dark"' in body


async def test_what_a_form_was_sent_to_is_no_page_to_come_back_to() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    status, headers, body = await asked(pages(answer), method="POST")

    assert status == 502
    assert b"refresh" not in dict(headers)
    assert b"comes back by itself" not in body


async def test_a_kept_connection_that_was_closed_is_tried_again_for_a_page() -> None:
    tries: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(request.method)
        if len(tries) == 1:
            raise httpx.RemoteProtocolError("closed", request=request)
        return httpx.Response(200)

    status, _, _ = await asked(pages(answer))

    assert (status, tries) == (200, ["GET", "GET"])


async def test_a_form_is_never_sent_twice() -> None:
    tries: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(request.method)
        raise httpx.RemoteProtocolError("closed", request=request)

    status, _, _ = await asked(pages(answer), method="POST", headers=[(b"content-length", b"1")], body=[b"x"])

    assert (status, tries) == (502, ["POST"])


async def test_a_large_answer_is_handed_on_piece_by_piece() -> None:
    class Slowly(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for _ in range(5):
                await asyncio.sleep(0)
                yield b"x" * 1000

    _, _, body = await asked(pages(lambda _: httpx.Response(200, stream=Slowly())))

    assert len(body) == 5000


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_stays_without(status: int) -> None:
    seen, _, body = await asked(pages(lambda _: httpx.Response(status)))

    assert (seen, body) == (status, b"")
