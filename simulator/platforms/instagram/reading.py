"""Conversations and their messages as the Graph API shows them."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens
from simulator.clock import iso_graph
from simulator.kernel import NEVER, Kernel
from simulator.models import Account, Message, Thread
from simulator.platforms.instagram import errors, payloads
from simulator.platforms.instagram.paging import fields_of, page
from simulator.platforms.instagram.shapes import attachment_body

NEWEST_DETAILS = 20
_IDLE_REQUEST_MS = 30 * tokens.DAY_MS


class Reading:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def throttled(self, account: Account) -> bool:
        limit = self.world.settings.instagram_reads_per_second
        return self.kernel.limits.hit(
            f"instagram|{account.id}|conversations", limit=limit, window_ms=1000
        ).over

    # GET /{node}/conversations

    async def conversations(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        if self.throttled(account):
            return errors.throttled()
        if given.get("platform", "instagram") != "instagram":
            return errors.error("(#100) Param platform must be one of {INSTAGRAM}", code=100)
        threads = [one for one in self.world.account_threads(account, kind="direct") if self._listed(one)]
        if person := given.get("user_id"):
            threads = [one for one in threads if str(person) in one.people]
        threads.sort(key=self._updated_ms, reverse=True)
        wanted = fields_of(str(given.get("fields", "id,updated_time")))
        return page(
            self.world,
            request,
            threads,
            given=given,
            cap=200,
            build=lambda one: self.conversation(one, account=account, fields=wanted),
        )

    def _listed(self, thread: Thread) -> bool:
        """Requests (never answered) that are idle for 30 days are left out."""
        updated = self._updated_ms(thread)
        if not updated:
            return False
        if self.world.clock.now_ms() - updated < _IDLE_REQUEST_MS:
            return True
        return any(one.direction == "out" for one in self.shown(thread))

    def _newest(self, thread: Thread) -> Iterator[Message]:
        """What history shows of a thread, newest first."""
        rows = self.world.orders.get((thread.platform, thread.account, thread.id), [])
        for _, message_id in reversed(rows):
            message = self.world.messages[thread.platform, thread.account, message_id]
            if not message.deleted and message.kind != "postback":
                yield message

    def shown(self, thread: Thread) -> list[Message]:
        return list(self._newest(thread))

    def _around(self, message: Message) -> tuple[Iterator[Message], Iterator[Message]]:
        """What may stand in history before it, newest first, and after it, oldest first; unsent ones among them."""
        rows = self.world.orders[message.platform, message.account, message.thread]
        place = bisect_left(rows, (message.order, message.id))

        def told(numbers: Iterable[int]) -> Iterator[Message]:
            found = (self.world.messages[message.platform, message.account, rows[n][1]] for n in numbers)
            return (one for one in found if one.kind != "postback")

        return told(range(place - 1, -1, -1)), told(range(place + 1, len(rows)))

    def shown_until(self, message: Message) -> int:
        """History tells no more of those behind the newest than that they are there."""
        if message.kind == "postback":
            return 0
        return min(self._among_the_newest_until(message), message.unsent_ms or NEVER)

    def _among_the_newest_until(self, message: Message) -> int:
        newer = (one for one in self._around(message)[1] if not one.deleted)
        twentieth = next(islice(newer, NEWEST_DETAILS - 1, None), None)
        return twentieth.at_ms if twentieth else NEVER

    def changes_shown_until(self, message: Message) -> int:
        """While a message is among the newest they tell what became of it. An unsent one is missing between them: of what was written
        before the oldest that is shown, whose time is told to the second, nobody can say whether it was ever there."""
        if message.kind == "postback":
            return 0
        until = self._among_the_newest_until(message)
        if not message.deleted:
            return until
        before = (one for one in self._around(message)[0] if (one.at_ms // 1000 + 1) * 1000 < message.at_ms)
        beside = max((one.unsent_ms or NEVER for one in before), default=0)
        return min(until, beside) if beside > message.unsent_ms else 0

    def _updated_ms(self, thread: Thread) -> int:
        newest = next(self._newest(thread), None)
        return newest.at_ms if newest else 0

    def conversation(self, thread: Thread, *, account: Account, fields: dict[str, str]) -> dict[str, Any]:
        body: dict[str, Any] = {"id": thread.id}
        if "updated_time" in fields:
            body["updated_time"] = iso_graph(self._updated_ms(thread))
        if "participants" in fields:
            body["participants"] = {
                "data": [self._party(account.id, account), *(self._party(p, account) for p in thread.people)]
            }
        if "messages" in fields:
            wanted = fields_of(fields["messages"] or "id,created_time")
            shown = self.shown(thread)
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
        if self.throttled(account):
            return errors.throttled()
        node = request.path_params["node"]
        thread = self.world.thread(account, node)
        if thread is None:
            return errors.unknown_object(node)
        shown = self.shown(thread)
        wanted = fields_of(str(given.get("fields", "id,created_time")))
        rows = list(enumerate(shown))
        return page(
            self.world,
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
            body["message"] = "" if message.kind == "unsupported" else message.text
            self.world.show(message)
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
