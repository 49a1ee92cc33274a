"""Traffic waits for those who subscribed in an earlier run."""

import asyncio
import socket

from simulator import receivers


def free() -> socket.socket:
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


async def test_it_waits_until_all_are_there_and_knows_their_new_addresses() -> None:
    with free() as first, free() as second:
        looks: list[list[str]] = []

        def addresses() -> list[str]:
            at = [f"http://127.0.0.1:{each.getsockname()[1]}/webhooks/x/1/" for each in (first, second)]
            looks.append(at)
            if len(looks) == 2:
                first.listen()
            if len(looks) == 3:
                second.listen()
            return at if len(looks) < 4 else at[:1]

        assert await receivers.answer(addresses, looks=9, pause=0.0)

        assert len(looks) == 3


async def test_who_is_gone_for_good_is_not_waited_for_for_ever() -> None:
    with free() as shut:
        address = f"http://127.0.0.1:{shut.getsockname()[1]}/"

        assert not await receivers.answer(lambda: [address], looks=3, pause=0.0)
    assert await receivers.answer(list, looks=1)
    await asyncio.sleep(0)
