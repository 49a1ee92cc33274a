"""The page's side: comment webhooks with challenge, notifications, comments, profiles."""

import re
import uuid
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from simulator import signatures, wire
from simulator.drafts import Draft
from simulator.kernel import Kernel
from simulator.models import Account, Message, Webhook
from simulator.platforms.base import Event
from simulator.platforms.linkedin import errors
from simulator.world import Happening

COMMENT_MOST = 1250
_ACTIONS = {"message": "COMMENT", "edit": "COMMENT_EDIT", "unsend": "COMMENT_DELETE"}


def activity_of(post: str) -> str:
    return f"urn:li:activity:{post}"


class Community:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    # Webhooks

    async def challenge(self, url: str) -> bool:
        code = str(uuid.uuid4())
        try:
            got = await self.kernel.deliverer.client.get(url, params={"challengeCode": code}, timeout=3)
            answer = wire.loads(got.content) if got.status_code == 200 else {}
            right = signatures.linkedin_challenge(secret=self.world.app("linkedin").webhook_secret, code=code)
            return bool(answer.get("challengeCode") == code and answer.get("challengeResponse") == right)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OverflowError, AttributeError):
            return False

    async def subscription(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """PUT, GET, DELETE /rest/eventSubscriptions/(developerApplication:…,user:…,entity:…,eventType:…)"""
        key = request.path_params["key"]
        entity = re.search(r"entity:(urn:li:organization:\d+)", key)
        if "eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS" not in key or entity is None:
            return errors.error("Invalid key of an event subscription", status=400)
        application = f"urn:li:developerApplication:{self.world.app('linkedin').application_id}"
        if f"developerApplication:{application},user:{account.id}," not in key:
            return errors.forbidden("The application or the user of the key is not the caller's")
        if entity[1] != account.organization:
            return errors.forbidden("Member is not an administrator of the organization")
        hook_id = f"linkedin|{account.id}"
        held = self.world.webhooks.get(hook_id)
        if request.method == "GET":
            return wire.answer(self._shown(held, key)) if held else errors.error("Not found", status=404)
        if request.method == "DELETE":
            if held:
                self.world.drop_webhook(held)
            return Response(status_code=204)
        url = str(given.get("webhook") or "")
        if not url.startswith(("http://", "https://")) or (
            self.world.settings.strict_urls and url.startswith("http:")
        ):
            return errors.error("Webhook must be an https URL", status=422)
        if not await self.challenge(url):
            return errors.error("Webhook validation failed: the challenge was not answered", status=422)
        hook = Webhook(
            platform="linkedin",
            id=hook_id,
            url=url,
            kind="subscription",
            account=account.id,
            event_type="ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
            created_ms=self.world.clock.now_ms(),
        )
        if held:
            self.kernel.deliverer.redirect(held.url, url)
        self.world.save_webhook(hook)
        await self.world.store.flushed()
        return wire.answer(self._shown(hook, key))

    def _shown(self, hook: Webhook, key: str) -> dict[str, Any]:
        return {
            "webhook": hook.url,
            "key": key,
            "status": "ACTIVE" if hook.valid else "BLOCKED",
            "expiresAt": hook.created_ms + 31_536_000_000,
        }

    async def shake_hands(self) -> list[dict[str, Any]]:
        """Three failures in a row block the webhook until it is registered again."""
        results = []
        for hook in self.world.webhooks.values():
            if hook.platform != "linkedin":
                continue
            good = await self.challenge(hook.url)
            hook.failures = 0 if good else hook.failures + 1
            hook.valid = hook.valid and hook.failures < 3
            self.world.save_webhook(hook)
            results.append(
                {
                    "platform": "linkedin",
                    "url": hook.url,
                    "ok": good,
                    "trouble": "" if good else "challenge failed",
                }
            )
        return results

    def notification(self, happening: Happening) -> dict[str, Any] | None:
        message, account = happening.message, happening.account
        action = _ACTIONS.get(happening.kind)
        if message is None or action is None or message.kind not in {"comment", "mention"}:
            return None
        if message.kind == "mention":
            action = "SHARE_MENTION"
        elif message.direction == "out":
            action = "ADMIN_COMMENT" if action == "COMMENT" else action
        post = str(message.extra.get("post", ""))
        owner = account.organization if message.direction == "out" else message.sender
        comment = {"entity": activity_of(post), "owner": owner, "text": message.text}
        if message.reply_to:
            comment["parentComment"] = message.reply_to
        number = self.world.ids.number()
        if self.kernel.faults.rule("ids.19digit", platform="linkedin", account=account.id):
            number += 9_223_372_036_000_000_000
        row: dict[str, Any] = {
            "notificationId": number,
            "organizationalEntity": account.organization,
            "action": action,
            "sourcePost": f"urn:li:share:{post}",
            "generatedActivity": message.id,
            "lastModifiedAt": happening.at_ms,
            "subscriber": account.id,
        }
        if action != "COMMENT_DELETE":
            row["decoratedGeneratedActivity"] = {"comment": comment}
        return row

    def events(self, happening: Happening) -> list[Event]:
        row = self.notification(happening)
        if row is None:
            return []
        self.world.notifications.append(row)
        self.world.store.put("notification", str(row["notificationId"]), row)
        hook = self.world.webhooks.get(f"linkedin|{happening.account.id}")
        if hook is None or not hook.valid:
            return []
        return [
            Event(
                platform="linkedin",
                account=happening.account.id,
                url=hook.url,
                payload=row,
                message=happening.message,
                what=happening.kind,
            )
        ]

    async def notifications(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """GET /rest/organizationalEntityNotifications: what webhooks brought in the last 60 days."""
        query = request.query_params
        if query.get("organizationalEntity") != account.organization:
            return errors.forbidden()
        actions = re.findall(r"[A-Z_]+", query.get("actions", "").removeprefix("List"))
        first, most = query.get("start") or "0", query.get("count") or "10"
        if not (first.isdecimal() and most.isdecimal()):
            return errors.error("Query parameters start and count must be numbers", status=400)
        start, count = int(first), min(50, int(most))
        oldest = self.world.clock.now_ms() - 60 * 86_400_000
        rows = [
            row
            for row in reversed(self.world.notifications)
            if row["organizationalEntity"] == account.organization
            and row["lastModifiedAt"] >= oldest
            and (not actions or row["action"] in actions)
        ]
        shown = rows[start : start + count]
        for row in shown:
            message = self.world.message(account, row["generatedActivity"])
            # Whoever loses the page asks again: what was deleted since stands in this list all the same.
            if message is not None and not message.known:
                message.known = True
                self.world.save_message(message)
        return wire.answer(
            {"elements": shown, "paging": {"start": start, "count": count, "total": len(rows), "links": []}}
        )

    # Comments

    def _about(self, account: Account, urn: str) -> tuple[str, Message | None] | None:
        """The post and, where the URN is a comment's, the comment."""
        comment = self.world.message(account, urn)
        if comment is not None and comment.kind in {"comment", "mention"} and not comment.deleted:
            return str(comment.extra.get("post", "")), comment
        post = urn.rsplit(":", 1)[-1]
        return (post, None) if post in {one["id"] for one in account.posts} else None

    async def comments(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        about = self._about(account, request.path_params["urn"])
        if about is None:
            return errors.error(f"URN {request.path_params['urn']} not found", status=404)
        post, parent = about
        if request.method == "POST":
            return await self._answer(account, given, post=post, parent=parent)
        rows = [
            one
            for one in self.world.messages.values()
            if one.account == account.id
            and one.kind == "comment"
            and not one.deleted
            and one.extra.get("post") == post
            and one.reply_to == (parent.id if parent else "")
        ]
        for one in rows:
            self.world.show(one)
        elements = [self._comment(account, one) for one in sorted(rows, key=lambda one: one.order)]
        paging = {"start": 0, "count": 10, "total": len(elements), "links": []}
        return wire.answer({"elements": elements, "paging": paging})

    def _comment(self, account: Account, message: Message) -> dict[str, Any]:
        body = {
            "id": message.id.rsplit(",", 1)[-1].rstrip(")"),
            "commentUrn": message.id,
            "actor": account.organization if message.direction == "out" else message.sender,
            "object": activity_of(str(message.extra.get("post", ""))),
            "message": {"text": message.text, "attributes": []},
            "created": {"time": message.at_ms, "actor": message.sender},
            "lastModified": {"time": message.at_ms, "actor": message.sender},
        }
        return {**body, "parentComment": message.reply_to} if message.reply_to else body

    async def _answer(
        self, account: Account, given: dict[str, Any], *, post: str, parent: Message | None
    ) -> Response:
        if "content" in given:
            return errors.error("Unpermitted fields present in REQUEST_BODY", status=403)
        if str(given.get("actor") or "") not in {account.organization, account.id}:
            return errors.forbidden("Actor is not allowed")
        text = str(wire.mapping(given, "message").get("text") or "")
        if not text or len(text) > COMMENT_MOST:
            return errors.error("Comment text must have 1 to 1250 characters", status=422)
        parent = self.world.message(account, str(given.get("parentComment") or "")) or parent
        if parent is None:
            return errors.error("Only answers to comments are simulated", status=422)
        thread = self.world.thread(account, parent.thread)
        if thread is None:
            return errors.error("Not found", status=404)
        draft = Draft(
            text=text,
            kind="comment",
            reply_to=self.kernel.stands_below(parent),
            client="api",
            extra={"post": post},
        )
        message = self.kernel.messaging.brand_writes(account=account, thread=thread, draft=draft, tell=False)
        short = message.id.rsplit(",", 1)[-1].rstrip(")")
        response = wire.answer(self._comment(account, message), status=201, headers={"x-restli-id": short})
        return await self.kernel.accepted(account=account, thread=thread, message=message, response=response)

    async def one_comment(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        number = request.path_params["id"]
        found = next(
            (
                one
                for one in self.world.messages.values()
                if one.kind == "comment" and not one.deleted and one.id.endswith(f",{number})")
            ),
            None,
        )
        if found is None or found.account != account.id:
            return errors.error("Not found", status=404)
        if request.method == "DELETE":
            self.kernel.messaging.unsend(account=account, message=found, actor=account.id, client="api")
            return Response(status_code=204)
        patch = wire.mapping(wire.mapping(given, "patch"), "message")
        text = str(wire.mapping(patch, "$set").get("text") or "")
        if request.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE" or not text:
            return errors.error("A partial update with a text is expected", status=400)
        if found.direction != "out":
            return errors.forbidden()
        self.kernel.messaging.edit(account=account, message=found, text=text, actor=account.id, client="api")
        return Response(status_code=204)
