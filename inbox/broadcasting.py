"""Sending from synchronous code to the groups of the channel layer, over one connection that stays open.

`async_to_sync` would make an event loop and a broker connection for every push, and does not work where a loop runs already.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any

from channels.layers import get_channel_layer

PATIENCE = 5.0  # seconds; a broker that is away must not hold an action's answer for longer

_lock = threading.Lock()
_loop: tuple[int, asyncio.AbstractEventLoop] | None = (
    None  # with the process it lives in: a fork inherits no threads
)


def send(group: str, message: dict[str, Any]) -> None:
    _run(get_channel_layer().group_send(group, message))


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run_coroutine_threadsafe(work, _own_loop()).result(PATIENCE)


def _own_loop() -> asyncio.AbstractEventLoop:
    global _loop  # one a process, like the process itself
    with _lock:
        if _loop is None or _loop[0] != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="broadcasting", daemon=True).start()
            _loop = (os.getpid(), loop)
        return _loop[1]
