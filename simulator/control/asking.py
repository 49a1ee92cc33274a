"""What control handlers share: bodies, accounts, and plain sentences for wrong requests."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import wire
from simulator.drafts import Impossible
from simulator.kernel import Kernel
from simulator.models import Account


async def body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        given = wire.loads(raw)
    except ValueError as error:
        raise Impossible(f"The body is not JSON: {error}.") from error
    if not isinstance(given, dict):
        raise Impossible("The body must be a JSON object.")
    return given


def account(kernel: Kernel, given: dict[str, Any]) -> Account:
    platform = str(given.get("platform") or "")
    if platform not in kernel.platforms:
        raise Impossible(f"Unknown platform {platform!r}; known: {', '.join(kernel.platforms)}.")
    name = str(given.get("account") or "")
    found = kernel.world.account(platform, name)
    if found is None:
        known = ", ".join(
            f"{one.id} ({one.handle})" for one in kernel.world.accounts.values() if one.platform == platform
        )
        raise Impossible(f"Unknown {platform} account {name!r}; known: {known}.")
    return found


def plainly(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A request that makes no sense is answered by one sentence, status 400."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except (Impossible, ValueError, TypeError) as error:
            return wire.answer({"error": str(error)}, status=400)

    return call
