"""The fake platform, connected to a brand."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from connectors import registry, sealing
from connectors.contract import Connector
from connectors.models import Credential, PlatformApp, RateBudget, Receipt
from inbox import platforms
from inbox.actions import replying
from inbox.models import Brand, BrandSequence, Channel, Message, Person
from tests.fakes.platform import SECRET, FakePlatform, Said, delivery, millis

NOW = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)


class Moving:
    """A clock that moves when a test says so."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePlatform]:
    fake = FakePlatform()
    known = registry.get

    def get(key: str) -> Connector:
        return fake if key == "fake" else known(key)

    monkeypatch.setattr(registry, "get", get)
    platforms.register(fake.manifest)
    yield fake
    platforms._register.pop("fake", None)


@pytest.fixture
def brand(db: None) -> Brand:
    brand = Brand.objects.create(name="Acme", slug=f"acme-{uuid.uuid4().hex[:8]}")
    BrandSequence.objects.get_or_create(brand=brand)
    return brand


@pytest.fixture
def app(platform: FakePlatform, db: None) -> PlatformApp:
    secrets = {
        "client_secret": "s",
        "webhook_secrets": [SECRET, "older-secret"],
        "verify_token": "vt",
        "bearer": "",
    }
    return PlatformApp.objects.create(platform="fake", client_id="c", sealed=sealing.seal(secrets))


@pytest.fixture
def connect(brand: Brand, app: PlatformApp) -> Callable[..., Channel]:
    def make(external_id: str = "acc-1", **fields: Any) -> Channel:
        channel = Channel.objects.create(
            **{"brand": brand, "platform": "fake", "external_id": external_id, "name": external_id} | fields
        )
        Credential.objects.create(
            channel=channel,
            app=app,
            sealed=sealing.seal({"access": "access-1", "refresh": "refresh-1"}),
            issued_at=NOW - timedelta(days=1),
            expires_at=NOW + timedelta(hours=2),
        )
        return channel

    return make


@pytest.fixture
def channel(connect: Callable[..., Channel]) -> Channel:
    return connect()


@pytest.fixture
def receipt(channel: Channel) -> Callable[..., Receipt]:
    """A stored delivery of these items."""

    def make(*items: dict[str, Any], body: bytes | None = None, at: Channel = channel) -> Receipt:
        return Receipt.objects.create(
            channel=at, received_at=NOW, body=delivery(*items) if body is None else body
        )

    return make


def message_item(
    external_id: str, text: str = "Hello", *, thread: str = "mara", seconds: float = 0, **more: Any
) -> dict[str, Any]:
    at = millis(NOW + timedelta(seconds=seconds))
    return {"kind": "message", "id": external_id, "thread": thread, "text": text, "at": at, **more}


@pytest.fixture
def agent(brand: Brand) -> Person:
    from tests.factories.people import agent_of

    return agent_of(brand)


@pytest.fixture
def queued_reply(
    channel: Channel, agent: Person, receipt: Callable[..., Receipt], platform: FakePlatform, clock: Moving
) -> Message:
    """An agent's answer to Mara, in the outbox."""
    from connectors.actions import draining

    platform.said.append(Said("in-1", "mara", "Where is my parcel?", NOW - timedelta(seconds=60)))
    receipt(message_item("in-1", "Where is my parcel?", seconds=-60))
    draining.drain(now=clock())
    return queue("On its way!", channel=channel, agent=agent, now=clock())


def queue(text: str, *, channel: Channel, agent: Person, now: datetime, thread: str = "mara") -> Message:
    conversation = channel.conversations.get(thread_key=thread)
    return replying.queue_reply(
        conversation=conversation, by=agent, client_id=uuid.uuid4(), text=text, written_against=10**9, now=now
    )[0]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Of locks, as the house is after ten seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


def turns_are_taken_up_to_soon(channel: Channel, bucket: str) -> datetime:
    """So many others are in line that whoever comes waits, however slow the test is. Until when."""
    taken = RateBudget.objects.create(
        channel=channel,
        bucket=f"{bucket}{RateBudget.TURN}",
        resets_at=Now() + timedelta(seconds=15),
        seen_at=NOW,
    )
    taken.refresh_from_db()
    assert taken.resets_at is not None
    return taken.resets_at
