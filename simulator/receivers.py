"""Whether those to whom deliveries go are there. After a restart of the house outside the simulator may be up long before them."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

WITHIN = (
    60  # looks, a second apart: whoever was subscribed once and is gone for good is not waited for any longer
)
PATIENCE = 1.0  # seconds for one connection


async def answer(addresses: Callable[[], Iterable[str]], *, looks: int = WITHIN, pause: float = 1.0) -> bool:
    """Waits until somebody accepts a connection at each of the addresses, which may change meanwhile. False: not all do."""
    for look in range(looks):
        if look:
            await asyncio.sleep(pause)
        there = [await _is_there(each) for each in set(addresses())]
        if all(there):
            return True
    return False


async def _is_there(address: str) -> bool:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
