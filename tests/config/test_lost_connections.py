"""A database that vanishes without a word, as at a host without power or a fail-over by address: nobody says that the connection is over."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from config import services
from connectors.actions.scheduling import LEASE
from connectors.door.line import conninfo
from connectors.http import WHOLE_SECONDS


def pump(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(65536):
        sink.sendall(data)
    sink.close()


@pytest.fixture
def tcp() -> Iterator[dict[str, str | int]]:
    """Where the tests' database is reached over a network."""
    known = connection.settings_dict
    if not str(known["HOST"]).startswith("/"):
        yield {}
        return
    near = socket.create_server(("127.0.0.1", 0))
    far = socket.socket(socket.AF_UNIX)
    far.connect(f"{known['HOST']}/.s.PGSQL.{known['PORT'] or 5432}")

    def forward() -> None:
        client, _ = near.accept()
        threading.Thread(target=pump, args=(far, client), daemon=True).start()
        pump(client, far)

    threading.Thread(target=forward, daemon=True).start()
    yield {"host": "127.0.0.1", "port": near.getsockname()[1]}
    near.close()


@pytest.mark.django_db
@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such limit")
def test_a_connection_that_nobody_answers_on_is_given_up(tcp: dict[str, str | int]) -> None:
    with (
        psycopg.connect(conninfo(), **tcp) as lost,
        socket.socket(fileno=os.dup(lost.fileno())) as wire,
    ):
        waits = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) / 1000
        asks = wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        asks_after = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)

    reconnects = settings.DATABASES["default"]["OPTIONS"]["connect_timeout"]
    assert asks and 0 < asks_after < waits
    slowest_answer = WHOLE_SECONDS  # of a platform: no lease is renewed in it
    assert slowest_answer + waits + reconnects < LEASE.total_seconds()


def test_whoever_runs_the_database_may_say_how_soon() -> None:
    options = services.django_database("postgresql://db/parley?tcp_user_timeout=5000")["OPTIONS"]

    assert options == services.GIVEN_UP | {"tcp_user_timeout": "5000"}
