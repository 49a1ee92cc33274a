"""Which control address leads where."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import wire
from simulator.control import asking
from simulator.control.acting import Acting
from simulator.control.misbehaving import Misbehaving
from simulator.control.running import Running
from simulator.control.truth import Truth
from simulator.kernel import Kernel
from simulator.traffic import Traffic


def routes(kernel: Kernel, *, traffic: Traffic) -> list[Route]:
    running, acting = Running(kernel, traffic=traffic), Acting(kernel)
    truth, misbehaving = Truth(kernel), Misbehaving(kernel)

    async def play(request: Request) -> Response:
        if request.method == "POST":
            return wire.answer(await traffic.play(await asking.body(request)))
        if request.method == "DELETE":
            traffic.stop()
        return wire.answer(traffic.status())

    table = {
        "/control/health": (running.health, ["GET"]),
        "/control/apps": (running.apps, ["GET"]),
        "/control/grants": (running.grants, ["POST"]),
        "/control/clock": (running.clock, ["GET", "POST"]),
        "/control/tokens/expire": (running.expire, ["POST"]),
        "/control/pending": (running.pending, ["GET"]),
        "/control/deliver": (running.deliver, ["POST"]),
        "/control/handshake": (running.handshake, ["POST"]),
        "/control/reset": (running.reset, ["POST"]),
        "/control/ledger": (truth.ledger, ["GET"]),
        "/control/log": (truth.log, ["GET"]),
        "/control/people": (truth.people, ["GET", "POST"]),
        "/control/messages": (acting.messages, ["POST"]),
        "/control/events": (acting.events, ["POST"]),
        "/control/raw": (acting.raw, ["POST"]),
        "/control/faults": (misbehaving.faults, ["GET", "POST", "DELETE"]),
        "/control/play": (play, ["GET", "POST", "DELETE"]),
    }
    return [
        Route(path, asking.plainly(handler), methods=methods) for path, (handler, methods) in table.items()
    ]
