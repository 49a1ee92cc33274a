"""Conversations, messages and profiles as the Graph API shows them."""

import base64
import re
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.clock import iso_graph
from simulator.kernel import Kernel
from simulator.models import Account, Message, Person, Thread
from simulator.platforms.instagram import errors, payloads
from simulator.platforms.instagram.access import COMMENTS, MESSAGES, lacks, scoped_id
from simulator.platforms.instagram.shapes import attachment_body, comment_body

NEWEST_DETAILS = 20
_MENTIONED = re.compile(r"mentioned_(comment\.comment|media\.media)_id\((\w+)\)")
_IDLE_REQUEST_MS = 30 * tokens.DAY_MS


def fields_of(text: str) -> dict[str, str]:
    """`a,b{c,d}` as {"a": "", "b": "c,d"}."""
    return {
        match[1]: match[3] or ""
        for match in re.finditer(r"([\w.]+)(\.limit\(\d+\))?(?:\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\})?", text)
    }


def cursor(n: int) -> str:
    return base64.b64encode(f"QVF{n}".encode()).decode().rstrip("=")


def uncursor(text: str) -> int | None:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    return int(plain[3:]) if plain.startswith("QVF") and plain[3:].isdecimal() else None


class Reading:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def _throttled(self, account: Account) -> bool:
        limit = self.world.settings.instagram_reads_per_second
        return self.kernel.limits.hit(
            f"instagram|{account.id}|conversations", limit=limit, window_ms=1000
        ).over

    def page(
        self, request: Request, rows: list[Any], *, given: dict[str, Any], cap: int, build: Any
    ) -> Response:
        limit = min(cap, max(1, int(given["limit"]) if str(given.get("limit", "")).isdecimal() else 25))
        start = 0
        if after := str(given.get("after", "")):
            found = uncursor(after)
            if found is None:
                return errors.error("(#100) Invalid cursors values", code=100)
            start = found
        shown = rows[start : start + limit]
        body: dict[str, Any] = {"data": [build(row) for row in shown]}
        if shown:
            body["paging"] = {"cursors": {"before": cursor(start), "after": cursor(start + len(shown))}}
            if start + len(shown) < len(rows):
                again = {k: v for k, v in request.query_params.items() if k != "after"}
                again["after"] = cursor(start + len(shown))
                body["paging"]["next"] = (
                    f"{self.world.settings.origin}{request.state.full_path}?{urlencode(again)}"
                )
        return wire.answer(body)

    # GET /{node}/conversations

    async def conversations(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        if self._throttled(account):
            return errors.throttled()
        if given.get("platform", "instagram") != "instagram":
            return errors.error("(#100) Param platform must be one of {INSTAGRAM}", code=100)
        threads = [one for one in self.world.account_threads(account, kind="direct") if self._listed(one)]
        if person := given.get("user_id"):
            threads = [one for one in threads if str(person) in one.people]
        threads.sort(key=self._updated_ms, reverse=True)
        wanted = fields_of(str(given.get("fields", "id,updated_time")))
        return self.page(
            request,
            threads,
            given=given,
            cap=200,
            build=lambda one: self._conversation(one, account=account, fields=wanted),
        )

    def _listed(self, thread: Thread) -> bool:
        """Requests (never answered) that are idle for 30 days are left out."""
        updated = self._updated_ms(thread)
        if not updated:
            return False
        if self.world.clock.now_ms() - updated < _IDLE_REQUEST_MS:
            return True
        return any(one.direction == "out" for one in self._shown(thread))

    def _shown(self, thread: Thread) -> list[Message]:
        return [
            one
            for one in reversed(self.world.thread_messages(thread))
            if not one.deleted and one.kind != "postback"
        ]

    def _updated_ms(self, thread: Thread) -> int:
        rows = self.world.orders.get((thread.platform, thread.account, thread.id), [])
        for _, message_id in reversed(rows):
            message = self.world.messages[thread.platform, thread.account, message_id]
            if not message.deleted and message.kind != "postback":
                return message.at_ms
        return 0

    def _conversation(self, thread: Thread, *, account: Account, fields: dict[str, str]) -> dict[str, Any]:
        body: dict[str, Any] = {"id": thread.id}
        if "updated_time" in fields:
            body["updated_time"] = iso_graph(self._updated_ms(thread))
        if "participants" in fields:
            body["participants"] = {
                "data": [self._party(account.id, account), *(self._party(p, account) for p in thread.people)]
            }
        if "messages" in fields:
            wanted = fields_of(fields["messages"] or "id,created_time")
            shown = self._shown(thread)
            body["messages"] = {
                "data": [
                    self.message(one, account=account, fields=wanted, position=n)
                    for n, one in enumerate(shown[:25])
                ]
            }
        return body

    def _party(self, native: str, account: Account) -> dict[str, str]:
        if native == account.id:
            return {"id": account.id, "username": account.handle}
        person = self.world.person("instagram", native)
        return {"id": native, "username": person.handle if person else "instagram_user"}

    # GET /{conversation}/messages

    async def messages(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        if self._throttled(account):
            return errors.throttled()
        node = request.path_params["node"]
        thread = self.world.thread(account, node)
        if thread is None:
            return errors.unknown_object(node)
        shown = self._shown(thread)
        wanted = fields_of(str(given.get("fields", "id,created_time")))
        rows = list(enumerate(shown))
        return self.page(
            request,
            rows,
            given=given,
            cap=100,
            build=lambda row: self.message(row[1], account=account, fields=wanted, position=row[0]),
        )

    def message(
        self, message: Message, *, account: Account, fields: dict[str, str], position: int
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"id": message.id}
        if "created_time" in fields:
            body["created_time"] = iso_graph(message.at_ms)
        if position >= NEWEST_DETAILS:
            return body  # details exist for the newest only
        if "from" in fields:
            body["from"] = self._party(message.sender, account)
        if "to" in fields:
            body["to"] = {"data": [self._party(message.recipient, account)]}
        if "message" in fields:
            body["message"] = message.text
            self._fetched(message)
        if message.kind == "unsupported" and "is_unsupported" in fields:
            body["is_unsupported"] = True
        if message.attachments:
            body |= self._attachments(message, fields)
        if message.reactions and "reactions" in fields:
            body["reactions"] = {"data": [self._reaction(one, account) for one in message.reactions]}
        if "story" in fields and (story := message.extra.get("story")):
            body["story"] = {"reply_to": {"link": payloads.story_url(self.world, story), "id": story["id"]}}
        if "reply_to" in fields and message.reply_to:
            body["reply_to"] = {"mid": message.reply_to}
        return body

    def _reaction(self, row: dict[str, str], account: Account) -> dict[str, Any]:
        name = payloads.REACTION_NAMES.get(row["emoji"], "other")
        return {"reaction": name, "emoji": row["emoji"], "users": [self._party(row["actor"], account)]}

    def _attachments(self, message: Message, fields: dict[str, str]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        plain, shares = [], []
        for n, row in enumerate(message.attachments):
            link = payloads.url(self.world, row)
            if row["kind"] == "story_mention":
                if "story" in fields:
                    body["story"] = {"mention": {"link": link, "id": str(row.get("post", ""))}}
            elif row["kind"] in {"ig_post", "ig_reel", "share"}:
                shares.append({"link": link, "name": row.get("title", ""), "id": row.get("post", "")})
            else:
                plain.append(attachment_body(row, link=link, number=n, message_id=message.id))
        if plain and "attachments" in fields:
            body["attachments"] = {"data": plain}
        if shares and "shares" in fields:
            body["shares"] = {"data": shares}
        return body

    def _fetched(self, message: Message) -> None:
        if not message.known:
            message.known = True
            self.world.save_message(message)

    # GET /{node}

    async def node(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        name = request.path_params["node"]
        wanted = fields_of(str(given.get("fields", "")))
        if name in {"me", account.id}:
            if mentioned := _MENTIONED.search(str(given.get("fields", ""))):
                return (
                    errors.not_permitted()
                    if lacks(request, COMMENTS)
                    else self._mention(account, mentioned[2], caption=mentioned[1].startswith("media"))
                )
            return wire.answer(self._own(account, wanted))
        message = self.world.message(account, name)
        is_public = message is not None and message.kind in {"comment", "mention"}
        if lacks(request, COMMENTS if is_public else MESSAGES) and name not in {
            post["id"] for post in account.posts
        }:
            return errors.not_permitted()
        if message is not None:
            return self._detail(message, account=account, fields=wanted)
        if thread := self.world.thread(account, name):
            if self._throttled(account):
                return errors.throttled()
            return wire.answer(self._conversation(thread, account=account, fields=wanted))
        if person := self.world.person("instagram", name):
            return self._profile(person, native=name, account=account, fields=wanted)
        for post in account.posts:
            if post["id"] == name:
                return wire.answer({"id": name, "caption": post["caption"], "media_type": "IMAGE"})
        return errors.unknown_object(name)

    def _own(self, account: Account, fields: dict[str, str]) -> dict[str, Any]:
        body = {
            "id": scoped_id(account),
            "user_id": account.id,
            "username": account.handle,
            "name": account.name,
            "account_type": "BUSINESS",
            "profile_picture_url": f"{self.world.settings.origin}/profile_pic/{account.handle}.png",
        }
        return {key: value for key, value in body.items() if not fields or key in fields or key == "id"}

    def _mention(self, account: Account, name: str, *, caption: bool) -> Response:
        """A mention is told without its words; they are asked for by the comment's id, or by that of the post that names us."""
        found = self.world.mention(account, name, caption=caption)
        if found is None:
            return errors.unknown_object(name)
        self._fetched(found)
        told = comment_body(self.world, found)
        if not caption:
            return wire.answer({"mentioned_comment": told, "id": account.id})
        post = {"id": name, "caption": found.text, "username": told.get("username", "")}
        return wire.answer({"mentioned_media": post, "id": account.id})

    def _detail(self, message: Message, *, account: Account, fields: dict[str, str]) -> Response:
        wanted = fields or fields_of("id,created_time")
        if message.kind in {"comment", "mention"}:
            return wire.answer(comment_body(self.world, message))
        thread = self.world.thread(account, message.thread)
        shown = [one.id for one in self._shown(thread)] if thread else []
        position = shown.index(message.id) if message.id in shown else NEWEST_DETAILS
        if position >= NEWEST_DETAILS:
            return errors.error(
                "This message has been deleted by the user or is no longer available.", code=9000001
            )
        return wire.answer(self.message(message, account=account, fields=wanted, position=position))

    def _profile(self, person: Person, *, native: str, account: Account, fields: dict[str, str]) -> Response:
        if account.id in person.blocked:
            return errors.no_such_person()
        thread = self.world.directs.get(("instagram", account.id, native))
        contacted = thread is not None and thread.last_in_ms > 0
        if person.native.get(account.id) != native or not contacted:
            text = "(#230) User consent is required to access user profile"
            return errors.error(text, code=230, subcode=2018218)
        until = self.world.clock.now_ms() + 3 * tokens.DAY_MS
        body = {
            "name": person.name,
            "username": person.handle,
            "profile_pic": f"{self.world.settings.origin}/profile_pic/{person.key}.png?oe={until}",
            "follower_count": person.followers,
            "is_verified_user": False,
            "is_user_follow_business": person.follows,
            "is_business_follow_user": False,
        }
        shown = {key: value for key, value in body.items() if not fields or key in fields}
        return wire.answer({**shown, "id": native})
