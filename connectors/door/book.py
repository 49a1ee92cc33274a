"""Who may knock: every channel and the secrets of its app, read as one list every few seconds.

An unknown address costs no query of its own: it waits for the next reading, and readings are spaced, so guessing ids is cheap for us.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from connectors import registry, sealing
from connectors.applications import app_from
from connectors.contract import App, Connector

FRESH_FOR = 3.0  # seconds; how long a withdrawn secret still opens the door
SPACING = 0.2  # seconds between two readings
PATIENCE = 3.0  # seconds an unknown address waits for a reading
MAX_WAITING = 500
UNREAD = "its app was registered between two questions"  # the next reading knows it

# A channel is known to the door once it has a grant, because the grant says which app signs for it.
CHANNELS = """
    SELECT channel.platform, channel.public_id::text, channel.id, credential.app_id
      FROM inbox_channel channel JOIN connectors_credential credential ON credential.channel_id = channel.id
"""
APPS = "SELECT id, platform, client_id, sealed FROM connectors_platformapp"

Fetch = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


class BookUnreadable(Exception):
    """The list could not be read in time: the database is away."""


class Shut(BookUnreadable):
    """The channel is known, and for a fault of ours nobody can check its signatures: a platform that is sent away would not come again."""

    def __init__(self, why: str, channel_id: int) -> None:
        super().__init__(why)
        self.channel_id = channel_id


@dataclass(frozen=True, slots=True)
class Entry:
    channel_id: int
    app: App
    connector: Connector


class Book:
    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._entries: dict[tuple[str, str], Entry] = {}
        self._shut: dict[tuple[str, str], tuple[str, int]] = {}  # why, and of which channel
        self._read_at = float("-inf")  # when the newest finished reading began
        self._reading: asyncio.Task[None] | None = None
        self._waiting = 0

    async def find(self, platform: str, public_id: str) -> Entry | None:
        """The channel behind an address. A known one is answered at once; the list is refreshed behind its back."""
        asked_at = time.monotonic()
        if entry := self._entries.get((platform, public_id)):
            if asked_at - self._read_at > FRESH_FOR:
                self._read_again()
            return entry
        if shut := self._shut.get((platform, public_id)):
            if asked_at - self._read_at > FRESH_FOR:
                self._read_again()
            raise Shut(*shut)
        if self._waiting >= MAX_WAITING:
            # Whether anybody lives there is not known yet. A platform that hears 404 may not come again; one that hears 503 does.
            raise BookUnreadable("too many wait to be looked up")
        self._waiting += 1
        try:
            await asyncio.wait_for(self._wait_for_reading_after(asked_at), PATIENCE)
        except TimeoutError:
            raise BookUnreadable from None
        finally:
            self._waiting -= 1
        if shut := self._shut.get((platform, public_id)):
            raise Shut(*shut)
        return self._entries.get((platform, public_id))

    async def _wait_for_reading_after(self, moment: float) -> None:
        while self._read_at < moment:
            await asyncio.shield(self._read_again())

    def _read_again(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_forget_error)
        return self._reading

    async def _read(self) -> None:
        await asyncio.sleep(max(0.0, self._read_at + SPACING - time.monotonic()))
        began = time.monotonic()
        try:
            apps = {row[0]: row for row in await self._fetch(APPS)}
            channels = await self._fetch(CHANNELS)
        except Exception as error:
            raise BookUnreadable from error
        known = {app_id: _open(row) for app_id, row in apps.items()}
        self._entries = {
            (platform, public_id): Entry(channel_id, *opened)
            for platform, public_id, channel_id, app_id in channels
            if not isinstance(opened := known.get(app_id, UNREAD), str)
        }
        self._shut = {
            (platform, public_id): (why, channel_id)
            for platform, public_id, channel_id, app_id in channels
            if isinstance(why := known.get(app_id, UNREAD), str)
        }
        self._read_at = began


def _open(row: tuple[Any, ...]) -> tuple[App, Connector] | str:
    """Or why not: the app's connector is gone, or its secrets do not open."""
    _, platform, client_id, sealed = row
    try:
        return app_from(client_id, sealing.unseal(sealed)), registry.get(platform)
    except (registry.NotLoaded, sealing.SealBroken) as error:
        return str(error)


def _forget_error(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
