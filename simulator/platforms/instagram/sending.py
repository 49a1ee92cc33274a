"""POST /{node}/messages under Instagram's rules."""

import asyncio
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from simulator import media, tokens, wire
from simulator.drafts import Draft
from simulator.kernel import Kernel
from simulator.models import Account, Media, Message, Person, Thread
from simulator.platforms.instagram import errors

TEXT_BYTES = 1000
WINDOW_MS = tokens.DAY_MS
HUMAN_AGENT_MS = 7 * tokens.DAY_MS
PRIVATE_REPLY_MS = 7 * tokens.DAY_MS
RECORDINGS_PER_SECOND = 10  # of these, of sounds and films
QUICK_REPLIES, QUICK_REPLY_TITLE = 13, 20
FETCH_SECONDS = 75
_MEGABYTE = 1 << 20
LIMITS: dict[str, tuple[int, tuple[str, ...]]] = {
    "image": (8 * _MEGABYTE, ("image/png", "image/jpeg", "image/gif")),
    "video": (25 * _MEGABYTE, ("video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm")),
    "audio": (25 * _MEGABYTE, ("audio/aac", "audio/mp4", "audio/wav", "audio/x-wav", "video/mp4")),
    "file": (25 * _MEGABYTE, ("application/pdf",)),
}
_SIGNALS = ("typing_on", "typing_off", "mark_seen")


class Refused(Exception):
    def __init__(self, response: Response) -> None:
        self.response = response


