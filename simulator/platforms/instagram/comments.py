"""Public comments: read, answer, hide, delete."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import wire
from simulator.clock import iso_graph
from simulator.drafts import Draft
from simulator.kernel import Kernel
from simulator.models import Account, Message, Thread
from simulator.platforms.instagram import errors
from simulator.platforms.instagram.paging import cursor, fields_of, page
from simulator.platforms.instagram.shapes import comment_body


class Comments:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def _comment(self, account: Account, name: str) -> Message | None:
        found = self.world.message(account, name)
        return found if found is not None and found.kind == "comment" and not found.deleted else None

    async def media(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """GET /{ig-user}/media: the account's own posts, newest first."""
        wanted = fields_of(str(given.get("fields", "id")))
        posts = sorted(account.posts, key=lambda post: int(post["id"]), reverse=True)
        return page(
            self.world,
            request,
            posts,
            given=given,
            cap=100,
            build=lambda post: self._post(account, post, wanted),
        )

    def _post(self, account: Account, post: dict[str, Any], wanted: dict[str, str]) -> dict[str, Any]:
        body = {
            "id": post["id"],
            "caption": post["caption"],
            "media_type": "IMAGE",
            "timestamp": iso_graph(self.world.clock.now_ms() - 86_400_000),
            "comments_count": len(self._under(account, post["id"])),
        }
        return {key: value for key, value in body.items() if key in wanted or key == "id"}

    def _under(self, account: Account, post: str) -> list[Message]:
        return [
            one
            for one in self.world.messages.values()
            if one.platform == "instagram"
            and one.kind == "comment"
            and one.account == account.id
            and one.extra.get("post") == post
            and not one.deleted
        ]

    async def of_media(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        node = request.path_params["node"]
        if node not in {post["id"] for post in account.posts}:
            return errors.unknown_object(node)
        rows = [one for one in self._under(account, node) if not one.reply_to]
        rows.sort(key=lambda one: one.order, reverse=True)
        wanted = fields_of(str(given.get("fields", "")))

        def build(one: Message) -> dict[str, Any]:
            body = self._shown(one)
            answers = self._answers(account, one) if "replies" in wanted else []
            return {**body, "replies": self._first_answers(one, answers)} if answers else body

        return page(self.world, request, rows, given=given, cap=50, build=build)

    def _answers(self, account: Account, comment: Message) -> list[Message]:
        thread = self.world.thread(account, comment.thread)
        rows = self.world.thread_messages(thread) if thread else []
        if comment.reply_to:
            return []  # there are two levels: an answer to an answer stands under the same comment
        return [one for one in rows if one.id != comment.id and not one.deleted]

    def _first_answers(self, comment: Message, answers: list[Message]) -> dict[str, Any]:
        """A list inside an object is cut at 25; its own `next` leads on."""
        body: dict[str, Any] = {"data": [self._shown(one) for one in answers[:25]]}
        if len(answers) > 25:
            onward = cursor(25)
            link = f"{self.world.settings.origin}/v25.0/{comment.id}/replies?after={onward}"
            body["paging"] = {"cursors": {"before": cursor(0), "after": onward}, "next": link}
        return body

    def _shown(self, message: Message) -> dict[str, Any]:
        self.world.show(message)
        return comment_body(self.world, message)

    async def replies(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        comment = self._comment(account, request.path_params["node"])
        if comment is None:
            return errors.unknown_object(request.path_params["node"])
        thread = self.world.thread(account, comment.thread)
        if thread is None:
            return errors.unknown_object(comment.thread)
        if request.method == "GET":
            rows = self._answers(account, comment)
            return page(self.world, request, rows, given=given, cap=50, build=self._shown)
        return await self._answer(account, comment=comment, thread=thread, given=given)

    async def mention(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """POST /{ig-id}/mentions {media_id, comment_id?, message}: an answer where somebody named the account. Without a comment: in the
        caption of the post."""
        media_id, name = str(given.get("media_id") or ""), str(given.get("comment_id") or "")
        found = self.world.mention(account, name or media_id, caption=not name)
        thread = self.world.thread(account, found.thread) if found else None
        if found is None or thread is None:
            return errors.unknown_object(name or media_id)
        return await self._answer(account, comment=found, thread=thread, given=given)

    async def _answer(
        self, account: Account, *, comment: Message, thread: Thread, given: dict[str, Any]
    ) -> Response:
        text = str(given.get("message", ""))
        if not text:
            return errors.error("(#100) The parameter message is required", code=100)
        draft = Draft(
            text=text,
            kind="comment",
            reply_to=self.kernel.stands_below(comment),
            client="api",
            extra={"post": comment.extra.get("post", "")},
        )
        message = self.kernel.messaging.brand_writes(account=account, thread=thread, draft=draft, tell=False)
        return await self.kernel.accepted(
            account=account, thread=thread, message=message, response=wire.answer({"id": message.id})
        )

    async def change(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """POST /{comment}?hide=true, DELETE /{comment}"""
        comment = self._comment(account, request.path_params["node"])
        if comment is None:
            return errors.unknown_object(request.path_params["node"])
        if request.method == "DELETE":
            self.kernel.messaging.unsend(account=account, message=comment, actor=account.id, client="api")
            return wire.answer({"success": True})
        if "hide" not in given:
            return errors.error("(#100) The parameter hide is required", code=100)
        comment.hidden = str(given["hide"]).lower() == "true"
        what = "hidden" if comment.hidden else "unhidden"
        comment.history.append(
            {"at_ms": self.world.clock.now_ms(), "what": what, "actor": account.id, "client": "api"}
        )
        self.world.save_message(comment)
        return wire.answer({"success": True})
