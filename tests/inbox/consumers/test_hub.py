import asyncio

import pytest
from redis.exceptions import ConnectionError as BrokerAway

from inbox import fanout
from inbox.consumers import Socket
from inbox.models import Brand


class Broker:
    """A channel layer whose server may be away."""

    def __init__(self) -> None:
        self.away = True

    async def new_channel(self) -> str:
        if self.away:
            raise BrokerAway("Connection refused.")
        return "channel"

    async def group_add(self, group: str, channel: str) -> None:
        pass

    async def group_discard(self, group: str, channel: str) -> None:
        pass

    async def receive(self, channel: str) -> None:
        await asyncio.sleep(60)


class Page:
    brand_id = 1

    def __init__(self) -> None:
        self.heard: list[str] = []

    def offer(self, news: fanout.News) -> None:
        self.heard.append(news["text"])


def test_a_page_opened_while_the_broker_is_away_still_hears_the_pulse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker, page = Broker(), Page()
    monkeypatch.setattr(fanout, "get_channel_layer", lambda: broker)
    monkeypatch.setattr(fanout, "PULSE", 0.02)
    monkeypatch.setattr("inbox.realtime.pulses", lambda brand_ids: {1: {"type": "pulse", "seq": 5}})

    async def live() -> None:
        hub = fanout.Hub()
        await hub.join("brand-1", page)
        await asyncio.sleep(0.05)
        broker.away = False
        page.heard.clear()
        async with asyncio.timeout(5):
            while not page.heard:
                await asyncio.sleep(0.01)
        await hub.leave("brand-1", page)

    asyncio.run(live())

    assert any(told.startswith('{"type":"pulse","seq":5,"now":') for told in page.heard)


def test_a_socket_that_could_not_join_is_in_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while it joins, or whoever stops it there: nobody writes to a socket that has ended."""
    broker = Broker()
    monkeypatch.setattr(fanout, "get_channel_layer", lambda: broker)

    async def nothing(*_: object) -> None:
        raise AssertionError("It never came to this.")

    async def live() -> None:
        joining = asyncio.Event()

        async def new_channel() -> str:
            joining.set()
            await asyncio.sleep(60)
            return "channel"

        monkeypatch.setattr(broker, "new_channel", new_channel)
        socket = asyncio.create_task(Socket({}, nothing, nothing, Brand(pk=1)).run())
        await joining.wait()
        assert fanout.hub().listeners  # for this test to mean anything
        broker.new_channel = Broker.new_channel.__get__(broker)  # type: ignore[method-assign]
        socket.cancel()
        await asyncio.wait([socket])
        assert not fanout.hub().listeners

    asyncio.run(live())
