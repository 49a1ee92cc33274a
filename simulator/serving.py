"""Two listeners in one process and one event loop, stopped cleanly by a signal."""

import asyncio
import contextlib
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from simulator import receivers
from simulator.building import Simulator, build
from simulator.platforms.base import Platform
from simulator.saying import say
from simulator.settings import Settings
from simulator.store import Store

_HOUSEKEEPING_SECONDS = 0.1


class PortTaken(Exception):
    """Somebody else listens there."""


class _Server(uvicorn.Server):
    """uvicorn would take the signals for one server; here one handler stops both."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listener(host: str, port: int, *, variable: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(512)
    except OSError as error:
        sock.close()
        raise PortTaken(
            f"simulator: cannot listen on {host}:{port} ({error.strerror}); set {variable} to a free port"
        ) from error
    return sock


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,
        )
    )


async def _keep_house(simulator: Simulator) -> None:
    """Writes what nobody waits for, and repeats the handshakes as platforms do."""
    world, waited, trouble = simulator.kernel.world, 0.0, ""
    while True:
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
        trouble = _write(world.store, trouble)
        waited += _HOUSEKEEPING_SECONDS
        if waited >= world.settings.handshake_seconds:
            waited = 0.0
            for platform in simulator.kernel.platforms.values():
                if platform.key != "instagram":  # Meta asks once, at the registration
                    await _shake_hands(platform)


def _write(store: Store, trouble: str) -> str:
    """Why the disk does not take the truth, in words; "" when it does. Said when that changes: it is tried again ten times a second."""
    try:
        store.commit()
    except sqlite3.Error as error:
        if not trouble:
            say(f"the ledger is not written, and tried again: {error}")
        return str(error)
    if trouble:
        say("the ledger is written again, and nothing of it is lost")
    return ""


async def _shake_hands(platform: Platform) -> None:
    try:
        await platform.shake_hands(account="")
    except Exception as error:  # whatever it is, the next round is due, and the ledger is to be written
        say(f"{platform.key} could not shake hands: {error}")


async def serve(settings: Settings) -> None:
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(listener(settings.host, settings.port, variable="SIMULATOR_PORT")),
            stack.enter_context(
                listener(settings.host, settings.platform_port, variable="SIMULATOR_PLATFORM_PORT")
            ),
        ]
        simulator = build(settings)
        servers = [_server(simulator.control), _server(simulator.platforms)]
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, _stop, servers)
        simulator.kernel.deliverer.resume()
        waiting = [asyncio.create_task(_keep_house(simulator))]
        if settings.traffic:
            waiting.append(asyncio.create_task(_begin_traffic(simulator)))
        say(f"control and stage on http://{settings.host}:{settings.port}/")
        say(f"platforms on {settings.origin}")
        try:
            await asyncio.gather(
                *(one.serve(sockets=[sock]) for one, sock in zip(servers, sockets, strict=True))
            )
        finally:
            for task in waiting:
                task.cancel()
            await simulator.close()


async def _begin_traffic(simulator: Simulator) -> None:
    """Not before those who subscribed in an earlier run are back: X tells nothing twice."""
    kernel = simulator.kernel
    await receivers.answer(
        lambda: [at for one in kernel.world.accounts.values() for at in kernel.addresses(one)]
    )
    await simulator.traffic.begin_when_connected()


def _stop(servers: list[_Server]) -> None:
    for one in servers:
        one.should_exit = True


def run(settings: Settings) -> int:
    try:
        asyncio.run(serve(settings))
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
