import asyncio

import pytest
from redis.exceptions import ConnectionError as BrokerAway

from inbox import fanout


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

    def offer(self, text: str) -> None:
        self.heard.append(text)


def test_a_page_opened_while_the_broker_is_away_still_hears_the_pulse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker, page = Broker(), Page()
    monkeypatch.setattr(fanout, "get_channel_layer", lambda: broker)
    monkeypatch.setattr(fanout, "PULSE", 0.02)
    monkeypatch.setattr("inbox.realtime.newest_seq", lambda brand_ids: {1: 5})

    async def live() -> None:
        hub = fanout.Hub()
        await hub.join("brand-1", page)
        await asyncio.sleep(0.05)
        broker.away = False
        page.heard.clear()
        await asyncio.sleep(0.2)
        await hub.leave("brand-1", page)

    asyncio.run(live())

    assert '{"type":"pulse","seq":5}' in page.heard
