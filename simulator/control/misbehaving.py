"""GET, POST, DELETE /control/faults."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import wire
from simulator.control import asking
from simulator.drafts import Impossible
from simulator.faults import CATALOGUE, Rule
from simulator.kernel import Kernel

_NUMBERS = ("ms", "delay_ms", "max_ms", "after_ms", "minutes", "most")
_MOST = 10**10
_CHOICES = {"when": ("before", "after"), "mode": ("spoiled",)}
_OWN = {"name", "seed", "on", "rate", "platform", "account"}


class Misbehaving:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    async def faults(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._switch(await asking.body(request))
        if request.method == "DELETE":
            given = {**dict(request.query_params), **await asking.body(request)}
            platform, account = asking.scope(self.kernel, given)
            name = str(given.get("name") or "")
            gone = self.kernel.faults.clear(name=name, platform=platform, account=account)
            await self.kernel.world.store.flushed()
            return wire.answer({"removed": gone})
        return wire.answer(self._listed())

    def _listed(self) -> dict[str, Any]:
        rules = self.kernel.faults.rules.values()
        rows = [
            {"name": name, "sentence": sentence, "on": [rule for rule in rules if rule.name == name]}
            for name, sentence in CATALOGUE.items()
        ]
        return {"faults": rows}

    async def _switch(self, given: dict[str, Any]) -> Response:
        name = str(given.get("name") or "")
        if name not in CATALOGUE:
            return wire.answer({"error": f"Unknown fault {name!r}.", "known": sorted(CATALOGUE)}, status=400)
        rate = float(given.get("rate", 1.0))
        if not 0 <= rate <= 1:
            raise Impossible("rate must lie between 0 and 1.")
        platform, account = asking.scope(self.kernel, given)
        forms = {"any"}.union(*(each.limit_forms for each in self.kernel.platforms.values()))
        if name == "rate.limit" and str(given.get("form", "any")) not in forms:
            raise Impossible(f"Unknown form {given['form']!r}; known: {', '.join(sorted(forms))}.")
        rule = Rule(
            name=name,
            seed=1 if given.get("seed") is None else int(given["seed"]),
            rate=rate,
            platform=platform,
            account=account,
            params=_parameters(given),
        )
        if given.get("on", True):
            self.kernel.faults.set(rule)
        else:
            self.kernel.faults.clear(name=name, platform=platform, account=account)
        await self.kernel.world.store.flushed()
        return wire.answer({"ok": True, "rule": rule, "on": bool(given.get("on", True))})


def _parameters(given: dict[str, Any]) -> dict[str, Any]:
    """What a fault is switched on with. Read at once: a fault that is on strikes others than whoever has made the slip."""
    for name in _NUMBERS:
        if name in given and not 0 <= _number(given[name]) <= _MOST:
            raise Impossible(f"{name} must be a number from 0 to {_MOST}.")
    for name, known in _CHOICES.items():
        if name in given and given[name] not in known:
            raise Impossible(f"Unknown {name} {given[name]!r}; known: {', '.join(known)}.")
    return {key: value for key, value in given.items() if key not in _OWN}


def _number(value: Any) -> float:
    """As faults read it when they are drawn; -1 for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return -1.0
