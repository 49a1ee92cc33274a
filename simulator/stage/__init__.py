"""The stage: a page on which a person is the customer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulator import customers, media, pictures, wire
from simulator.control import asking
from simulator.control.acting import perform, write_message
from simulator.drafts import Impossible
from simulator.kernel import Kernel
from simulator.models import Account, Message, Person, Thread

_FOLDER = Path(__file__).parent
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
_MOST_UPLOAD = 8 << 20
_SHOWN = 60

# What a customer can do in each platform's own app, as far as the platform tells us about it; `read`: it tells the brand what they have read,
# `seen`: it tells them what the brand has.
ABILITIES: dict[str, dict[str, bool]] = {
    "instagram": {
        "react": True,
        "edit": True,
        "unsend": True,
        "story": True,
        "typing": False,
        "read": True,
        "seen": True,
        "reply": True,
    },
    "x": {
        "react": False,
        "edit": False,
        "unsend": True,
        "story": False,
        "typing": True,
        "read": True,
        "seen": False,
        "reply": False,
    },
    "linkedin": {
        "react": False,
        "edit": True,
        "unsend": True,
        "story": False,
        "typing": False,
        "read": True,
        "seen": False,
        "reply": False,
    },
}


class Stage:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def routes(self) -> list[Route]:
        table: list[tuple[str, Any, str]] = [
            ("/", self.page, "GET"),
            ("/stage/files/{name}", self.file, "GET"),
            ("/stage/face/{key}", self.face, "GET"),
            ("/stage/media/{id:path}", self.media, "GET"),
            ("/stage/live", self.live, "GET"),
            ("/stage/accounts", self.accounts, "GET"),
            ("/stage/people", self.people, "GET"),
            ("/stage/people", self.new_person, "POST"),
            ("/stage/thread", self.thread, "GET"),
            ("/stage/uploads", self.upload, "POST"),
            ("/stage/messages", self.write, "POST"),
            ("/stage/events", self.act, "POST"),
        ]
        return [Route(path, asking.plainly(handler), methods=[method]) for path, handler, method in table]

    # Page and files

    async def page(self, request: Request) -> Response:
        return self._file("index.html")

    async def file(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        path = _FOLDER / name
        if path.parent != _FOLDER or path.suffix not in _TYPES or not path.is_file():
            return Response(status_code=404)
        return Response(path.read_bytes(), media_type=_TYPES[path.suffix], headers=_HEADERS)

    async def face(self, request: Request) -> Response:
        headers = {**_HEADERS, "cache-control": "max-age=86400"}
        return Response(pictures.avatar(request.path_params["key"]), media_type="image/png", headers=headers)

    async def media(self, request: Request) -> Response:
        held = self.world.media.get(request.path_params["id"])
        if held is None:
            return Response(status_code=404)
        # Never shown as a page of ours: what somebody uploaded stays a picture or a download.
        headers = {
            **_HEADERS,
            "content-disposition": "inline" if held.mime.startswith("image/") else "attachment",
        }
        return Response(media.read(self.world, held), media_type=held.mime, headers=headers)

    async def live(self, request: Request) -> Response:
        """News as server-sent events: what changed where; the page asks for the rest."""
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.world.watchers.add(queue)

        async def news() -> AsyncIterator[bytes]:
            try:
                yield b"retry: 1000\n\n"
                while True:
                    try:
                        one = await asyncio.wait_for(queue.get(), 15)
                    except TimeoutError:
                        yield b": still here\n\n"
                        continue
                    thread = one.thread.id if one.thread else ""
                    row = {
                        "kind": one.kind,
                        "platform": one.account.platform,
                        "account": one.account.id,
                        "thread": thread,
                    }
                    yield b"data: " + wire.plain(row) + b"\n\n"
            finally:
                self.world.watchers.discard(queue)

        return StreamingResponse(news(), media_type="text/event-stream", headers=_HEADERS)

    # What the page shows

    async def accounts(self, request: Request) -> Response:
        rows = [
            {
                "platform": one.platform,
                "id": one.id,
                "brand": one.brand,
                "name": one.name,
                "handle": one.handle,
            }
            for one in self.world.accounts.values()
        ]
        return wire.answer({"accounts": rows, "abilities": ABILITIES})

    async def people(self, request: Request) -> Response:
        account = asking.account(self.kernel, dict(request.query_params))
        wanted = request.query_params.get("q", "").casefold()
        threads = [one for one in self.world.account_threads(account) if one.kind in {"direct", "group"}]
        threads.sort(key=self._newest, reverse=True)
        fitting = [one for one in threads if wanted in self._name(one, account).casefold()]
        rows = [row for one in fitting[:_SHOWN] if (row := self._row(one, account))]
        return wire.answer({"people": rows, "more": max(0, len(fitting) - _SHOWN)})

    def _name(self, thread: Thread, account: Account) -> str:
        person = self.world.person(account.platform, thread.people[0]) if thread.people else None
        return thread.title or (person.name if person else "")

    def _newest(self, thread: Thread) -> str:
        rows = self.world.orders.get((thread.platform, thread.account, thread.id))
        return rows[-1][0] if rows else ""

    def _row(self, thread: Thread, account: Account) -> dict[str, Any] | None:
        person = self.world.person(account.platform, thread.people[0]) if thread.people else None
        if person is None:
            return None
        rows = self.world.orders.get((thread.platform, thread.account, thread.id), [])
        last = self.world.messages[thread.platform, thread.account, rows[-1][1]] if rows else None
        return {
            "key": person.key,
            "name": self._name(thread, account),
            "handle": person.handle,
            "thread": thread.id,
            "group": thread.kind == "group",
            "members": self._members(thread) if thread.kind == "group" else [],
            "last": _preview(last),
            "waiting": bool(last and last.direction == "in"),
            "at_ms": last.at_ms if last else 0,
        }

    def _members(self, thread: Thread) -> list[dict[str, str]]:
        people = [self.world.person(thread.platform, native) for native in thread.people]
        return [{"key": person.key, "name": person.name} for person in people if person]

    async def new_person(self, request: Request) -> Response:
        given = await asking.body(request)
        account = asking.account(self.kernel, given)
        name = str(given.get("name") or "").strip()[:60]
        if not name:
            raise Impossible("A person needs a name.")
        person = customers.person_from(self.kernel, account=account, given={"name": name})
        thread = self.kernel.messaging.direct_thread(account=account, person=person)
        await self.world.store.flushed()
        return wire.answer({"key": person.key, "thread": thread.id, "name": person.name})

    async def thread(self, request: Request) -> Response:
        account = asking.account(self.kernel, dict(request.query_params))
        thread = self.world.thread(account, request.query_params.get("thread", ""))
        if thread is None:
            raise Impossible("There is no such thread.")
        now = self.world.clock.now_ms()
        shown = self.world.thread_messages(thread)[-200:]
        return wire.answer(
            {
                "messages": [self._shown(one, account) for one in shown],
                "typing": thread.brand_typing_until > now,
                "seen": thread.seen_by_brand if ABILITIES[account.platform]["seen"] else "",
                "read": thread.seen_by_customer,
            }
        )

    def _shown(self, message: Message, account: Account) -> dict[str, Any]:
        person: Person | None = self.world.person(account.platform, message.sender)
        return {
            "id": message.id,
            "mine": message.direction == "in",
            "author": person.name if person else account.name,
            "by": person.key if person else "",
            "text": message.text,
            "kind": message.kind,
            "at_ms": message.at_ms,
            "deleted": message.deleted,
            "edited": message.edits > 0,
            "reply_to": message.reply_to,
            "story": bool(message.extra.get("story")),
            "attachments": [{**row, "src": _source(row)} for row in message.attachments],
            "reactions": [
                {"emoji": one["emoji"], "brand": one["actor"] == account.id} for one in message.reactions
            ],
        }

    # What the customer does

    async def upload(self, request: Request) -> Response:
        account = asking.account(self.kernel, dict(request.query_params))
        data = await request.body()
        if not 0 < len(data) <= _MOST_UPLOAD:
            raise Impossible("A picture must have 1 byte to 8 MB.")
        mime = media.sniff(data)
        if mime not in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
            raise Impossible("Only PNG, JPEG, GIF or WebP pictures can be sent here.")
        name = request.query_params.get("name", "picture")[:80]
        held = media.keep(self.world, account=account, data=data, kind="image", mime=mime, name=name)
        return wire.answer({"media_id": held.id})

    async def write(self, request: Request) -> Response:
        return wire.answer(await write_message(self.kernel, await asking.body(request), client="stage"))

    async def act(self, request: Request) -> Response:
        return wire.answer(await perform(self.kernel, await asking.body(request), client="stage"))


def _source(row: dict[str, Any]) -> str:
    return f"/stage/media/{row['media_id']}" if row.get("media_id") else ""


def _preview(message: Message | None) -> str:
    if message is None:
        return "Nothing written yet"
    if message.deleted:
        return "Message unsent"
    who = "" if message.direction == "in" else "Brand: "
    return who + (message.text[:80] or message.kind.replace("_", " ").capitalize())
