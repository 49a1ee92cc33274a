"""Sending direct messages and posts, with X's rules."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.drafts import Draft
from simulator.kernel import Kernel
from simulator.models import Account, Person, Thread
from simulator.platforms.x import errors, payloads
from simulator.platforms.x.reading import reachable
from simulator.platforms.x.weighing import MOST, weighted

TEXT_MOST = 10_000
DAILY_SENDS = 1440
_CATEGORIES = {"dm_image": "image", "dm_gif": "gif", "dm_video": "video"}


class Sending:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    # POST /2/dm_conversations/with/{id}/messages

    async def to_person(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        native = request.path_params["id"]
        person = self.world.person("x", native)
        if person is None:
            return errors.not_found("user", native)
        if not reachable(self.kernel, account, native):
            return errors.no_permission_to_message()
        return await self._send(account, given, direct=person)

    # POST /2/dm_conversations/{id}/messages

    async def to_conversation(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        thread_id = request.path_params["id"]
        thread = self.world.thread(account, thread_id)
        if thread is None and "-" in thread_id:
            others = [part for part in thread_id.split("-") if part != account.id]
            person = self.world.person("x", others[0]) if len(others) == 1 else None
            if person is not None and reachable(self.kernel, account, others[0]):
                return await self._send(account, given, direct=person)
        if thread is None or thread.kind == "comments":
            return errors.no_permission_to_message()
        if thread.kind == "direct" and not reachable(self.kernel, account, thread.people[0]):
            return errors.no_permission_to_message()
        return await self._send(account, given, thread=thread)

    # POST /2/dm_conversations

    async def new_group(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        people = [str(one) for one in wire.listed(given, "participant_ids")]
        if given.get("conversation_type") != "Group" or not 2 <= len(people) <= 49:
            return errors.invalid(
                "A group needs conversation_type Group and 2 to 49 participant_ids.", participant_ids=people
            )
        if not all(reachable(self.kernel, account, one) for one in people):
            return errors.no_permission_to_message()
        thread_id = self.world.ids.snowflake(at_ms=self.world.clock.now_ms())
        thread = Thread(
            platform="x", account=account.id, id=thread_id, kind="group", people=people, title="New group"
        )
        return await self._send(account, wire.mapping(given, "message"), thread=thread)

    async def _send(
        self,
        account: Account,
        given: dict[str, Any],
        *,
        thread: Thread | None = None,
        direct: Person | None = None,
    ) -> Response:
        """To this thread, or directly to this person. A new thread is there once nothing is refused any more."""
        if refusal := self.kernel.expire_midsend(account=account):
            return refusal
        if unknown := set(given) - {"text", "attachments"}:
            return errors.invalid("Unknown keys in the request body.", body=", ".join(sorted(unknown)))
        text, rows = given.get("text") or "", wire.mappings(given, "attachments")
        if not isinstance(text, str) or (not text and not rows):
            return errors.invalid("The text or attachments are required.", text="")
        if len(text) > TEXT_MOST:
            return errors.invalid(f"The text is longer than {TEXT_MOST} characters.", text=len(text))
        if len(rows) > 1:
            return errors.invalid("Only one attachment is allowed.", attachments=len(rows))
        day = self.kernel.limits.hit(f"x|{account.id}|sends24h", limit=DAILY_SENDS, window_ms=tokens.DAY_MS)
        if day.over:
            return errors.too_many(
                {"x-user-limit-24hour-limit": str(DAILY_SENDS), "x-user-limit-24hour-remaining": "0"}
            )
        draft = Draft(text=text, client="api")
        for row in rows:
            refused = self._attach(account, draft, str(row.get("media_id", "")))
            if refused is not None:
                return refused
        if direct is not None:
            thread = self.kernel.messaging.direct_thread(account=account, person=direct)
        assert thread is not None
        self.world.add_thread(thread)  # where it is a new one
        message = self.kernel.messaging.brand_writes(account=account, thread=thread, draft=draft, tell=False)
        response = wire.answer(
            {"data": {"dm_conversation_id": thread.id, "dm_event_id": message.id}}, status=201
        )
        return await self.kernel.accepted(account=account, thread=thread, message=message, response=response)

    def _attach(self, account: Account, draft: Draft, media_id: str) -> Response | None:
        held = self.world.media.get(media_id)
        late = held is not None and self.world.clock.now_ms() - held.created_ms > tokens.DAY_MS
        if held is None or held.account != account.id or held.state != "succeeded" or late:
            return errors.invalid("Your media IDs are invalid.", media_id=media_id)
        if held.category not in _CATEGORIES:
            return errors.forbidden("You are not permitted to attach this media to a DM event.")
        kind = _CATEGORIES[held.category]
        row = {
            "kind": "image" if kind == "gif" else kind,
            "media_id": held.id,
            "mime": held.mime,
            "name": held.name,
        }
        draft.attachments.append({**row, "size": held.size})
        return None

    # POST /2/tweets

    async def post(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        text = given.get("text")
        if not isinstance(text, str) or not text:
            return errors.invalid("The text is required.", text="")
        if weighted(text) > MOST:
            return errors.forbidden("Your Tweet text is too long.")
        target = str(wire.mapping(given, "reply").get("in_reply_to_tweet_id", ""))
        parent = self.world.message(account, target)
        unknown = parent is None and target not in {"", *(each["id"] for each in account.posts)}
        if unknown or (parent is not None and parent.deleted):
            return errors.forbidden(
                "You attempted to reply to a Tweet that is deleted or not visible to you."
            )
        if self._said_lately(account, text):
            return errors.forbidden("You are not allowed to create a Tweet with duplicate content.")
        if parent is None:
            post_id = self.world.ids.snowflake(at_ms=self.world.clock.now_ms())
            account.posts.append({"id": post_id, "caption": text, "at_ms": self.world.clock.now_ms()})
            self.world.save_account(account)
            await self.world.store.flushed()
            return wire.answer(
                {
                    "data": {
                        "id": post_id,
                        "text": payloads.escaped(text),
                        "edit_history_tweet_ids": [post_id],
                    }
                },
                status=201,
            )
        thread = self.world.thread(account, parent.thread)
        assert thread is not None
        draft = Draft(text=text, kind="comment", reply_to=parent.id, client="api", extra=dict(parent.extra))
        message = self.kernel.messaging.brand_writes(account=account, thread=thread, draft=draft, tell=False)
        body = {
            "data": {"id": message.id, "text": payloads.escaped(text), "edit_history_tweet_ids": [message.id]}
        }
        return await self.kernel.accepted(
            account=account, thread=thread, message=message, response=wire.answer(body, status=201)
        )

    def _said_lately(self, account: Account, text: str) -> bool:
        """Whose post it answers makes no difference."""
        since = self.world.clock.now_ms() - tokens.DAY_MS
        posted = any(one["caption"] == text and one.get("at_ms", 0) > since for one in account.posts)
        return posted or any(
            one.text == text and one.kind == "comment" and not one.deleted
            for one in self.world.messages.values()
            if (one.platform, one.account, one.direction) == ("x", account.id, "out") and one.at_ms > since
        )

    async def hide(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        message = self.world.message(account, request.path_params["id"])
        if message is None:
            return errors.not_found("tweet", request.path_params["id"])
        message.hidden = bool(given.get("hidden"))
        self.world.save_message(message)
        return wire.answer({"data": {"hidden": message.hidden}})
