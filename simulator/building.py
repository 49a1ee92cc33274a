"""Puts the parts together."""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.types import ASGIApp

from simulator import surface
from simulator.callers import OurOwn
from simulator.control import routes as control
from simulator.delivering import Deliverer
from simulator.faults import Faults
from simulator.kernel import Kernel
from simulator.limits import Limits
from simulator.messaging import Messaging
from simulator.platforms.base import Platform
from simulator.platforms.instagram import Instagram
from simulator.platforms.linkedin import LinkedIn
from simulator.platforms.x import X
from simulator.settings import Settings
from simulator.stage import Stage
from simulator.store import Store
from simulator.traffic import Traffic
from simulator.world import World


@dataclass(slots=True, kw_only=True)
class Simulator:
    kernel: Kernel
    traffic: Traffic
    control: ASGIApp
    platforms: ASGIApp

    async def close(self) -> None:
        self.traffic.stop()
        await self.kernel.deliverer.close()
        self.kernel.world.store.close()


def build(settings: Settings) -> Simulator:
    store = Store(settings.folder / "ledger.sqlite3")
    world = World(settings=settings, store=store)
    world.load()
    faults = Faults(store)
    faults.load()
    platforms: dict[str, Platform] = {}
    kernel = Kernel(
        world=world,
        faults=faults,
        messaging=Messaging(world=world, faults=faults, platforms=platforms),
        deliverer=Deliverer(world=world, faults=faults, platforms=platforms),
        limits=Limits(world.clock),
        platforms=platforms,
    )
    for platform in (Instagram(kernel), X(kernel), LinkedIn(kernel)):
        platforms[platform.key] = platform
    world.listeners.append(kernel.deliverer.hear)
    traffic = Traffic(kernel)
    world.listeners.append(traffic.hear)
    ours = Starlette(routes=[*control.routes(kernel, traffic=traffic), *Stage(kernel).routes()])
    return Simulator(
        kernel=kernel,
        traffic=traffic,
        control=OurOwn(ours, settings=settings, pages=False),
        platforms=OurOwn(surface.build(kernel), settings=settings, pages=True),
    )
