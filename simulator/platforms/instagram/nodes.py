"""One thing by its id, as the Graph API shows it: the account itself, a message, a comment, a conversation, a person or a post."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.kernel import Kernel
from simulator.models import Account, Message, Person
from simulator.platforms.instagram import errors
from simulator.platforms.instagram.access import COMMENTS, MESSAGES, lacks, scoped_id
from simulator.platforms.instagram.paging import fields_of
from simulator.platforms.instagram.reading import NEWEST_DETAILS, Reading
from simulator.platforms.instagram.shapes import comment_body

_MENTIONED = re.compile(r"mentioned_(comment\.comment|media\.media)_id\((\w+)\)")


class Nodes:
    """GET /{node}"""

    def __init__(self, kernel: Kernel, reading: Reading) -> None:
        self.world = kernel.world
        self.reading = reading

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
            if self.reading.throttled(account):
                return errors.throttled()
            return wire.answer(self.reading.conversation(thread, account=account, fields=wanted))
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
        self.world.show(found)
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
        shown = [one.id for one in self.reading.shown(thread)] if thread else []
        position = shown.index(message.id) if message.id in shown else NEWEST_DETAILS
        if position >= NEWEST_DETAILS:
            return errors.error(
                "This message has been deleted by the user or is no longer available.", code=9000001
            )
        return wire.answer(self.reading.message(message, account=account, fields=wanted, position=position))

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
