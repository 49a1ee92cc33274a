"""Who looks at what and who writes, told to the pages of a brand.

Each page's stay is a lease in Valkey, renewed while its socket lives and the page says that it is awake. Nothing is asked of the
database but who has what in focus. Flushed, or its process killed: within a few seconds it stands again, or is gone.
Whatever happens in between two looks is told together, and the more pages there are the longer a look waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import orjson
import redis.asyncio
import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from inbox import realtime
from inbox.fanout import Listener, News, hub, news_of
from inbox.queries import focus
from inbox.rules import visits
from inbox.rules.visits import Doing, Visit

log = structlog.get_logger(__name__)

LEASE = 8.0  # seconds until a stay that nobody renews is over
RENEW = 2.5
SILENT = 15.0  # seconds after which a page that says nothing is asleep (it says something every five)
PAUSE, LONGEST_PAUSE = 0.25, 5.0  # between two tellings
DELIVERIES, BYTES = 500, 2_000_000  # a second, that tellings may cost: with few pages they come at once

# Time is the broker's own, so that the clocks of two machines need not agree. Renews, takes away, and answers with who is left.
_LOOK = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease, count = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, count do redis.call('HSET', KEYS[1], ARGV[2 * i + 1], string.format('%.0f', now + lease) .. ' ' .. ARGV[2 * i + 2]) end
for i = 2 * count + 3, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
local found, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local till, what = string.match(all[i + 1], '^(%d+) (.*)$')
  if tonumber(till) > now then found[#found + 1] = what else redis.call('HDEL', KEYS[1], all[i]) end
end
redis.call('PEXPIRE', KEYS[1], lease * 4)
return found
"""


@dataclass(slots=True)
class Stay:
    """One page. It is told of everybody; of itself it tells only with a conversation open and awake."""

    person: int
    name: str
    token: str
    heard: float
    conversation: str = ""
    doing: str = ""  # empty: away

    @property
    def visit(self) -> Visit | None:
        awake = self.conversation and self.doing and monotonic() - self.heard < SILENT
        return Visit(self.conversation, self.person, self.name, self.doing) if awake else None


class Company:
    """The pages of one brand in this event loop."""

    def __init__(self, brand_id: int) -> None:
        self.brand_id = brand_id
        self.known: visits.Company = {}
        self.tellings = 0
        self._stays: dict[Listener, Stay] = {}
        self._gone: set[str] = set()
        self._written: set[str] = set()
        self._wake = asyncio.Event()
        self._changed = False
        self._pause = PAUSE
        self._task: asyncio.Task[None] | None = None

    async def enter(self, page: Listener, *, person: int, name: str) -> None:
        self._stays[page] = Stay(person, name, uuid4().hex, monotonic())
        if self.known:
            page.offer(news_of(_text(self.known, whole=True)))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_after())
        await hub().join(realtime.company_group(self.brand_id), self)

    async def leave(self, page: Listener) -> None:
        if stay := self._stays.pop(page, None):
            self._gone.add(stay.token)
            self._tell_others()
        if not self._stays:
            await hub().leave(realtime.company_group(self.brand_id), self)

    def turn_to(self, page: Listener, conversation: str) -> None:
        """The page shows this conversation now, or none."""
        if (stay := self._stays.get(page)) and stay.conversation != conversation:
            stay.conversation = conversation
            self._tell_others()

    def hear(self, page: Listener, doing: str) -> None:
        """The page is awake, and says what its person does; anything unknown means away."""
        stay = self._stays[page]
        before, stay.heard = stay.visit, monotonic()
        stay.doing = doing if doing in tuple(Doing) else ""
        if stay.visit != before:
            self._tell_others()

    def offer(self, news: News) -> None:
        """As a listener of the hub: some process has news of this brand's company."""
        self._wake.set()

    def _tell_others(self) -> None:
        self._changed = True
        self._wake.set()

    async def _look_after(self) -> None:
        while self._stays or self._gone:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), RENEW)
            self._wake.clear()
            changed, self._changed = self._changed, False
            self._tell(await self._look())
            if changed:
                await self._nudge()
            await asyncio.sleep(self._pause)

    async def _look(self) -> visits.Company:
        own = {stay.token: visit for stay in self._stays.values() if (visit := stay.visit)}
        gone = (self._gone | self._written) - own.keys()
        try:
            found = await _exchange(self.brand_id, own, gone)
            self._gone -= gone
            self._written = set(own)
        except (OSError, RedisError) as error:  # then this process knows of its own pages only
            log.warning("company_unknown", error=str(error))
            self._gone.clear()
            found = list(own.values())
        if not self._stays:  # nobody is left to be told
            return {}
        try:
            holds = await database_sync_to_async(focus.held)(self.brand_id, now=timezone.now())
        except Exception as error:  # the database may be away; the next look asks again
            log.warning("focus_unknown", error=str(error))
            holds = []
        return visits.together(found, holds)

    def _tell(self, now: visits.Company) -> None:
        changed = visits.changed(self.known, now)
        self.known = now
        self._pause = PAUSE
        if not changed or not self._stays:
            return
        text = _text(changed)
        pages = len(self._stays)
        self._pause = min(LONGEST_PAUSE, max(PAUSE, pages / DELIVERIES, pages * len(text) / BYTES))
        self.tellings += 1
        news = news_of(text)
        for page in tuple(self._stays):
            page.offer(news)

    async def _nudge(self) -> None:
        group = realtime.company_group(self.brand_id)
        with suppress(OSError, RedisError):  # they find it with their next look
            await get_channel_layer().group_send(group, {"type": "push", "group": group, "text": ""})


def _text(company: visits.Company, *, whole: bool = False) -> str:
    told: dict[str, Any] = {"type": "company", "at": company}
    return orjson.dumps(told | {"whole": True} if whole else told).decode()


async def _exchange(brand_id: int, own: dict[str, Visit], gone: Iterable[str]) -> list[Visit]:
    told: list[Any] = [int(LEASE * 1000), len(own)]
    for token, visit in own.items():
        told += [token, orjson.dumps([visit.conversation, visit.person, visit.name, visit.doing])]
    found = await _client().eval(_LOOK, 1, f"parley:company:{brand_id}", *told, *gone)
    return [Visit(*orjson.loads(each)) for each in found]


_companies: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Company]] = WeakKeyDictionary()
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


def of(brand_id: int) -> Company:
    here = _companies.setdefault(asyncio.get_running_loop(), {})
    return here.setdefault(brand_id, Company(brand_id))


def _client() -> redis.asyncio.Redis:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=3
        )
    return _clients[loop]
