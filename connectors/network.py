"""The way out: only to the open internet, and to the address that was checked."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore

# All addresses of a name together: one with a thousand that drop what comes held a worker for more than an hour.
_CONNECT_SECONDS: Final = 10.0
_until: ContextVar[float] = ContextVar("until", default=float("inf"))


# Where such addresses lead anywhere, it is into one's own house: translations of IPv4 that Python takes for addresses of the internet.
_INSIDE: Final = [ipaddress.ip_network(each) for each in ("64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")]


class Refused(Exception):
    """The address is not one that we talk to."""


@contextmanager
def over_by(until: float) -> Iterator[None]:
    """Nothing is read or written after this moment by the monotonic clock, whatever comes in between: a peer that sends one byte at a
    time, in its headers as well, or one interim answer after another, would otherwise hold a worker for as long as it likes."""
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


class Timed(httpcore.NetworkStream):
    """A stream whose waits end with the exchange that they are part of."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _within(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _within(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return Timed(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _within(timeout: float | None, over: type[Exception]) -> float | None:
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise over("the exchange took too long")
    if left == float("inf"):
        return timeout
    return left if timeout is None else min(timeout, left)


class GuardedBackend(httpcore.SyncBackend):
    """Connects to the very address it has checked, so that a second look-up cannot lead elsewhere."""

    def __init__(self, allowed: frozenset[tuple[str, int]]) -> None:
        self._allowed = allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if (host, port) not in self._allowed and not all(map(is_public, addresses)):
            raise Refused
        failure: Exception = httpcore.ConnectError("no address")
        until = time.monotonic() + _CONNECT_SECONDS
        for address in addresses:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                within = left if timeout is None else min(timeout, left)
                return Timed(super().connect_tcp(address, port, within, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def is_public(address: str) -> bool:
    """Whether an address is of the open internet: not ours, not link-local (cloud metadata), not reserved."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is not None:
            parsed = inner
        elif parsed in ipaddress.ip_network("64:ff9b::/96"):
            parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        elif parsed.is_site_local or any(parsed in network for network in _INSIDE):
            return False
    return parsed.is_global and not parsed.is_multicast
