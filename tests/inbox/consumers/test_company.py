"""Who looks and who writes, as pages hear of each other, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections

from inbox import company, gestures, platforms
from inbox.models import Channel, Conversation, Person
from tests.factories.people import BrandFactory, ChannelFactory, agent_of
from tests.inbox.consumers.test_live import Page, in_thread, page_of, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def _quick(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Real times, shorter."""
    monkeypatch.setattr(company, "LEASE", 1.2)
    monkeypatch.setattr(company, "RENEW", 0.3)
    monkeypatch.setattr(company, "PAUSE", 0.02)
    yield
    for each in company._companies.get(asyncio.get_running_loop(), {}).values():
        if each._task:
            await asyncio.wait_for(each._task, 10)
    await sync_to_async(connections.close_all)()


@pytest.fixture
def channel() -> Channel:
    return ChannelFactory(brand__slug="lumen")


@pytest.fixture
def conversation(channel: Channel) -> Conversation:
    write(channel, "Where is my parcel?")
    return Conversation.objects.get()


@pytest.fixture
def jo(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Jo")


@pytest.fixture
def bea(channel: Channel) -> Person:
    return agent_of(channel.brand, name="Bea")


async def hears_of(
    page: Page, conversation: Conversation, people: list[list[Any]], *, within: float = 15
) -> None:
    """Sooner or later the page knows exactly this of the conversation."""
    known: list[list[Any]] | None = None
    async with asyncio.timeout(within):
        while known != people:
            news = await page.hears("company", within=within)
            known = news["at"].get(str(conversation.public_id), known)


def looks(person: Person, doing: str = "looks", focus: bool = False) -> list[Any]:
    return [person.pk, person.short_name, doing, focus]


async def test_colleagues_hear_who_looks_who_writes_and_who_has_left(
    conversation: Conversation, jo: Person, bea: Person
) -> None:
    async with page_of(jo) as jos:
        async with page_of(bea) as beas:
            await beas.ask(open=str(conversation.public_id), here="looks")
            await hears_of(jos, conversation, [looks(bea)])
            await beas.ask(here="reply")
            await hears_of(jos, conversation, [looks(bea, "reply")])
            await beas.ask(here="looks")
            await hears_of(jos, conversation, [looks(bea)])
        await hears_of(jos, conversation, [])


async def test_of_who_writes_a_reply_the_platform_is_told_once_in_a_while(
    conversation: Conversation, jo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    manifest = platforms.get(conversation.platform)
    shows_it = replace(manifest, send=replace(manifest.send, typing=True))
    monkeypatch.setattr(platforms, "get", lambda key: shows_it)
    monkeypatch.setattr(gestures, "_told", [lambda conversation_id: 1 / 0, told.append])
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), here="looks")
        for doing in ("note", "reply", "reply"):
            await page.ask(here=doing)
        await page.ask(counts=True)
        await page.hears("counts")
        await asyncio.sleep(0.05)
        assert told == [conversation.pk]

        monkeypatch.setattr(gestures, "EVERY", 0.0)
        await page.ask(here="reply")
        async with asyncio.timeout(5):
            while len(told) < 2:
                await asyncio.sleep(0.01)


async def test_two_pages_of_one_person_are_one_entry(
    conversation: Conversation, jo: Person, bea: Person
) -> None:
    async with page_of(jo) as jos, page_of(bea) as beas, page_of(bea) as another:
        await beas.ask(open=str(conversation.public_id), here="looks")
        await another.ask(open=str(conversation.public_id), here="note")
        await hears_of(jos, conversation, [looks(bea, "note")])


