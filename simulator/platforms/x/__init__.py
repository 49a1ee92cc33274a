"""X: Activity API deliveries and v2 direct messages (section 3 of the platform notes)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator import signatures, wire
from simulator.kernel import NEVER, Kernel
from simulator.models import Account, Message, Person, Thread
from simulator.platforms.base import Event, Packet
from simulator.platforms.x import errors, payloads, signing, telling
from simulator.platforms.x.access import Access
from simulator.platforms.x.files import Files
from simulator.platforms.x.reading import HISTORY_MS, Reading
from simulator.platforms.x.sending import Sending
from simulator.platforms.x.subscribing import Subscribing
from simulator.world import Happening

_READ = ("dm.read", "tweet.read", "users.read")
_WRITE = ("dm.write",)
_POSTS = ("tweet.read", "users.read")


class X:
    key = "x"
    label = "X-Webhooks/1.0"
    ack_seconds = 10.0
    batch = 50
    replays = True
    nests = True
    limit_forms: tuple[str, ...] = ("problem", "legacy", "past", "bare")

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world
        self.access = Access(kernel)
        self.subscribing = Subscribing(kernel)
        self.reading = Reading(kernel)
        self.sending = Sending(kernel)
        self.files = Files(kernel)

    def prefixes(self) -> tuple[str, ...]:
        return ("/2/", "/1.1/", "/i/", "/profile_images/")

    def routes(self) -> Sequence[BaseRoute]:
        access, hooks, files = self.access, self.subscribing, self.files
        aaa = "/2/account_activity/webhooks/{id}/subscriptions/all"
        return [
            Route("/2/oauth2/token", access.token, methods=["POST"]),
            Route("/2/oauth2/revoke", access.revoke, methods=["POST"]),
            Route("/2/webhooks/replay", access.app(hooks.replay), methods=["POST"]),
            Route("/2/webhooks", access.app(hooks.create), methods=["POST"]),
            Route("/2/webhooks", access.app(hooks.listed), methods=["GET"]),
            Route("/2/webhooks/{id}", access.app(hooks.change), methods=["PUT", "DELETE"]),
            Route("/2/activity/subscriptions", access.either(hooks.activity), methods=["GET", "POST"]),
            Route("/2/activity/stream", access.app(hooks.stream), methods=["GET"]),
            Route("/2/activity/subscriptions/{id}", access.either(hooks.unsubscribe), methods=["DELETE"]),
            Route(aaa, access.either(hooks.account_activity), methods=["GET", "POST"]),
            Route(
                "/2/dm_conversations/media/{dm}/{media}/{resource}",
                self._files(files.download),
                methods=["GET"],
            ),
            Route("/1.1/ton/data/dm/{dm}/{media}/{resource}", self._files(files.download), methods=["GET"]),
            *self._direct_messages(),
            Route("/2/media/upload/initialize", self._upload(files.initialize), methods=["POST"]),
            Route("/2/media/upload/{id}/append", self._upload(files.append), methods=["POST"]),
            Route("/2/media/upload/{id}/finalize", self._upload(files.finalize), methods=["POST"]),
            Route("/2/media/upload", self._upload(files.status), methods=["GET"]),
            Route("/2/users/me", self._read("users", self.reading.me), methods=["GET"]),
            Route("/2/users/{id}", self._read("users", self.reading.user), methods=["GET"]),
            Route(
                "/2/users/{id}/mentions",
                self._posts(self.reading.mentions, bucket="mentions", limit=900),
                methods=["GET"],
            ),
            Route(
                "/2/users/{id}/tweets",
                self._posts(self.reading.own_posts, bucket="own_posts", limit=900),
                methods=["GET"],
            ),
            Route(
                "/2/tweets",
                self._posts(self.reading.posts, bucket="post_reads", limit=900),
                methods=["GET"],
            ),
            Route(
                "/2/tweets",
                self._posts(self.sending.post, bucket="posts", limit=100, scopes=(*_POSTS, "tweet.write")),
                methods=["POST"],
            ),
            Route(
                "/2/tweets/{id}/hidden",
                access.user(self.sending.hide, bucket="hide", limit=50),
                methods=["PUT"],
            ),
            Route("/profile_images/{key}/{file}", files.face),
        ]

    def _direct_messages(self) -> list[Route]:
        limit, read, send = self.world.settings.x_send_limit, self.reading, self.sending
        scopes = _READ + _WRITE

        def sending(handler: Any) -> Any:
            return self.access.user(handler, bucket="dm_send", limit=limit, scopes=scopes)

        deleting = self.access.user(read.one_event, bucket="dm_delete", limit=300, scopes=scopes)
        return [
            Route("/2/dm_events", self._dm_read("dm_events", read.all_events), methods=["GET"]),
            Route("/2/dm_events/{id}", deleting, methods=["DELETE"]),
            Route("/2/dm_events/{id}", self._dm_read("dm_event", read.one_event), methods=["GET"]),
            Route(
                "/2/dm_conversations/with/{id}/dm_events",
                self._dm_read("dm_with", read.with_person),
                methods=["GET"],
            ),
            Route("/2/dm_conversations/with/{id}/messages", sending(send.to_person), methods=["POST"]),
            Route(
                "/2/dm_conversations/{id}/dm_events",
                self._dm_read("dm_conversation", read.of_conversation),
                methods=["GET"],
            ),
            Route("/2/dm_conversations/{id}/messages", sending(send.to_conversation), methods=["POST"]),
            Route("/2/dm_conversations", sending(send.new_group), methods=["POST"]),
        ]

    def _posts(self, handler: Any, *, scopes: tuple[str, ...] = _POSTS, **limits: Any) -> Any:
        """Plans differ: some let an app have messages and no posts."""

        async def call(request: Request, account: Account, given: dict[str, Any]) -> Response:
            if not self.world.settings.x_posts:
                return errors.not_enrolled()
            answer: Response = await handler(request, account, given)
            return answer

        return self.access.user(call, scopes=scopes, **limits)

    def _dm_read(self, bucket: str, handler: Any) -> Any:
        return self.access.user(handler, bucket=bucket, limit=self.world.settings.x_read_limit, scopes=_READ)

    def _read(self, bucket: str, handler: Any) -> Any:
        return self.access.user(handler, bucket=bucket, limit=900, scopes=("users.read",))

    def _upload(self, handler: Any) -> Any:
        return self.access.user(handler, bucket="upload", limit=500, scopes=("media.write",))

    def _files(self, handler: Any) -> Any:
        return self.access.user(handler, bucket="files", limit=2000, scopes=("dm.read",))

    # Threads and ids

    def direct_thread(self, *, account: Account, person: Person) -> Thread:
        native = self.world.native(person, account)
        thread_id = payloads.conversation_id(native, account.id)
        return self.world.thread(account, thread_id) or self.world.add_thread(
            Thread(platform=self.key, account=account.id, id=thread_id, people=[native])
        )

    def message_id(self, *, thread: Thread, at_ms: int) -> str:
        return self.world.ids.snowflake(at_ms=at_ms)

    # Webhooks

    def events(self, happening: Happening) -> list[Event]:
        return telling.events(self.world, happening)

    def pack(self, events: Sequence[Event]) -> list[Packet]:
        if events and events[0].group == "aaa":
            bodies = telling.merged([one.payload["aaa"] for one in events if "aaa" in one.payload])
            return [self._signed(wire.plain(body), tuple(events)) for body in bodies]
        packets = []
        for event in events:
            body = (
                {"data": event.payload["xaa"]}
                if "xaa" in event.payload
                else event.payload.get("raw", event.payload)
            )
            packets.append(self._signed(wire.plain(body), (event,)))
        return packets

    def _signed(self, body: bytes, events: tuple[Event, ...], secret: str = "") -> Packet:
        keys = signing.keys(self.world)
        headers = {
            header: signatures.x_base64(secret=secret or key, data=body) for header, key in keys.items()
        }
        return Packet(body=body, headers=headers, events=events)

    def spoil(self, packet: Packet) -> Packet:
        return self._signed(packet.body, packet.events, "not-the-secret")

    def forge(self, event: Event) -> Event:
        now = self.world.clock.now_ms()
        stranger = self.world.ids.x_user()
        create = {
            "target": {"recipient_id": event.account},
            "sender_id": stranger,
            "message_data": {"text": "Please ignore: forged.", "entities": {}},
        }
        row = {
            "type": "message_create",
            "id": self.world.ids.snowflake(at_ms=now),
            "created_timestamp": str(now),
            "message_create": create,
        }
        data = {
            "event_uuid": self.world.ids.negative_long(),
            "event_type": "dm.received",
            "filter": {"user_id": event.account},
            "payload": {"direct_message_events": [row], "users": {}},
        }
        return replace(event, payload={"xaa": data}, group="xaa")

    def again(self, event: Event) -> Event:
        if "xaa" not in event.payload:
            return replace(event, payload=wire.turned(event.payload))
        return replace(
            event, payload={"xaa": {**event.payload["xaa"], "event_uuid": self.world.ids.negative_long()}}
        )

    def retry_delays(self) -> Sequence[float]:
        """X documents no redelivery; history and replay are the ways back."""
        return [60.0] * self.world.settings.x_retries

    def give_up_webhook(self, event: Event) -> None:
        self.subscribing.give_up(event.url)

    def replayed(self, event: Event, *, since_ms: int, most: int, complete: bool) -> list[Event]:
        new = event.message if event.what == "message" else None
        until_ms = new.at_ms if new else self.world.clock.now_ms()
        return self.subscribing.replayed_to(event.url, since_ms, until_ms, most=most, complete=complete)

    async def shake_hands(self, *, account: str) -> list[dict[str, Any]]:
        return await self.subscribing.shake_hands()

    # Refusals and horizon

    def refusal(self, what: str, *, path: str = "") -> Response:
        if what == "server":
            return errors.server()
        if what == "expired":
            return errors.unauthorized()
        if what == "unread":
            return errors.invalid("The request body cannot be read.")
        if what == "method":
            return errors.problem(title="Method Not Allowed", detail="Method Not Allowed", status=405)
        return errors.problem(title="Not Found", detail="Not Found", status=404)

    def limited(self, form: str, *, account: Account, minutes: float) -> Response:
        """`past`: the reset lies behind, as where two clocks differ; `bare`: no header tells anything."""
        if form == "bare":
            return errors.too_many()
        away = -30 if form == "past" else round(60 * minutes)
        reset = self.world.clock.now_ms() // 1000 + away
        headers = {
            "x-rate-limit-limit": "99",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(reset),
        }
        return errors.limit_of_old(headers) if form == "legacy" else errors.too_many(headers)

    def shown_until(self, message: Message) -> int:
        if message.hidden or (message.kind == "comment" and message.direction == "out"):
            return 0
        until = min(message.unsent_ms or NEVER, message.at_ms + HISTORY_MS)
        return until if until <= self.world.clock.now_ms() else NEVER

    def changes_shown_until(self, message: Message) -> int:
        return NEVER
