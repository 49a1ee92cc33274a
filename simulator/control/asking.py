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


def scope(kernel: Kernel, given: dict[str, Any]) -> tuple[str, str]:
    """The platform and the id of the account that something is narrowed to, "" for all. An account may be named by its handle, which
    on several platforms may be another one's."""
    platform, name = str(given.get("platform") or ""), str(given.get("account") or "")
    if platform and platform not in kernel.platforms:
        raise Impossible(f"Unknown platform {platform!r}; known: {', '.join(kernel.platforms)}.")
    if not name:
        return platform, ""
    if platform:
        return platform, account(kernel, given).id
    found = {one.id for each in kernel.platforms if (one := kernel.world.account(each, name))}
    if len(found) != 1:
        why = "There are several accounts" if found else "There is no account"
        raise Impossible(f"{why} {name!r}; name the platform and one of its accounts.")
    return "", found.pop()


def plainly(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A request that makes no sense is answered by one sentence, status 400."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except (Impossible, wire.Malformed) as error:
            return wire.answer({"error": str(error)}, status=400)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            why = f"The request makes no sense: {type(error).__name__}: {error}."
            return wire.answer({"error": why}, status=400)

    return call
