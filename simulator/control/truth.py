"""GET /control/ledger: every native message with its history, as JSON lines."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from simulator import customers, wire
from simulator.control import asking
from simulator.kernel import NEVER, Kernel
from simulator.models import Message


def expected(kernel: Kernel, message: Message) -> bool:
    """Could an honest receiver know of it? Told, sent by itself, or still in history. That history showed it proves nothing: who asked
    may have been killed before the page was kept. Only who hid it knew what."""
    if message.known or message.told or message.client == "api" or (message.hidden and message.shown_ms):
        return True
    return kernel.platforms[message.platform].shown_until(message) == NEVER


def overtaken(kernel: Kernel, message: Message) -> bool:
    """Nobody told it, and history, which showed it at first, has gone past it: whoever had asked in time would have it."""
    return bool(_shown_until(kernel, message)) and not message.deleted


def _shown_until(kernel: Kernel, message: Message) -> int | None:
    """Until when history showed what cannot be known any more (0: never)."""
    return None if expected(kernel, message) else kernel.platforms[message.platform].shown_until(message)


def row(kernel: Kernel, message: Message) -> dict[str, Any]:
    return {
        "platform": message.platform,
        "account": message.account,
        "thread": message.thread,
        "id": message.id,
        "n": message.n,
        "direction": message.direction,
        "sender": message.sender,
        "recipient": message.recipient,
        "at_ms": message.at_ms,
        "order": message.order,
        "kind": message.kind,
        "text": message.text,
        "deleted": message.deleted,
        "edits": message.edits,
        "attachments": message.attachments,
        "reactions": message.reactions,
        "reply_to": message.reply_to,
        "client": message.client,
        "history": message.history,
        "deliveries": message.deliveries,
        "expected": expected(kernel, message),
        "overtaken": overtaken(kernel, message),
        "shown_ms": message.shown_ms,
        "shown_again_ms": message.history[0].get("shown_again_ms", 0),
        "shown_until_ms": _shown_until(kernel, message),
        "changes_shown_until_ms": _changes_shown_until(kernel, message),
        "hidden": message.hidden,
        "send_key": message.send_key,
    }


def _changes_shown_until(kernel: Kernel, message: Message) -> int | None:
    """None: history still shows what became of it, or nothing has."""
    if len(message.history) < 2:
        return None
    until = kernel.platforms[message.platform].changes_shown_until(message)
    return None if until == NEVER else until


class Truth:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    async def ledger(self, request: Request) -> Response:
        query = request.query_params
        world = self.kernel.world
        platform, account = asking.scope(self.kernel, dict(query))
        since = int(query.get("since") or 0)
        await world.store.flushed()
        wanted = [
            one
            for one in world.messages.values()
            if (not platform or one.platform == platform)
            and (not account or one.account == account)
            and one.at_ms >= since
        ]
        wanted.sort(key=lambda one: (one.platform, one.account, one.thread, one.order))

        async def lines() -> AsyncIterator[bytes]:
            for start in range(0, len(wanted), 200):
                yield b"".join(
                    wire.plain(row(self.kernel, one)) + b"\n" for one in wanted[start : start + 200]
                )

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def log(self, request: Request) -> Response:
        since = int(request.query_params.get("since") or 0)
        rows = [entry for entry in self.kernel.world.log if entry["n"] > since]
        return wire.answer({"calls": rows, "last": self.kernel.world.log_n})

    async def people(self, request: Request) -> Response:
        if request.method == "POST":
            given = await asking.body(request)
            account = asking.account(self.kernel, given)
            person = customers.person_from(self.kernel, account=account, given=given.get("from") or given)
            native = self.kernel.world.native(person, account)
            await self.kernel.world.store.flushed()
            return wire.answer(
                {"id": native, "key": person.key, "name": person.name, "handle": person.handle}
            )
        platform = request.query_params.get("platform")
        rows = [one for one in self.kernel.world.people.values() if not platform or one.platform == platform]
        return wire.answer({"people": rows})
