"""The pulse of open pages: while a socket is open, its person is there, and what they have in focus on it stays theirs. A statement
for each every few seconds, whatever the number of pages.

A hidden page may sleep: browsers let its timers run once a minute or less. Its socket lives on.

A page that closes says nothing, and neither does a process that is killed: who is heard of no more goes offline by the sweep.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async
from django.utils import timezone

from inbox import realtime, tasks
from inbox.actions import attending, focusing, routing
from inbox.queries import routing_facts

log = structlog.get_logger(__name__)

BEAT = routing_facts.HEARD_EVERY.total_seconds()


class Page(Protocol):
    brand_id: int
    focus: UUID | None  # what is on its screen as its person's alone


class Register:
    """Who has a page open in this process (event loop)."""

    def __init__(self) -> None:
        self.present: dict[Page, int] = {}
        self._beating: asyncio.Task[None] | None = None

    async def enter(self, page: Page, person_id: int) -> None:
        """A fault of ours or of the database must not keep the page from its news; the next beat says it again."""
        self.present[page] = person_id
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
        try:
            await database_sync_to_async(_arrive)(page.brand_id, person_id)
        except Exception as error:
            log.warning("arrival_not_noted", error=type(error).__name__)

    def leave(self, page: Page) -> None:
        self.present.pop(page, None)
        if not self.present and self._beating:
            self._beating.cancel()
            self._beating = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            pages = list(self.present.items())
            present = [(page.brand_id, person_id) for page, person_id in pages]
            shown = [(page.brand_id, person_id, page.focus) for page, person_id in pages if page.focus]
            for say in (partial(_hear, present), partial(_keep_focus, shown)):
                try:
                    await database_sync_to_async(say)()
                except Exception as error:  # the database may be away; the next beat says it again
                    log.warning("presence_not_noted", error=type(error).__name__)


def _arrive(brand_id: int, person_id: int) -> None:
    if attending.arrive(brand_id=brand_id, person_id=person_id, now=timezone.now()):
        _somebody_came(brand_id)


def _hear(present: list[tuple[int, int]]) -> None:
    for brand_id in attending.hear(present=present, now=timezone.now()):
        _somebody_came(brand_id)


def _keep_focus(shown: list[tuple[int, int, UUID]]) -> None:
    focusing.keep(shown, now=timezone.now())


def _somebody_came(brand_id: int) -> None:
    """Colleagues see it, and what nobody could take may be for them."""
    realtime.push_presence([brand_id])
    if routing.waits(brand_id):
        tasks.wake_routing(brand_id)


_registers: WeakKeyDictionary[asyncio.AbstractEventLoop, Register] = WeakKeyDictionary()


def register() -> Register:
    return _registers.setdefault(asyncio.get_running_loop(), Register())
