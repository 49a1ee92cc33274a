"""The line to an open page: who is let in, what it hears, and how it catches up."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.conf import settings
from django.db import connections
from django.test import Client
from pytest_django import Settings

from inbox import consumers, fanout, realtime, sessions
from inbox.actions import (
    assigning,
    channels,
    contacts,
    employing,
    locking,
    noting,
    receiving,
    replying,
    sending,
)
from inbox.actions.receiving import Arrival
from inbox.exchange import Party, ReachChanged
from inbox.models import Channel, Conversation, Membership, Person
from inbox.routing import websocket_urlpatterns
from tests.factories import exchange as say
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db(transaction=True)
application = sessions.with_person(URLRouter(websocket_urlpatterns))


@pytest.fixture(autouse=True)
async def _no_connection_is_left() -> AsyncIterator[None]:
    yield
    await sync_to_async(connections.close_all)()


class Page:
    """What a browser would hear."""

    def __init__(self, line: ApplicationCommunicator, cookie: bytes) -> None:
        self.line = line
        self.cookie = cookie

    async def ask(self, **wish: Any) -> None:
        await self.says(orjson.dumps(wish).decode())

    async def says(self, text: str) -> None:
        await self.line.send_input({"type": "websocket.receive", "text": text})

    async def hears(self, kind: str = "", *, within: float = 15) -> dict[str, Any]:
        """The next message, or the next of a kind. Who comes and goes meanwhile is told to all, and is no answer to anybody."""
        while True:
            event = await self.line.receive_output(timeout=within)
            assert event["type"] == "websocket.send", event
            news: dict[str, Any] = orjson.loads(event["text"])
            if news["type"] == kind or (not kind and news["type"] != "presence"):
                return news

    async def is_closed(self, *, within: float = 15) -> int:
        while True:
            event = await self.line.receive_output(timeout=within)
            if event["type"] == "websocket.close":
                return int(event["code"])


def cookie_of(person: Person | None) -> bytes:
    client = Client()
    if person:
        client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value if person else ''}".encode()


@asynccontextmanager
async def page_of(
    person: Person | None, slug: str = "lumen", *, cookie: bytes | None = None
) -> AsyncIterator[Page]:
    cookie = await sync_to_async(cookie_of)(person) if cookie is None else cookie
    scope = {
        "type": "websocket",
        "path": f"/ws/b/{slug}/",
        "headers": [(b"cookie", cookie)],
        "query_string": b"",
    }
    line = ApplicationCommunicator(application, scope)
    await line.send_input({"type": "websocket.connect"})
    assert (await line.receive_output(timeout=5))["type"] == "websocket.accept"
    try:
        yield Page(line, cookie)
    finally:
        if not line.future.done():
            await line.send_input({"type": "websocket.disconnect", "code": 1001})
        await line.wait(timeout=5)


def in_thread(do: Callable[[], Any]) -> Awaitable[Any]:
    return sync_to_async(do)()


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory(brand__slug="lumen")


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    write(channel, "Where is my parcel?")
    return Conversation.objects.get()


def write(channel: Channel, text: str, **fields: Any) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, say.wrote(text, **fields))], now=say.at(1))


async def test_a_stranger_is_told_that_there_is_nothing(channel: Channel) -> None:
    stranger = await in_thread(lambda: agent_of(ChannelFactory().brand))

    async with page_of(stranger) as page:
        assert await page.is_closed() == consumers.NOT_FOUND


async def test_nobody_listens_without_signing_in(channel: Channel) -> None:
    async with page_of(None) as page:
        assert await page.is_closed() == consumers.SIGNED_OUT


async def test_news_comes_as_a_row_with_numbers_and_counters(channel: Channel, jo: Person) -> None:
    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears("rows")
        await in_thread(lambda: write(channel, "Hello <b>there</b>"))
        news = await page.hears("rows")

    assert (news["first"], news["last"]) == (1, 1)
    assert "Hello &lt;b&gt;there&lt;/b&gt;" in news["html"]
    assert news["counts"]["open"] == [1, 1]


async def test_a_page_resumes_from_the_number_it_has_seen(
    channel: Channel, jo: Person, conversation: Conversation
) -> None:
    seen = conversation.seq
    await in_thread(lambda: write(channel, "Still waiting", seconds=5))
    await in_thread(
        lambda: noting.add_note(
            conversation=conversation, by=jo, client_id=conversation.public_id, text="Looking", now=say.at(6)
        )
    )

    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=seen)
        thread = await page.hears("thread")
        rows = await page.hears("rows")

    assert "Still waiting" in thread["html"] and "Looking" in thread["html"]
    assert "Where is my parcel?" not in thread["html"]
    assert 'id="conversation-head"' in thread["html"] and 'id="composer-state"' in thread["html"]
    assert (rows["first"], rows["last"]) == (seen + 1, seen + 2)


async def test_a_conversation_that_was_read_before_the_rows_is_told_more_than_they_are(
    channel: Channel, jo: Person, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was fetched ahead; of everything else the page has heard since."""
    monkeypatch.setattr("inbox.realtime.CATCH_UP_ROWS", 2)
    read = conversation.seq
    await in_thread(lambda: write(channel, "Still waiting", seconds=5))
    for number in range(4):
        await in_thread(lambda n=number: write(channel, "Hi", who=f"person{n}"))  # type: ignore[misc]

    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=read + 5, read=read)
        thread, rows = await page.hears(), await page.hears()

    assert thread["type"] == "thread" and "Still waiting" in thread["html"]
    assert (rows["type"], rows["first"], rows["html"].strip()) == ("rows", read + 6, "")