class Sending:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    async def send(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        most = self.world.settings.instagram_sends_per_second
        if self.kernel.limits.hit(f"instagram|{account.id}|send", limit=most, window_ms=1000).over:
            return errors.throttled()
        if refusal := self.kernel.expire_midsend(account=account):
            return refusal
        try:
            return await self._send(account, given)
        except Refused as refused:
            return refused.response

    async def _send(self, account: Account, given: dict[str, Any]) -> Response:
        recipient = given.get("recipient")
        if not isinstance(recipient, dict) or not ({"id", "comment_id"} & recipient.keys()):
            raise Refused(errors.error("(#100) The parameter recipient is required", code=100))
        if "comment_id" in recipient:
            return await self._private_reply(account, comment_id=str(recipient["comment_id"]), given=given)
        native = str(recipient["id"])
        person = self._reachable(account, native)
        thread = self.kernel.messaging.direct_thread(account=account, person=person)
        if action := given.get("sender_action"):
            return self._act(account, thread, native, str(action), given)
        self._check_window(thread, given)
        draft = await self._draft(account, given)
        return await self._accept(account, thread, native, draft)

    def _reachable(self, account: Account, native: str) -> Person:
        person = self.world.person("instagram", native)
        if person is None or person.native.get(account.id) != native:
            raise Refused(errors.no_such_person())
        if account.id in person.blocked:
            text = "(#551) This person isn't available right now."
            raise Refused(errors.error(text, code=551, subcode=1545041))
        return person

    def _check_window(self, thread: Thread, given: dict[str, Any]) -> None:
        if not thread.last_in_ms:
            raise Refused(errors.outside_window())
        age = self.world.clock.now_ms() - thread.last_in_ms
        tag = given.get("tag")
        if tag and tag != "HUMAN_AGENT":
            raise Refused(errors.error("(#100) Param tag must be one of {HUMAN_AGENT}", code=100))
        if tag and given.get("messaging_type") != "MESSAGE_TAG":
            raise Refused(errors.error("(#100) Param messaging_type must be MESSAGE_TAG for a tag", code=100))
        allowed = HUMAN_AGENT_MS if tag == "HUMAN_AGENT" else WINDOW_MS
        if age > allowed:
            raise Refused(errors.outside_window())

    async def _draft(self, account: Account, given: dict[str, Any]) -> Draft:
        message = given.get("message")
        if not isinstance(message, dict):
            raise Refused(errors.error("(#100) The parameter message is required", code=100))
        text = message.get("text")
        one = wire.mapping(message, "attachment")
        rows = wire.mappings(message, "attachments") or ([one] if one else [])
        if text is not None and rows:
            raise Refused(errors.error("(#100) Text and attachment cannot be sent in one message", code=100))
        draft = Draft(client="api", reply_to=str(wire.mapping(given, "reply_to").get("mid", "")))
        if isinstance(text, str) and text:
            if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
                note = f"(#100) Length of param message[text] must be less than or equal to {TEXT_BYTES}"
                raise Refused(errors.error(note, code=100))
            draft.text = text
            if replies := wire.mappings(message, "quick_replies"):
                draft.extra["quick_replies"] = _titles(replies)
            return draft
        if not rows:
            raise Refused(
                errors.error(
                    "(#100) Message cannot be empty, must provide valid attachment or text", code=100
                )
            )
        if len(rows) > 10 or (len(rows) > 1 and any(one.get("type") != "image" for one in rows)):
            raise Refused(errors.error("(#100) Up to 10 images can be sent in one message", code=100))
        draft.attachments = [await self._attachment(account, one) for one in rows]
        return draft

    async def _attachment(self, account: Account, row: dict[str, Any]) -> dict[str, Any]:
        kind, payload = str(row.get("type", "")), wire.mapping(row, "payload")
        if kind == "like_heart":
            return {"kind": "like_heart", "url": ""}
        if kind == "MEDIA_SHARE":
            return {"kind": "ig_post", "post": str(payload.get("id", "")), "url": "", "title": ""}
        if kind not in LIMITS:
            raise Refused(
                errors.error("(#100) Param message[attachment][type] is not valid", code=100, subcode=2018047)
            )
        if kind in {"audio", "video"}:
            name = f"instagram|{account.id}|recordings"
            if self.kernel.limits.hit(name, limit=RECORDINGS_PER_SECOND, window_ms=1000).over:
                raise Refused(errors.throttled())
        if media_id := payload.get("attachment_id"):
            held = self.world.media.get(str(media_id))
            if held is None or held.account != account.id:
                raise Refused(errors.error("(#100) Invalid attachment ID", code=100, subcode=2018074))
            if held.mime not in LIMITS[kind][1]:
                raise Refused(errors.wrong_type())
        else:
            held = await self.fetch(account, kind=kind, url=str(payload.get("url", "")))
        return {"kind": kind, "media_id": held.id, "mime": held.mime, "name": held.name, "size": held.size}

    async def fetch(self, account: Account, *, kind: str, url: str) -> Media:
        """Meta loads the file from the address we give; a wrong type or size is refused."""
        most, mimes = LIMITS[kind]
        data = bytearray()
        try:
            async with (
                asyncio.timeout(FETCH_SECONDS),
                self.kernel.deliverer.client.stream(
                    "GET", url, timeout=FETCH_SECONDS, follow_redirects=True
                ) as got,
            ):
                if got.status_code != 200:
                    raise Refused(
                        errors.error(
                            "(#100) Failed to fetch the file from the url", code=100, subcode=2018008
                        )
                    )
                declared = got.headers.get("content-type", "")
                async for chunk in got.aiter_bytes():
                    data += chunk
                    if len(data) > most:
                        raise Refused(
                            errors.error(
                                "(#100) Attachment size exceeds allowable limit", code=100, subcode=2018109
                            )
                        )
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Refused(
                errors.error("(#100) Timed out fetching the file", code=100, subcode=2018294)
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OverflowError, ValueError) as error:
            raise Refused(
                errors.error("(#100) Failed to fetch the file from the url", code=100, subcode=2018008)
            ) from error
        mime = media.sniff(bytes(data), declared=declared)
        if mime not in mimes:
            raise Refused(errors.wrong_type())
        name = url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
        return media.keep(self.world, account=account, data=bytes(data), kind=kind, mime=mime, name=name)

    async def upload(self, request: Request, account: Account, given: dict[str, Any]) -> Response:
        """POST /{node}/message_attachments"""
        row = wire.mapping(wire.mapping(given, "message"), "attachment")
        kind, payload = str(row.get("type", "")), wire.mapping(row, "payload")
        if kind not in LIMITS or not payload.get("url"):
            return errors.error("(#100) The parameter message[attachment] is required", code=100)
        try:
            held = await self.fetch(account, kind=kind, url=str(payload["url"]))
        except Refused as refused:
            return refused.response
        return wire.answer({"attachment_id": held.id})

    def _act(
        self, account: Account, thread: Thread, native: str, action: str, given: dict[str, Any]
    ) -> Response:
        messaging = self.kernel.messaging
        if action in _SIGNALS:
            messaging.brand_signals(account=account, thread=thread, signal=action)
        elif action in {"react", "unreact"}:
            target = self.world.message(account, str(wire.mapping(given, "payload").get("message_id", "")))
            if target is None:
                return errors.error("(#100) Invalid message id", code=100, subcode=33)
            if action == "react":
                messaging.react(account=account, message=target, actor=account.id, emoji="❤️", client="api")
            else:
                messaging.unreact(account=account, message=target, actor=account.id, client="api")
        else:
            return errors.error("(#100) Param sender_action is not valid", code=100)
        return wire.answer({"recipient_id": native})

    async def _accept(self, account: Account, thread: Thread, native: str, draft: Draft) -> Response:
        message = self.kernel.messaging.brand_writes(account=account, thread=thread, draft=draft, tell=False)
        response = wire.answer({"recipient_id": native, "message_id": message.id})
        return await self.kernel.accepted(account=account, thread=thread, message=message, response=response)

    async def _private_reply(self, account: Account, *, comment_id: str, given: dict[str, Any]) -> Response:
        comment: Message | None = self.world.message(account, comment_id)
        if comment is None or comment.kind != "comment" or comment.direction != "in":
            return errors.error("(#100) Invalid comment id", code=100, subcode=2534025)
        if comment.extra.get("private_reply"):
            return errors.error("(#10900) Activity already replied to", code=10900)
        if self.world.clock.now_ms() - comment.at_ms > PRIVATE_REPLY_MS:
            return errors.outside_window()
        person = self._reachable(account, comment.sender)
        thread = self.kernel.messaging.direct_thread(account=account, person=person)
        draft = await self._draft(account, given)
        draft.extra["private_reply_to"] = comment_id
        comment.extra["private_reply"] = True
        self.world.save_message(comment)
        return await self._accept(account, thread, comment.sender, draft)


def _titles(replies: list[dict[str, Any]]) -> list[str]:
    if len(replies) > QUICK_REPLIES:
        note = f"(#100) Param message[quick_replies] must have at most {QUICK_REPLIES} elements"
        raise Refused(errors.error(note, code=100))
    titles = [str(one.get("title", "")) for one in replies]
    if any(len(one) > QUICK_REPLY_TITLE for one in titles):
        note = f"(#100) Length of param title must be less than or equal to {QUICK_REPLY_TITLE}"
        raise Refused(errors.error(note, code=100))
    return titles
