"""A believable stream of customers."""

from typing import Any

from simulator.kernel import Kernel
from simulator.world import Happening


class Traffic:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def hear(self, happening: Happening) -> None: ...

    async def play(self, given: dict[str, Any]) -> dict[str, Any]:
        return self.status()

    def stop(self) -> None: ...

    def status(self) -> dict[str, Any]:
        return {"playing": False}
