"""Who answers which path, and what the health addresses say."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from functools import partial
from typing import Any

import orjson
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from django.db import OperationalError, connection

from config import broker, health, soundness
from config.edge import Edge
from connectors.models import PlatformApp
from tests.factories.people import ChannelFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Edge]:
    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"a page"})

    edge = Edge(pages=pages)
    yield edge
    await edge.door.close()  # it keeps a database session of its own


async def got(
    edge: Edge, path: str, *, method: str = "GET", kind: str = "http", client: str = "127.0.0.1"
) -> tuple[int, bytes]:
    sent: list[MutableMapping[str, Any]] = []

    arriving = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> MutableMapping[str, Any]:
        return next(arriving) if kind == "websocket" else {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"origin", b"http://localhost")],
        "subprotocols": [],
        "client": (client, 5000),
    }
    await edge(scope, receive, send)
    first = sent[0]
    return first.get("status", first.get("code", 0)), b"".join(message.get("body", b"") for message in sent)


async def test_alive_is_told_without_asking_anybody(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "readiness", lambda: pytest.fail("healthz asked"))

    assert await got(edge, "/healthz") == (200, b'{"alive":true}')


async def test_ready_when_everything_answers(edge: Edge) -> None:
    health.beat_heart("worker")

    status, body = await got(edge, "/readyz")

    assert status == 200
    assert orjson.loads(body)["ready"] is True
    assert set(orjson.loads(body)) == {
        "ready", "database", "broker", "migrations", "worker", "connectors", "secrets",
    }  # fmt: skip


async def test_not_ready_without_a_worker_and_it_says_why(edge: Edge) -> None:
    broker.client().delete(health.HEARTBEAT_KEY.format(process="worker"))

    status, body = await got(edge, "/readyz")

    assert status == 503
    assert orjson.loads(body)["worker"] == {
        "ok": False,
        "reason": "no heartbeat for 15 s: start celery -A config worker",
    }
    assert orjson.loads(body)["database"] == {"ok": True, "reason": ""}


async def test_a_database_that_is_away_is_waited_for_once(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(name: str) -> str:
        asked.append(name)
        raise OperationalError("couldn't get a connection after 10.00 sec")

    for name in ("database", "migrations", "connectors", "secrets"):
        monkeypatch.setitem(health.CHECKS, name, partial(away, name))

    status, body = await got(edge, "/readyz")

    told = orjson.loads(body)
    assert (status, asked) == (503, ["database"])
    assert told["secrets"] == {"ok": False, "reason": "the database cannot be asked"}


async def test_a_stranger_is_told_what_is_not_ready_and_no_reason(edge: Edge) -> None:
    broker.client().delete(health.HEARTBEAT_KEY.format(process="worker"))

    status, body = await got(edge, "/readyz", client="203.0.113.9")

    assert (status, orjson.loads(body)["worker"]) == (503, {"ok": False, "reason": ""})


async def test_not_ready_while_a_migration_waits(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrations_done", False)
    monkeypatch.setattr(health, "pending_migrations", lambda: ["inbox.0042_more"])

    status, body = await got(edge, "/readyz")

    assert status == 503
    assert "inbox.0042_more: run manage.py migrate" in orjson.loads(body)["migrations"]["reason"]


async def test_what_came_since_an_edge_was_alive_is_asked_for_when_one_starts(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    health.beat_heart("edge")
    alive = health.last_beat("edge")
    begun: list[object] = []
    monkeypatch.setattr(health, "keep_beating", lambda process: begun.append(process))
    monkeypatch.setattr(edge.door, "begin_after", begun.append)
    arriving = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> MutableMapping[str, Any]:
        return next(arriving)

    async def send(message: MutableMapping[str, Any]) -> None:
        pass

    await edge({"type": "lifespan"}, receive, send)

    assert alive is not None
    assert begun == ["edge", alive]


async def kept(make: Callable[[], object]) -> None:
    """Made off the loop, on a session that is closed."""

    def run() -> None:
        make()
        connection.close()

    await asyncio.to_thread(run)


async def found_at(edge: Edge, monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[int, str]:
    monkeypatch.setattr(soundness, "_told", {})  # as in a process that has just begun
    status, body = await got(edge, "/readyz")
    return status, orjson.loads(body)[name]["reason"]


async def test_not_ready_when_a_stored_secret_opens_with_no_key(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = Fernet(Fernet.generate_key()).encrypt(b"{}")
    await kept(lambda: PlatformApp.objects.create(platform="instagram", client_id="1", sealed=sealed))

    status, reason = await found_at(edge, monkeypatch, "secrets")

    assert (status, reason.split(":")[0]) == (503, "1 of platform apps open with none of PARLEY_SEAL_KEYS")


async def test_not_ready_when_the_connector_of_a_channel_is_gone(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept(lambda: ChannelFactory(platform="gone"))

    status, reason = await found_at(edge, monkeypatch, "connectors")

    assert status == 503
    assert reason.startswith("No connector for “gone” is installed")


async def test_not_ready_without_a_broker(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    monkeypatch.setattr(broker, "client", lambda: redis.Redis(unix_socket_path="/nowhere/valkey.sock"))

    status, body = await got(edge, "/readyz")

    assert status == 503
    assert orjson.loads(body)["broker"]["reason"].startswith("ConnectionError")


async def test_webhooks_never_reach_the_pages(edge: Edge) -> None:
    status, _ = await got(edge, "/webhooks/nobody/00000000-0000-0000-0000-000000000000/")

    assert status == 404


async def test_everything_else_is_a_page(edge: Edge) -> None:
    assert await got(edge, "/b/acme/") == (299, b"a page")


async def test_a_socket_to_nowhere_is_closed(edge: Edge) -> None:
    assert await got(edge, "/ws/nowhere/", kind="websocket") == (4404, b"")


@pytest.mark.parametrize("origin", [b"https://evil.example", b"http://[", b"null", b""])
async def test_a_socket_from_another_site_is_refused_and_no_broker_is_asked(
    edge: Edge, origin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.consumer.get_channel_layer", lambda *_: pytest.fail("the broker was asked"))
    sent: list[MutableMapping[str, Any]] = []

    arriving = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> MutableMapping[str, Any]:
        return next(arriving)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/ws/b/acme/",
        "query_string": b"",
        "headers": [(b"origin", origin)],
        "subprotocols": [],
    }
    await edge(scope, receive, send)

    assert sent[0]["type"] == "websocket.close"