async def test_a_page_that_is_up_to_date_hears_that_nothing_changed(
    jo: Person, conversation: Conversation
) -> None:
    async with page_of(jo) as page:
        await page.ask(since=conversation.seq)
        rows = await page.hears()

    assert (rows["type"], rows["html"].strip(), rows["last"]) == ("rows", "", conversation.seq)


@pytest.mark.parametrize("since", [-1, 10_000])
async def test_a_page_too_far_behind_or_ahead_loads_itself_anew(
    since: int, channel: Channel, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.realtime.CATCH_UP_ROWS", 2)
    for number in range(4):
        await in_thread(lambda n=number: write(channel, "Hi", who=f"person{n}"))  # type: ignore[misc]

    async with page_of(jo) as page:
        await page.ask(since=since)
        news = await page.hears()

    assert (news["type"], news["seq"]) == ("reload", 4)
    assert news["counts"]["open"] == [4, 4]


async def test_who_was_told_of_something_hears_it_though_their_page_is_too_far_behind_for_all_else(
    channel: Channel, jo: Person, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.realtime.CATCH_UP_ROWS", 1)
    bea = await in_thread(lambda: agent_of(channel.brand, name="Bea"))
    await in_thread(lambda: write(channel, "Hi", who="noor"))
    await in_thread(
        lambda: noting.add_note(
            conversation=conversation, by=bea, client_id=uuid.uuid4(), text="@Jo look", now=say.at(60)
        )
    )

    async with page_of(jo) as page:
        await page.ask(since=0)
        news = await page.hears()

    assert (news["type"], news["told"]) == ("reload", [jo.pk])


async def test_who_missed_that_a_channel_was_parked_is_told_which(
    channel: Channel, jo: Person, conversation: Conversation
) -> None:
    seen = conversation.seq
    parked = {"channel_id": channel.pk, "reason": "Expired.", "now": say.at(5)}
    await in_thread(lambda: channels.park_sending(**parked))

    async with page_of(jo) as page:
        await page.ask(since=seen)
        missed = await page.hears("rows")
        await page.ask(since=missed["last"])
        nothing = await page.hears("rows")

    assert missed["channel"] == channel.pk
    assert "channel" not in nothing


async def test_the_open_conversation_hears_its_messages_and_events(
    channel: Channel, jo: Person, conversation: Conversation
) -> None:
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=conversation.seq)
        await page.hears("rows")
        await in_thread(lambda: write(channel, "Number 4711", seconds=9))
        message = await page.hears("thread")
        await in_thread(lambda: assigning.assign(conversation=conversation, to=jo, by=jo, now=say.at(10)))
        event = await page.hears("thread")

    assert message["conversation"] == str(conversation.public_id)
    assert "Number 4711" in message["html"] and "composer-state" in message["html"]
    assert "Jo took it" in event["html"]


async def test_a_refused_reply_brings_the_composer_as_it_is_now(
    jo: Person, conversation: Conversation
) -> None:
    written = {"client_id": uuid.uuid4(), "text": "On its way", "written_against": conversation.public_seq}
    [sent] = await in_thread(
        lambda: replying.queue_reply(conversation=conversation, by=jo, now=say.at(15), **written)
    )
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=sent.seq)
        await page.hears("rows")
        await in_thread(lambda: sending.claim_reply(message_id=sent.pk, now=say.at(20)))
        claimed = await page.hears("thread")
        late = {"message_id": sent.pk, "reason": "It has closed.", "now": say.at(21), "attempt": 1}
        await in_thread(lambda: sending.mark_reply_too_late(**late))
        refused = await page.hears("thread")

    assert "composer-state" not in claimed["html"]
    assert "It has closed." in refused["html"] and "composer-state" in refused["html"]


