"""The one HTTP client of all connectors: bounded in time and size, deaf to private addresses, honest about lost answers."""

from __future__ import annotations

import copy
import ipaddress
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self, cast
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from connectors import unpacking, wire
from connectors.contract import ConnectorError, Malformed, Remedy
from connectors.network import GuardedBackend, Refused, is_public, over_by

API_BYTES: Final = 8 * 1024 * 1024
MEDIA_BYTES: Final = 64 * 1024 * 1024
# A refusal is read as words of the platform. What is longer says nothing that we know, and 64 MB of JSON are gigabytes when read.
_REFUSAL_BYTES: Final = 64 * 1024
WHOLE_SECONDS: Final = 60.0  # for everything up to the last byte of the answer, wherever we are sent on to
_SLOWEST_UPLOAD: Final = 100_000  # bytes a second: what takes longer to go out has so much more time
_REDIRECTS: Final = 3
_PORTS: Final = {"https": 443, "http": 80}

# httpx logs whole URLs, and some platforms want the token in the URL.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).addFilter(lambda record: False)
    logging.getLogger(_name).disabled = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came whole. Its words stay out of every repr."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    content: bytes = field(repr=False)
    repeatable: bool = True
    url: str = field(default="", repr=False)  # of whoever answered: the last one, where we were sent on

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body. Where it cannot be read, what was asked for may have happened all the same."""
        try:
            return wire.decode(self.content)
        except Malformed:
            reason = "The platform's answer could not be read."
            raise ConnectorError(
                reason, remedy=lost(repeatable=self.repeatable), code=f"http {self.status}"
            ) from None

    def mapping(self) -> Mapping[str, Any]:
        return wire.mapping(self.json())

    def error_body(self) -> Mapping[str, Any]:
        """The body of a refusal, {} where it is empty, HTML or cut off."""
        try:
            return wire.mapping(wire.decode(self.content))
        except Malformed:
            return {}


def lost(*, repeatable: bool) -> Remedy:
    """What follows from a lost answer."""
    return Remedy.RETRY if repeatable else Remedy.UNKNOWN


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address. Raises ValueError for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("not an http address")
    return parts.scheme, parts.hostname.lower(), parts.port or _PORTS[parts.scheme]


def same_origin(one: str, other: str) -> bool:
    try:
        return origin(one) == origin(other)
    except ValueError:
        return False


class Before(Protocol):
    def __call__(self, seconds: float = ..., /) -> None:
        """Ahead of a request that is over after so many seconds. What it raises stops the request."""


class Http:
    """A pool of kept-alive connections. Thread-safe; one for a process is enough.

    `allowed_origins` are the configured Origins: only these may be private addresses or plain http. Everything else
    (a customer's picture, a redirect) must be https and public. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        *,
        allowed_origins: Iterable[str] = (),
        transport: httpx.BaseTransport | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._allowed = frozenset(origin(each) for each in allowed_origins if each)
        self._guarded = transport is None
        self._client = httpx.Client(
            transport=transport or self._network(),
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout, pool=connect_timeout),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "Parley", "Accept": "application/json", "Accept-Encoding": "gzip"},
        )
        self.pause = pause
        self.before: Before | None = None

    def watched(self, before: Before) -> Self:
        """The same connections, with `before` called ahead of each request."""
        twin = copy.copy(self)
        twin.before = before
        return twin

    def _network(self) -> httpx.BaseTransport:
        transport = httpx.HTTPTransport(http1=True, http2=False, trust_env=False)
        # The transport has no parameter for a network backend; its pool does.
        transport._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=64,
            max_keepalive_connections=32,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(frozenset((host, port) for _, host, port in self._allowed)),
        )
        return transport

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, **options: Any) -> Answer:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        return self.request("POST", url, **options)

    def request(
        self,
        method: str,
        url: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        content: bytes | None = None,
        repeatable: bool | None = None,
        max_bytes: int = API_BYTES,
        other_hosts: bool = False,
        patience: float = 0.0,
    ) -> Answer:
        """One call. `repeatable` (by default: GET) says whether asking twice is harmless; if not, a lost answer is UNKNOWN.

        Redirects are followed for GET only and on the same origin; `other_hosts` lets them leave it, without the token.
        `patience`: seconds to wait for the next byte where that is longer than usual.
        """
        until = 0.0
        again = method in ("GET", "HEAD") if repeatable is None else repeatable
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if json is not None:
            content, sent["Content-Type"] = wire.encode(json), "application/json"
        for _ in range(_REDIRECTS + 1):
            self._check(url)
            try:
                request = self._client.build_request(
                    method, url, headers=sent, params=params, content=content, data=form, files=files
                )
            except (httpx.InvalidURL, ValueError, TypeError):
                raise ConnectorError("This address cannot be called.", remedy=Remedy.BUG) from None
            if patience:
                request.extensions["timeout"]["read"] = patience
            left = until - time.monotonic() if until else _seconds_for(request)
            if self.before is not None:
                self.before(left)
            until = until or time.monotonic() + left
            with over_by(until):
                answer = self._exchange(request, url, until, repeatable=again, max_bytes=max_bytes)
            if method != "GET" or answer.status not in (301, 302, 303, 307, 308):
                return answer
            target = _target(url, answer.headers.get("location", ""))
            if not same_origin(url, target):
                if not other_hosts:
                    raise ConnectorError("The platform sent us to another host.", remedy=Remedy.BUG)
                sent.pop("Authorization", None)
            url, params = target, None
        raise ConnectorError("The platform sent us in a circle.", remedy=Remedy.RETRY)

    def _check(self, url: str) -> None:
        try:
            place = origin(url)
        except ValueError:
            raise ConnectorError("This address cannot be called.", remedy=Remedy.BUG) from None
        if place in self._allowed:
            return
        if place[0] != "https":
            raise ConnectorError("Only https addresses are called.", remedy=Remedy.BUG)
        if not self._guarded and not is_public(place[1]) and _is_address(place[1]):
            raise ConnectorError("This address is a private one.", remedy=Remedy.BUG)

    def _exchange(
        self, request: httpx.Request, url: str, until: float, *, repeatable: bool, max_bytes: int
    ) -> Answer:
        unsure = lost(repeatable=repeatable)
        try:
            response = self._client.send(request, stream=True)
            try:
                content = bytearray()
                refused = response.status_code >= 400
                most = min(max_bytes, _REFUSAL_BYTES) if refused else max_bytes
                encoding = response.headers.get("content-encoding", "")
                pieces = cast("httpx.SyncByteStream", response.stream)
                try:
                    for part in unpacking.parts(pieces, encoding, most=most, otherwise=_final(repeatable)):
                        content += part
                        if time.monotonic() > until:
                            raise ConnectorError(
                                "The platform answered too slowly.", remedy=unsure, code="slow"
                            )
                except unpacking.TooLarge:
                    if not refused:
                        raise
                    content.clear()
            finally:
                response.close()
        except Refused:
            raise ConnectorError("This address is a private one.", remedy=Remedy.BUG) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise ConnectorError(
                "The platform could not be reached.", remedy=Remedy.RETRY, code="connect"
            ) from None
        except httpx.TimeoutException:
            raise ConnectorError(
                "The platform did not answer in time.", remedy=unsure, code="timeout"
            ) from None
        except (httpx.RequestError, httpx.StreamError, unpacking.Broken):
            raise ConnectorError("The connection broke off.", remedy=unsure, code="broken") from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(content), repeatable, url)


def _target(url: str, location: str) -> str:
    """Where a redirect leads. What is no address is left as it is told: it is nobody's origin, and is not called."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _seconds_for(request: httpx.Request) -> float:
    going_out = int(request.headers.get("content-length", 0)) / _SLOWEST_UPLOAD
    return max(WHOLE_SECONDS, float(request.extensions["timeout"]["read"])) + going_out


def _final(repeatable: bool) -> Remedy:
    return Remedy.TELL if repeatable else Remedy.UNKNOWN


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False
