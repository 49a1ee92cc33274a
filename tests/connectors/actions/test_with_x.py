"""X itself, as the simulator plays it: it switches our webhook off, delivers again what it is asked for, and shows an answer that was lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db.models import Model
from starlette.applications import Starlette
from starlette.routing import Route

from connectors import contexts, sealing
from connectors.actions import connecting, delivering, draining, settling, syncing
from connectors.contract import Account, Grant, Tokens
from connectors.http import Http
from connectors.models import ChannelHealth, Gap, PlatformApp, Receipt, RunLine, SyncSchedule, Task
from inbox.models import Brand, Channel, Conversation, Event, Handle, Message, MessageState, Person
from tests.connectors.conftest import queue
from tests.simulator.outside import Outside, Receiver, opened

pytestmark = pytest.mark.django_db(transaction=True)


class Door(Receiver):
    """Ours, at whatever path, for as long as it is open."""

    is_shut = False

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/{path:path}", self.greet, methods=["GET"]),
                Route("/{path:path}", self.take, methods=["POST"]),
            ]
        )

    async def take(self, request: Any) -> Any:
        if self.is_shut:
            self.statuses[:] = [503]
        return await super().take(request)


class Bridge(httpx.BaseTransport):
    """From the thread of a test into the loop where the platforms live."""

    def __init__(self, x: X) -> None:
        self.x = x

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.x.never_gets == (request.method, request.url.path):
            self.x.never_gets = None
            raise httpx.ReadTimeout("no answer", request=request)

        async def asked() -> httpx.Response:
            given = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            answer = await httpx.ASGITransport(app=self.x.outside.simulator.platforms).handle_async_request(
                given
            )
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        answer = self.x.plays(asked())
        if self.x.loses == (request.method, request.url.path):
            self.x.loses = None
            raise httpx.ReadTimeout("no answer", request=request)
        return answer


class X:
    """The outside world in a thread of its own, and our clock, which is X's."""

    def __init__(self, home: Path) -> None:
        self.loses: tuple[str, str] | None = None  # the next answer to this call
        self.never_gets: tuple[str, str] | None = None  # the next such call
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.door = Door()
        self.outside: Outside = self.plays(opened(home, self.door))

    def plays(self, play: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(play, self.loop).result(timeout=60)

    def close(self) -> None:
        self.plays(self.outside.simulator.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.outside.simulator.kernel.world.clock.now_ms() / 1000, UTC)

    def passes(self, *, hours: float = 0) -> None:
        self.plays(self.outside.advance(hours=hours))

    def writes(self, text: str) -> None:
        self.plays(self.outside.says("x", text))

    def gives_up(self) -> None:
        for hook in self.outside.simulator.kernel.world.webhooks.values():
            hook.valid = False

    def delivers(self, channel: Channel) -> int:
        """What has come to the door is read."""
        self.plays(self.outside.settle())
        for each in self.door.seen:
            Receipt.objects.create(channel=channel, received_at=self.now(), body=each.body)
        self.door.seen.clear()
        return draining.drain(now=self.now()).receipts


@pytest.fixture
def x(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[X]:
    settings.PARLEY_PUBLIC_URL = "https://parley.test"
    x = X(tmp_path)
    http = Http(transport=Bridge(x), allowed_origins=["http://platform.test"], pause=lambda seconds: None)
    monkeypatch.setattr(contexts, "_http", lambda origins, pid: http)
    yield x
    x.close()


@pytest.fixture
def connected(x: X, brand: Brand) -> Channel:
    known = x.plays(x.outside.apps("x"))
    secrets = {
        "client_secret": known["client_secret"], "webhook_secrets": [x.door.secrets["x"]], "verify_token": "",
        "bearer": known["app_bearer"],
    }  # fmt: skip
    origin = "http://platform.test"
    app = PlatformApp.objects.create(
        platform="x", client_id=known["client_id"], sealed=sealing.seal(secrets),
        origins={"consent": origin, "token": origin, "api": origin, "media": origin},
    )  # fmt: skip
    tokens = x.plays(x.outside.x_tokens())
    user = {"authorization": f"Bearer {tokens['access_token']}"}
    me = x.plays(x.outside.api.get("/2/users/me", headers=user)).json()["data"]["id"]
    grant = Grant(
        Account(me, "acme"),
        Tokens(
            tokens["access_token"],
            tokens["refresh_token"],
            expires_at=x.now() + timedelta(seconds=tokens["expires_in"]),
            issued_at=x.now(),
        ),
    )
    channel = connecting.connect(app=app, brand=brand, grant=grant, now=x.now(), backfill_days=0)
    Channel.objects.filter(pk=channel.pk).update(created_at=x.now())
    return channel


def reconcile(channel: Channel, x: X) -> None:
    walk = SyncSchedule.objects.get(channel=channel, task=Task.RECONCILE)
    done = syncing.run(schedule_id=walk.pk, clock=x.now, pause=lambda seconds: None)
    assert not done.error
    assert done.complete


def everything() -> list[list[dict[str, Any]]]:
    kept: tuple[type[Model], ...] = (Event, Conversation, Message, Handle)
    return [list(model._default_manager.order_by("pk").values()) for model in kept]


def test_a_day_that_x_did_not_deliver_is_delivered_again_and_doubles_nothing(
    x: X, connected: Channel
) -> None:
    x.writes("Delivered at once")
    x.delivers(connected)
    x.passes(hours=0.5)
    reconcile(connected, x)
    x.gives_up()
    for number in range(3):
        x.writes(f"Written while X delivered nothing, {number}")
        x.passes(hours=7.5)
    assert x.delivers(connected) == 0

    reconcile(connected, x)
    assert Message.objects.count() == 4
    missed = Gap.objects.get(cause="not_subscribed")
    assert (missed.brought, missed.redelivery_asked_at) == (3, None)
    before = everything()
    x.passes(hours=0.25)
    reconcile(connected, x)

    asked = Gap.objects.get(pk=missed.pk)
    assert asked.redelivery_job
    assert asked.redelivery_ended_at is None
    assert x.delivers(connected) >= 4  # what was written, of the last 24 hours, and the end of the job
    ended = Gap.objects.get(pk=missed.pk)
    assert ended.redelivery_ended_at is not None
    assert ended.redelivery_said == "X's replay job ended: Complete. Job completed successfully"
    assert everything() == before
    x.passes(hours=0.25)
    reconcile(connected, x)
    assert x.delivers(connected) == 0


def test_what_no_history_tells_comes_with_what_is_delivered_again(
    x: X, connected: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where X refuses its history, or does not hold there what it delivers."""
    x.passes(hours=1)
    reconcile(connected, x)
    x.gives_up()
    x.writes("Written while X delivered nothing")
    x.passes(hours=2)
    walk = SyncSchedule.objects.get(channel=connected, task=Task.RECONCILE)
    from connectors.actions._walking import Walker

    monkeypatch.setattr(Walker, "reconcile", lambda walker: None)
    for _ in range(2):
        syncing.run(schedule_id=walk.pk, clock=x.now, pause=lambda seconds: None)
        x.passes(hours=0.25)

    x.delivers(connected)

    message = Message.objects.get()
    assert (message.text, message.historical) == ("Written while X delivered nothing", False)
    assert Conversation.objects.get().waiting_since == message.sent_at
    assert RunLine.objects.filter(text__contains="was asked to deliver again").count() == 1
    assert ChannelHealth.objects.get(channel=connected).subscribed is True


@pytest.fixture
def lost_answer(x: X, connected: Channel, agent: Person) -> Message:
    """A public answer that X posted without our hearing of it."""
    x.plays(x.outside.says("x", "Where is my parcel?", kind="comment"))
    x.delivers(connected)
    thread = Conversation.objects.get().thread_key
    reply = queue("On its way & here soon.", channel=connected, agent=agent, now=x.now(), thread=thread)
    x.loses = ("POST", "/2/tweets")
    assert delivering.deliver(message_id=reply.pk, clock=x.now) == "uncertain"
    reply.refresh_from_db()
    return reply


def test_a_public_answer_whose_outcome_was_lost_is_found_among_what_the_account_posted(
    x: X, lost_answer: Message
) -> None:
    assert settling.settle(message=lost_answer, clock=x.now) == "sent"

    reply = Message.objects.get(direction="out")
    assert (reply.pk, reply.state, bool(reply.external_id)) == (lost_answer.pk, MessageState.SENT, True)


def test_an_answer_counts_for_the_reply_under_whose_post_it_stands(
    x: X, connected: Channel, lost_answer: Message, agent: Person
) -> None:
    """The same words for the same person, in two talks: one of them never came to X."""
    x.plays(x.outside.says("x", "And my other parcel?", kind="mention"))
    x.plays(x.outside.settle())
    x.door.seen[:] = [each for each in x.door.seen if b'"post.create"' not in each.body]  # that got lost, too
    x.delivers(connected)
    other = Conversation.objects.exclude(pk=lost_answer.conversation_id).get()
    second = queue(lost_answer.text, channel=connected, agent=agent, now=x.now(), thread=other.thread_key)
    x.never_gets = ("POST", "/2/tweets")
    assert delivering.deliver(message_id=second.pk, clock=x.now) == "uncertain"
    second.refresh_from_db()

    assert settling.settle(message=second, clock=x.now) == "later"
    assert settling.settle(message=lost_answer, clock=x.now) == "sent"


def test_or_is_told_as_what_the_account_posted(x: X, connected: Channel, lost_answer: Message) -> None:
    x.delivers(connected)

    reply = Message.objects.get(direction="out")
    assert (reply.pk, reply.state, reply.text) == (lost_answer.pk, MessageState.SENT, lost_answer.text)


def test_what_is_answered_in_public_with_another_client_ends_the_wait(x: X, connected: Channel) -> None:
    comment = x.plays(x.outside.says("x", "Where is my parcel?", kind="comment"))
    user = {"authorization": f"Bearer {x.plays(x.outside.x_tokens())['access_token']}"}
    answer = {"text": "On its way.", "reply": {"in_reply_to_tweet_id": comment["id"]}}
    x.plays(x.outside.api.post("/2/tweets", json=answer, headers=user)).raise_for_status()

    x.delivers(connected)

    assert Conversation.objects.get().waiting_since is None
    assert Message.objects.get(direction="out").origin == "other_client"