async def test_the_open_conversation_hears_that_its_person_cannot_be_written_to(
    channel: Channel, jo: Person, conversation: Conversation
) -> None:
    blocked = [Arrival(channel.pk, ReachChanged("mara", say.at(5), "Mara has blocked the account."))]
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=conversation.seq)
        await page.hears("rows")
        await in_thread(lambda: receiving.receive(arrivals=blocked, now=say.at(6)))
        news = await page.hears("thread")

    assert 'data-problem="Mara has blocked the account."' in news["html"]
    assert '<span class="context__warning">Mara has blocked the account.</span>' in news["html"]


async def test_the_open_conversation_hears_who_its_person_is_once_that_is_known(
    channel: Channel, jo: Person
) -> None:
    """Its first message came with a number and no name."""
    await in_thread(lambda: write(channel, "Where is my parcel?", who="9273"))
    conversation = await in_thread(Conversation.objects.get)
    known = Party("9273", name="Mara Lind", username="mara.lind", followers=412, verified=True)
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=conversation.seq)
        await page.hears("rows")
        await in_thread(lambda: contacts.update_profile(channel_id=channel.pk, party=known, now=say.at(6)))
        news = await page.hears("thread")
        await page.ask(since=conversation.seq)
        told_again = await page.hears("thread")

    for html in (news["html"], told_again["html"]):
        face = html[html.index('id="conversation-face"') :]
        assert '<h2 class="context__name" dir="auto">Mara Lind</h2>' in face and "<bdi>ML</bdi>" in face
        people = html[html.index('id="conversation-people"') :]
        assert "@mara.lind" in people and "412 followers" in people and "verified" in people


async def test_a_conversation_of_another_brand_is_never_joined(
    jo: Person, conversation: Conversation
) -> None:
    elsewhere = await in_thread(ChannelFactory)
    await in_thread(lambda: write(elsewhere, "Secret"))
    other = await in_thread(lambda: Conversation.objects.get(channel=elsewhere))

    async with page_of(jo) as page:
        await page.ask(open=str(other.public_id), since=0)
        told = await page.hears()
        await in_thread(lambda: write(elsewhere, "More secrets", seconds=3))
        with pytest.raises(asyncio.TimeoutError):
            await page.hears(within=0.5)

    assert told["type"] == "rows"
    assert "Secret" not in told["html"]


async def test_nonsense_is_ignored(jo: Person, conversation: Conversation) -> None:
    async with page_of(jo) as page:
        for nonsense in (
            "",
            "{",
            "[]",
            '"x"',
            '{"open": 7}',
            '{"open": "x"}',
            '{"since": "x"}',
            '{"since": null}',
        ):
            await page.says(nonsense)
        await page.ask(since=0)

        assert (await page.hears("rows"))["last"] == conversation.seq


async def test_an_idle_page_hears_how_far_its_brand_is(
    jo: Person, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "PULSE", 0.05)

    async with page_of(jo) as page:
        pulse = await page.hears()
        assert (pulse["type"], pulse["seq"]) == ("pulse", conversation.seq)