async def test_who_is_away_with_the_page_hidden_or_asleep_is_not_told(
    conversation: Conversation, jo: Person, bea: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with page_of(jo) as jos, page_of(bea) as beas:
        await beas.ask(open=str(conversation.public_id), here="looks")
        await hears_of(jos, conversation, [looks(bea)])
        await beas.ask(here="")
        await hears_of(jos, conversation, [])

        monkeypatch.setattr(company, "SILENT", 0.6)
        await beas.ask(here="looks")
        await hears_of(jos, conversation, [looks(bea)])
        await hears_of(jos, conversation, [])  # says nothing more, though its socket lives


async def test_a_page_that_comes_later_hears_who_is_there_already(
    conversation: Conversation, jo: Person, bea: Person
) -> None:
    async with page_of(bea) as beas, page_of(jo) as jos:
        await beas.ask(open=str(conversation.public_id), here="looks")
        await hears_of(jos, conversation, [looks(bea)])

        async with page_of(jo) as later:
            news = await later.hears("company")

    assert news["whole"] and news["at"][str(conversation.public_id)] == [looks(bea)]


async def test_what_a_killed_process_left_behind_runs_out(
    channel: Channel, conversation: Conversation, jo: Person
) -> None:
    left = ["left-behind", orjson_of(conversation, 77, "Gone")]
    broker = redis.Redis.from_url(settings.REDIS_URL)

    async with page_of(jo) as jos:
        await sync_to_async(broker.eval)(
            company._LOOK, 1, f"parley:company:{channel.brand_id}", 1200, 1, *left
        )
        await hears_of(jos, conversation, [[77, "Gone", "looks", False]])
        await hears_of(jos, conversation, [])


def orjson_of(conversation: Conversation, person: int, name: str) -> str:
    return f'["{conversation.public_id}",{person},"{name}","looks"]'


async def test_a_flushed_broker_knows_again_within_a_round(
    channel: Channel, conversation: Conversation, jo: Person, bea: Person
) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URL)
    key = f"parley:company:{channel.brand_id}"
    async with page_of(jo) as jos, page_of(bea) as beas:
        await beas.ask(open=str(conversation.public_id), here="looks")
        await hears_of(jos, conversation, [looks(bea)])

        await sync_to_async(broker.delete)(key)

        async with asyncio.timeout(15):
            while not await sync_to_async(broker.hlen)(key):
                await asyncio.sleep(0.05)


async def test_another_brands_pages_hear_nothing_and_their_conversations_cannot_be_named(
    conversation: Conversation, jo: Person
) -> None:
    other = await in_thread(lambda: BrandFactory(slug="other"))
    stranger = await in_thread(lambda: agent_of(other))
    colleague = await in_thread(lambda: agent_of(other, name="Al"))
    async with page_of(jo) as jos, page_of(stranger, "other") as theirs, page_of(colleague, "other") as als:
        await jos.ask(open=str(conversation.public_id), here="looks")
        await theirs.ask(open=str(conversation.public_id), here="reply")

        for page in (als, jos):
            with pytest.raises(TimeoutError):
                await page.hears("company", within=0.8) if page is als else await hears_of(
                    page, conversation, [looks(stranger, "reply")], within=0.8
                )
            page.line.future.cancel() if page is als else None


async def test_what_five_hundred_pages_do_at_once_is_told_in_a_few_tellings(
    channel: Channel, conversation: Conversation, jo: Person
) -> None:
    """Each page would else be sent five hundred messages, which is a quarter of a million."""
    told = company.Company(channel.brand_id)
    pages = [Silent(channel.brand_id) for _ in range(500)]
    for number, page in enumerate(pages):
        await told.enter(page, person=number, name=f"Agent {number}")

    for doing in ("looks", "reply", "looks", "note"):
        for page in pages:
            told.turn_to(page, str(conversation.public_id))
            told.hear(page, doing)
            await asyncio.sleep(0)
    async with asyncio.timeout(20):
        while len(told.known.get(str(conversation.public_id), [])) < 500:
            await asyncio.sleep(0.05)
    # On a slow machine they take longer than the pause between two tellings, so it is not two or three for certain.
    assert told.tellings <= 20
    assert max(page.offered for page in pages) <= 20
    assert told._pause >= 500 / company.DELIVERIES

    for page in pages:
        await told.leave(page)
    assert told._task is not None
    await asyncio.wait_for(told._task, 10)


class Silent:
    """A page that only counts."""

    def __init__(self, brand_id: int) -> None:
        self.brand_id = brand_id
        self.offered = 0

    def offer(self, news: dict[str, Any]) -> None:
        self.offered += 1
