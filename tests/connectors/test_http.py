"""The client against real sockets, and against a hand-written platform where a socket adds nothing."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain, repeat

import httpcore
import httpx
import pytest

from connectors import unpacking
from connectors.contract import ConnectorError, Remedy
from connectors.http import Answer, Http, _seconds_for, same_origin
from connectors.network import is_public


@contextmanager
def server(answer: bytes | None, *, hang: bool = False) -> Iterator[str]:
    """A socket that answers each request with fixed bytes; None: it hangs up without a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with closing(connection):
                connection.settimeout(2)
                try:
                    connection.recv(65536)
                    if hang:
                        stop.wait(2)
                    if answer:
                        connection.sendall(answer)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(3)


@contextmanager
def drip(pieces: Iterator[bytes]) -> Iterator[str]:
    """A peer that sends one piece after another, a moment between each, for as long as anybody listens."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with closing(connection), suppress(OSError):
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.02)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        thread.join(5)


def plain(body: bytes, extra: str = "", status: str = "200 OK") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n".encode()
        + body
    )


def remedy_of(call: Callable[[], Answer]) -> Remedy:
    with pytest.raises(ConnectorError) as caught:
        call()
    return caught.value.remedy


def faked(answer: httpx.Response | Exception, allowed: str = "https://api.example") -> Http:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Http(transport=httpx.MockTransport(respond), allowed_origins=[allowed])


def test_an_answer_comes_whole() -> None:
    with server(plain(b'{"a":1}')) as url, Http(allowed_origins=[url]) as http:
        assert http.get(f"{url}/x").json() == {"a": 1}


def test_a_gzipped_answer_is_unpacked() -> None:
    packed = plain(gzip.compress(b'{"a":1}'), "Content-Encoding: gzip\r\n")
    with server(packed) as url, Http(allowed_origins=[url]) as http:
        assert http.get(f"{url}/x").json() == {"a": 1}


def test_a_small_gzip_that_unpacks_to_too_much_is_refused() -> None:
    packed = plain(gzip.compress(b" " * 2_000_000), "Content-Encoding: gzip\r\n")
    with server(packed) as url, Http(allowed_origins=[url]) as http:
        assert remedy_of(lambda: http.get(url, max_bytes=1_000_000)) is Remedy.TELL


@pytest.mark.parametrize(
    "named", ["gzip, gzip", "gzip,deflate", "br", "deflate", "gzip\r\nContent-Encoding: gzip"]
)
def test_what_is_packed_twice_or_otherwise_is_not_unpacked(named: str) -> None:
    twice = gzip.compress(gzip.compress(b" " * 2_000_000))
    with server(plain(twice, f"Content-Encoding: {named}\r\n")) as url, Http(allowed_origins=[url]) as http:
        assert remedy_of(lambda: http.get(url)) is Remedy.TELL
        assert remedy_of(lambda: http.post(url, json={})) is Remedy.UNKNOWN


def test_a_piece_is_never_unpacked_beyond_the_bound() -> None:
    packed = plain(gzip.compress(b" " * 64_000_000), "Content-Encoding: gzip\r\n")  # comes in one piece
    with server(packed) as url, Http(allowed_origins=[url]) as http:
        remedy_of(lambda: http.get(url, max_bytes=10))  # what is made once is not counted
        tracemalloc.start()
        try:
            assert remedy_of(lambda: http.get(url, max_bytes=1_000_000)) is Remedy.TELL
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()


def test_what_follows_a_gzip_is_not_kept() -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        yield gzip.compress(b"whole")
        for number in range(1000):
            taken.append(number)
            yield b" " * 65_536

    parts = unpacking.parts(pieces(), "gzip", most=100, otherwise=Remedy.TELL)

    assert b"".join(parts) == b"whole"
    assert len(taken) == 1


def test_an_answer_with_more_behind_its_gzip_comes_whole() -> None:
    packed = plain(gzip.compress(b'{"a":1}') + b" " * 5_000_000, "Content-Encoding: gzip\r\n")
    with server(packed) as url, Http(allowed_origins=[url]) as http:
        assert http.get(f"{url}/x").json() == {"a": 1}


def test_a_gzip_that_is_none_is_a_lost_answer() -> None:
    with server(plain(b"{}", "Content-Encoding: gzip\r\n")) as url, Http(allowed_origins=[url]) as http:
        assert remedy_of(lambda: http.get(url)) is Remedy.RETRY


def test_nobody_listens_so_nothing_was_sent() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Http(allowed_origins=[url]) as http:
        assert remedy_of(lambda: http.post(url, json={})) is Remedy.RETRY


def test_a_post_without_an_answer_may_have_arrived() -> None:
    with server(b"", hang=True) as url, Http(allowed_origins=[url], read_timeout=0.2) as http:
        assert remedy_of(lambda: http.post(url, json={})) is Remedy.UNKNOWN
        assert remedy_of(lambda: http.get(url)) is Remedy.RETRY


HEAD = b"HTTP/1.1 200 OK\r\nX-Slow: "
INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(lambda: chain([HEAD], repeat(b"a", 200)), id="a head that does not end"),
        pytest.param(lambda: repeat(INTERIM, 200), id="interim answers"),
        pytest.param(lambda: chain([BODY], repeat(b"a", 200)), id="a body that does not end"),
    ],
)
def test_a_peer_that_sends_a_little_at_a_time_holds_nobody(
    monkeypatch: pytest.MonkeyPatch, pieces: Callable[[], Iterator[bytes]]
) -> None:
    monkeypatch.setattr("connectors.http.WHOLE_SECONDS", 0.3)
    with drip(pieces()) as url, Http(allowed_origins=[url], read_timeout=0.2) as http:
        began = time.monotonic()
        assert remedy_of(lambda: http.get(url)) is Remedy.RETRY
        assert time.monotonic() - began < 1.5


def test_being_sent_on_takes_no_longer_than_being_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.WHOLE_SECONDS", 0.3)

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(302, headers={"location": "/again"}, stream=Slow())

    class Slow(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            time.sleep(0.2)
            yield b"-"

    asked: list[httpx.Request] = []
    http = Http(transport=httpx.MockTransport(respond), read_timeout=0.2)
    assert remedy_of(lambda: http.get("https://api.example/")) is Remedy.RETRY
    assert len(asked) == 2


def test_what_is_large_has_the_time_to_go_out() -> None:
    large = httpx.Request("POST", "https://api.example/", content=b"x" * 5_000_000)
    large.extensions["timeout"] = {"read": 20.0}
    assert _seconds_for(large) == 110


def test_whoever_watches_is_told_how_long_each_request_may_take() -> None:
    told: list[float] = []
    http = Http(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    watched = http.watched(lambda seconds=0.0, /: told.append(seconds))

    watched.get("https://api.example/")
    watched.get("https://api.example/", patience=90.0)
    watched.request("PUT", "https://api.example/", content=b"x" * 20_000_000)

    assert told == [60, 90, 260]


def test_a_name_with_many_addresses_that_drop_what_comes_holds_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"1.1.{n // 250}.{n % 250}", 443)) for n in range(1000)
    ]
    tried: list[str] = []

    def dropped(self: object, address: str, *_: object) -> None:
        tried.append(address)
        time.sleep(0.05)
        raise httpcore.ConnectTimeout

    monkeypatch.setattr("connectors.network.socket.getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr("connectors.network._CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", dropped)
    with Http() as http:
        assert remedy_of(lambda: http.get("https://pictures.example/a.jpg")) is Remedy.RETRY
    assert len(tried) < 10


def test_a_post_that_is_harmless_to_repeat_is_repeated() -> None:
    with server(None) as url, Http(allowed_origins=[url]) as http:
        assert remedy_of(lambda: http.post(url, json={}, repeatable=True)) is Remedy.RETRY
        assert remedy_of(lambda: http.post(url, json={})) is Remedy.UNKNOWN


def test_an_answer_cut_off_in_its_body_is_a_lost_answer() -> None:
    cut = b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"message_id":'
    with server(cut) as url, Http(allowed_origins=[url]) as http:
        assert remedy_of(lambda: http.post(url, json={})) is Remedy.UNKNOWN
        assert remedy_of(lambda: http.get(url)) is Remedy.RETRY


def test_truncated_json_is_a_lost_answer() -> None:
    http = faked(httpx.Response(200, content=b'{"message_id":"a'))
    assert remedy_of(lambda: http.post("https://api.example/").json()) is Remedy.UNKNOWN
    assert remedy_of(lambda: http.get("https://api.example/").json()) is Remedy.RETRY


def test_an_error_page_has_no_body_to_read() -> None:
    http = faked(httpx.Response(502, content=b"<html>Bad gateway</html>"))
    assert http.get("https://api.example/").error_body() == {}


def test_no_more_of_a_refusal_is_read_than_words_need() -> None:
    """However small it came: what is unpacked and decoded is many times as much."""
    endless = b"[" + b"[]," * 100_000 + b"[]]"
    packed = plain(gzip.compress(endless), "Content-Encoding: gzip\r\n", status="400 Bad Request")
    with server(packed) as url, Http(allowed_origins=[url]) as http:
        answer = http.get(url, max_bytes=64_000_000)

    assert (answer.status, answer.content) == (400, b"")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_private_address_is_refused_before_a_byte_is_sent(host: str) -> None:
    with server(plain(b"secret")) as url, Http(allowed_origins=["http://simulator.example:1"]) as http:
        port = url.rpartition(":")[2]
        assert remedy_of(lambda: http.get(f"https://{host}:{port}/")) is Remedy.BUG


def test_another_port_of_an_allowed_host_is_not_allowed() -> None:
    with server(plain(b"secret")) as url, Http(allowed_origins=["http://127.0.0.1:1"]) as http:
        assert remedy_of(lambda: http.get(url.replace("http:", "https:"))) is Remedy.BUG


def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr("connectors.network.socket.getaddrinfo", lambda *_, **__: found)
    with Http() as http:
        assert remedy_of(lambda: http.get("https://pictures.example/a.jpg")) is Remedy.BUG


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "::1", "fe80::1%eth0",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1", "224.0.0.1", "2002:7f00:1::", "no address",
     "fec0::1", "64:ff9b:1::a00:1", "::ffff:0:10.0.0.1", "::10.0.0.1"],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url", ["http://pictures.example/a", "ftp://x/", "file:///etc/passwd", "//x", "", "https://"]
)
def test_only_https_is_called(url: str) -> None:
    assert remedy_of(lambda: faked(httpx.Response(200)).get(url)) is Remedy.BUG


def test_a_redirect_to_another_host_is_not_followed() -> None:
    http = faked(httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    assert remedy_of(lambda: http.get("https://api.example/", token="t")) is Remedy.BUG


def test_a_redirect_of_media_goes_on_without_the_token() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "api.example":
            return httpx.Response(302, headers={"location": "https://cdn.example/a"})
        return httpx.Response(200, content=b"picture")

    http = Http(transport=httpx.MockTransport(respond))
    assert http.get("https://api.example/a", token="t", other_hosts=True).content == b"picture"
    assert [request.headers.get("authorization") for request in seen] == ["Bearer t", None]


def test_a_redirect_of_media_into_our_own_house_is_refused() -> None:
    http = faked(httpx.Response(302, headers={"location": "http://127.0.0.1:8000/admin/"}))
    assert remedy_of(lambda: http.get("https://api.example/a", other_hosts=True)) is Remedy.BUG


def test_a_redirect_to_what_is_no_address_is_not_followed() -> None:
    http = faked(httpx.Response(302, headers={"location": "https://[x"}))

    for other_hosts in (False, True):
        asked = partial(http.get, "https://api.example/a", other_hosts=other_hosts)
        assert remedy_of(asked) is Remedy.BUG


def test_a_circle_of_redirects_ends() -> None:
    http = faked(httpx.Response(302, headers={"location": "/again"}))
    assert remedy_of(lambda: http.get("https://api.example/")) is Remedy.RETRY


def test_no_token_reaches_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = "https://api.example/x?access_token=very-secret"
    faked(httpx.Response(200, content=b"{}")).get(url, token="very-secret")
    with pytest.raises(ConnectorError) as caught:
        faked(httpx.ReadTimeout("very-secret")).get(url, token="very-secret")
    assert "very-secret" not in caplog.text
    assert "very-secret" not in repr(caught.value) + str(caught.value)


def test_words_of_an_answer_stay_out_of_its_repr() -> None:
    assert "secret" not in repr(Answer(200, {"x": "secret"}, b"secret"))


def test_same_origin_knows_default_ports() -> None:
    assert same_origin("https://a.example/x", "https://A.example:443/y")
    assert not same_origin("https://a.example", "http://a.example")
    assert not same_origin("https://a.example", "nonsense")
