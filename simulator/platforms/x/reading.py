"""DM history, profiles and mentions of API v2."""

import base64
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.kernel import Kernel
from simulator.models import Account, Message
from simulator.platforms.x import errors, payloads

HISTORY_MS = 30 * tokens.DAY_MS
Row = TypeVar("Row")
_DEFAULT_FIELDS = {"id", "event_type", "text"}


def page_token(n: int) -> str:
    return base64.b32encode(f"page{n:012d}".encode()).decode().rstrip("=")


def from_page_token(text: str) -> int | None:
    try:
        plain = base64.b32decode(text + "=" * (-len(text) % 8)).decode()
    except ValueError:
        return None
    return int(plain[4:]) if plain.startswith("page") and plain[4:].isdecimal() else None


def _listed(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}


class Reading:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def _alive(self, account: Account, threads: set[str] | None) -> list[Message]:
        """Newest first: thirty days, without what was deleted."""
        oldest = self.world.clock.now_ms() - HISTORY_MS
        wanted = [
            thread
            for thread in self.world.account_threads(account)
            if thread.kind != "comments" and (threads is None or thread.id in threads)
        ]
        rows = [
            one
            for thread in wanted
            for one in self.world.thread_messages(thread)
            if not one.deleted and not one.hidden and one.at_ms >= oldest
        ]
        return sorted(rows, key=lambda one: one.order, reverse=True)

    async def all_events(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        return self._page(request, self._alive(account, None))

    async def of_conversation(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        return self._page(request, self._alive(account, {request.path_params["id"]}))

    async def with_person(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        other = request.path_params["id"]
        if not other.isdecimal():
            return errors.invalid("The participant_id is not valid.", participant_id=other)
        return self._page(request, self._alive(account, {payloads.conversation_id(other, account.id)}))

    def _page(self, request: Request, rows: list[Message]) -> Response:
        query = request.query_params
        kinds = _listed(query.get("event_types", "MessageCreate"))
        cut = _cut(request, rows if "MessageCreate" in kinds else [])
        if isinstance(cut, Response):
            return cut
        shown, meta = cut
        if not shown:
            return wire.answer({"meta": meta})  # an empty page has no data key
        fields = _DEFAULT_FIELDS | _listed(query.get("dm_event.fields", ""))
        body: dict[str, Any] = {"data": [payloads.v2_event(one, fields=fields) for one in shown]}
        includes = self._includes(shown, _listed(query.get("expansions", "")))
        for one in shown:
            self.world.show(one)
        return wire.answer({**body, **({"includes": includes} if includes else {}), "meta": meta})

    def _includes(self, rows: list[Message], wanted: set[str]) -> dict[str, Any]:
        includes: dict[str, Any] = {}
        if wanted & {"sender_id", "participant_ids"}:
            includes["users"] = [
                payloads.user_v2(self.world, native) for native in sorted({one.sender for one in rows})
            ]
        if "attachments.media_keys" in wanted and any(one.attachments for one in rows):
            includes["media"] = [payloads.v2_media(self.world, one) for one in rows if one.attachments]
        return includes

    async def one_event(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        message = self.world.message(account, request.path_params["id"])
        if message is None or message not in self._alive(account, {message.thread}):
            return errors.not_found("dm_event", request.path_params["id"])
        if request.method == "DELETE":
            if message.direction != "out":
                return errors.forbidden()
            message.hidden = True  # removes it for oneself only
            message.history.append(
                {"at_ms": self.world.clock.now_ms(), "what": "hidden_for_brand", "client": "api"}
            )
            self.world.save_message(message)
            return wire.answer({"data": {"deleted": True}})
        self.world.show(message)
        fields = _DEFAULT_FIELDS | _listed(request.query_params.get("dm_event.fields", ""))
        includes = self._includes([message], _listed(request.query_params.get("expansions", "")))
        body: dict[str, Any] = {"data": payloads.v2_event(message, fields=fields)}
        return wire.answer({**body, **({"includes": includes} if includes else {})})

    # Profiles

    async def me(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        return wire.answer(
            {"data": self._user(account.id, account, request.query_params.get("user.fields", ""))}
        )

    async def user(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        native = request.path_params["id"]
        if self.world.person("x", native) is None and ("x", native) not in self.world.accounts:
            detail = f"Could not find user with id: [{native}]."
            row = {
                "title": "Not Found Error",
                "detail": detail,
                "value": native,
                "parameter": "id",
                "resource_type": "user",
            }
            row["type"] = "https://api.x.com/2/problems/resource-not-found"
            return wire.answer({"errors": [row]})
        return wire.answer({"data": self._user(native, account, request.query_params.get("user.fields", ""))})

    def _user(self, native: str, account: Account, fields: str) -> dict[str, Any]:
        full = payloads.user_v2(self.world, native)
        person = self.world.person("x", native)
        if person is not None:
            full["receives_your_dm"] = reachable(self.kernel, account, native)
            full["connection_status"] = payloads.relation(person)
        wanted = {"id", "name", "username"} | _listed(fields)
        return {key: value for key, value in full.items() if key in wanted}

    async def posts(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """GET /2/tweets?ids=: those that are there, and beside them why the others are not."""
        wanted = [one for one in request.query_params.get("ids", "").split(",") if one]
        if not 1 <= len(wanted) <= 100:
            return errors.invalid("The number of ids must be between 1 and 100.", ids=len(wanted))
        held = {one: self.world.message(account, one) for one in wanted}
        shown = [one for one in held.values() if one is not None and not one.deleted]
        there = {one.id for one in shown}
        troubles = [errors.no_post(one) for one in wanted if one not in there]
        body = {"data": [payloads.post(self.world, one) for one in shown], "errors": troubles}
        return wire.answer({key: rows for key, rows in body.items() if rows})

    async def own_posts(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """GET /2/users/:id/tweets: what the account has posted, answers among it, newest first."""
        if request.path_params["id"] != account.id:
            return errors.forbidden()
        answers = [
            {"at_ms": one.at_ms, "body": payloads.own_answer(self.world, one)}
            for one in self.world.messages.values()
            if (one.platform, one.account, one.kind, one.direction) == ("x", account.id, "comment", "out")
            and not one.deleted
        ]
        said = [
            {"at_ms": one.get("at_ms", 0), "body": payloads.own_post(account, one)} for one in account.posts
        ]
        cut = _cut(request, sorted(said + answers, key=lambda one: -one["at_ms"]), least=5)
        if isinstance(cut, Response):
            return cut
        shown, meta = cut
        return wire.answer(
            {"data": [one["body"] for one in shown], "meta": meta} if shown else {"meta": meta}
        )

    async def mentions(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """Newest first, a page at a time. Known is what was shown, and no more."""
        query = request.query_params
        since, until = query.get("since_id") or "0", query.get("until_id") or str(2**64)
        if not (since.isdecimal() and until.isdecimal()):
            return errors.invalid("The ids given must be numbers.", since_id=since, until_id=until)
        rows = [
            one
            for one in self.world.messages.values()
            if one.platform == "x"
            and one.account == account.id
            and one.kind in {"mention", "comment"}
            and not one.deleted
            and int(since) < int(one.id) < int(until)
        ]
        cut = _cut(request, sorted(rows, key=lambda one: one.order, reverse=True), least=5)
        if isinstance(cut, Response):
            return cut
        shown, meta = cut
        if not shown:
            return wire.answer({"meta": meta})
        for one in shown:
            self.world.show(one)
        users = [payloads.user_v2(self.world, native) for native in sorted({one.sender for one in shown})]
        body = {"data": [payloads.post(self.world, one) for one in shown], "includes": {"users": users}}
        return wire.answer({**body, "meta": {**meta, "newest_id": shown[0].id, "oldest_id": shown[-1].id}})


def _cut(request: Request, rows: list[Row], *, least: int = 1) -> tuple[list[Row], dict[str, Any]] | Response:
    """The page that was asked for, and what tells of the ones beside it."""
    query = request.query_params
    wished = query.get("max_results", "100")
    if not wished.isdecimal() or not least <= int(wished) <= 100:
        words = f"The max_results query parameter value is not between {least} and 100"
        return errors.invalid(words, max_results=wished)
    start = 0
    if given := query.get("pagination_token"):
        found = from_page_token(given)
        if found is None:
            return errors.invalid("The pagination_token is not valid.", pagination_token=given)
        start = found
    shown = rows[start : start + int(wished)]
    meta: dict[str, Any] = {"result_count": len(shown)}
    if start + len(shown) < len(rows):
        meta["next_token"] = page_token(start + len(shown))
    if start:
        meta["previous_token"] = page_token(max(0, start - int(wished)))
    return shown, meta


def reachable(kernel: Kernel, account: Account, native: str) -> bool:
    """Follows us, or has open messages, or there is a conversation already; never who blocked us."""
    person = kernel.world.person("x", native)
    if person is None or account.id in person.blocked:
        return False
    thread = kernel.world.thread(account, payloads.conversation_id(native, account.id))
    return person.follows or person.accepts_messages or thread is not None