@pytest.mark.parametrize("how", ["deactivated", "left the brand", "signed out"])
async def test_whoever_may_no_longer_listen_is_cut_off(
    how: str, jo: Person, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(consumers, "CHECK_EVERY", 0.05)
    changes: dict[str, Callable[[], Any]] = {
        "deactivated": lambda: Person.objects.filter(pk=jo.pk).update(is_active=False),
        "left the brand": lambda: Membership.objects.filter(person=jo).delete(),
        "signed out": lambda: Session.objects.all().delete(),
    }

    async with page_of(jo) as page:
        await page.ask(since=0)
        await page.hears("rows")
        await in_thread(changes[how])

        assert await page.is_closed() in (consumers.NOT_FOUND, consumers.SIGNED_OUT, consumers.ASK_AGAIN)
    async with page_of(jo, cookie=page.cookie) as again:
        assert await again.is_closed() in (consumers.NOT_FOUND, consumers.SIGNED_OUT)


async def test_another_secret_key_signs_out_nobody_whose_page_is_open(
    jo: Person, conversation: Conversation, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.sessions.models import Session

    monkeypatch.setattr(consumers, "CHECK_EVERY", 0.05)
    cookie = await sync_to_async(cookie_of)(jo)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 5

    async with page_of(jo, cookie=cookie) as page:
        await asyncio.sleep(0.3)
        await page.ask(since=0)

        assert (await page.hears("rows"))["type"] == "rows"
    assert await in_thread(Session.objects.exists)


async def test_a_session_that_has_another_key_is_asked_for_and_not_called_signed_out(
    jo: Person, conversation: Conversation, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the first page that is loaded after another secret key gives it, while others are open."""

    def load_a_page(cookie: bytes) -> bytes:
        client = Client()
        name, _, value = cookie.decode().partition("=")
        client.cookies[name] = value
        client.get("/b/lumen/")
        return f"{name}={client.cookies[name].value}".encode()

    monkeypatch.setattr(consumers, "CHECK_EVERY", 0.05)
    cookie = await sync_to_async(cookie_of)(jo)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 5

    async with page_of(jo, cookie=cookie) as page:
        await page.ask(since=0)
        await page.hears("rows")
        renewed = await in_thread(lambda: load_a_page(cookie))

        assert renewed != cookie
        assert await page.is_closed() == consumers.ASK_AGAIN
    async with page_of(jo, cookie=renewed) as page:
        await page.ask(since=0)
        assert (await page.hears("rows"))["type"] == "rows"


async def test_a_session_of_another_password_opens_no_page_and_stays_as_it_is(jo: Person) -> None:
    from django.contrib.sessions.models import Session

    def change() -> None:
        jo.set_password("a long horse battery")
        jo.save(update_fields=["password"])

    cookie = await sync_to_async(cookie_of)(jo)
    await in_thread(change)

    async with page_of(jo, cookie=cookie) as page:
        assert await page.is_closed() == consumers.SIGNED_OUT
    assert await in_thread(Session.objects.exists)


@pytest.mark.parametrize("how", ["removed", "locked"])
async def test_whoever_is_removed_or_locked_is_cut_off_at_once(
    how: str, jo: Person, channel: Channel, conversation: Conversation
) -> None:
    def end() -> None:
        if how == "locked":
            locking.lock(person=jo, now=say.at(2))
        else:
            employing.remove(brand=channel.brand, person=jo, by=agent_of(channel.brand), now=say.at(2))

    other = await in_thread(lambda: agent_of(channel.brand, name="Bea"))
    async with page_of(jo) as page, page_of(other) as stays:
        for each in (page, stays):
            await each.ask(since=0)
            await each.hears("rows")
        await in_thread(end)

        assert await page.is_closed() in (consumers.NOT_FOUND, consumers.SIGNED_OUT)
        assert (await stays.hears("rows"))["type"] == "rows"


async def test_a_socket_that_cannot_keep_up_is_closed_and_not_skipped(
    jo: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing reads this socket: its queue fills, and its page will resume from the number it has seen."""
    monkeypatch.setattr(consumers, "BACKLOG", 3)
    sent: list[dict[str, Any]] = []
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await incoming.put({"type": "websocket.connect"})

    async def stuck(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await asyncio.sleep(3600)
        sent.append(message)

    scope = {"user": jo, "url_route": {"kwargs": {"brand_slug": "lumen"}}, "session": None}
    running = asyncio.create_task(consumers.live(scope, incoming.get, stuck))
    # What is written before it has subscribed does not reach it.
    for number in range(100):
        if not running.done():
            await in_thread(lambda n=number: write(channel, "Hi", who=f"person{n}"))  # type: ignore[misc]
    await asyncio.wait_for(running, 10)

    assert sent[-1] == {"type": "websocket.close", "code": consumers.TOO_SLOW}


async def test_one_subscription_serves_all_sockets_of_a_process(jo: Person, channel: Channel) -> None:
    async with page_of(jo) as first, page_of(jo) as second:
        await first.ask(since=0)
        await second.ask(since=0)
        await first.hears("rows")
        await second.hears("rows")
        hub = fanout.hub()
        listeners = {group: len(found) for group, found in hub.listeners.items()}
        await in_thread(lambda: write(channel, "To both"))
        told = [(await page.hears("rows"))["html"] for page in (first, second)]

    assert listeners == {
        realtime.brand_group(channel.brand_id): 2,
        realtime.company_group(channel.brand_id): 1,
        realtime.doors_group(channel.brand_id): 2,
    }
    assert all("To both" in html for html in told)
    assert not hub.listeners
