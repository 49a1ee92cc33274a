"""Instagram with Instagram Login (section 1 of the platform notes)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator import deliveries, media, pictures, signatures, wire
from simulator.kernel import NEVER, Kernel
from simulator.models import Account, Message, Person, Thread
from simulator.platforms.base import Event, Packet
from simulator.platforms.instagram import errors, payloads
from simulator.platforms.instagram.access import COMMENTS, MESSAGES, Access
from simulator.platforms.instagram.comments import Comments
from simulator.platforms.instagram.nodes import Nodes
from simulator.platforms.instagram.reading import Reading
from simulator.platforms.instagram.sending import Sending
from simulator.platforms.instagram.subscribing import Subscribing
from simulator.world import Happening

# What stays with a message and is told in its row of the ledger.
_LASTING = ("message", "edit", "unsend", "react", "unreact")
# At once, then ever more seldom, for 36 hours.
_DELAYS = (0.0, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, *([21_600] * 5))


class Instagram:
    key = "instagram"
    label = "Webhooks/1.0 (https://fb.me/webhooks)"
    ack_seconds = 20.0
    batch = 1000
    replays = False
    nests = False
    limit_forms: tuple[str, ...] = ("app", "account", "calls")

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world
        self.access = Access(kernel)
        self.subscribing = Subscribing(kernel)
        self.reading = Reading(kernel)
        self.sending = Sending(kernel)
        self.nodes = Nodes(kernel, self.reading)
        self.comments = Comments(kernel)

    def prefixes(self) -> tuple[str, ...]:
        return ()

    def routes(self) -> Sequence[BaseRoute]:
        guarded = self.access.guarded
        return [
            Route("/oauth/access_token", self.access.code_for_token, methods=["POST"]),
            Route("/access_token", self.access.exchange, methods=["GET"]),
            Route("/refresh_access_token", self.access.refresh, methods=["GET"]),
            Route("/debug_token", self.access.debug, methods=["GET"]),
            Route("/ig_messaging_cdn/", self.file),
            Route("/profile_pic/{name}", self.picture),
            Route(
                "/{node}/subscriptions", self.subscribing.app_subscriptions, methods=["GET", "POST", "DELETE"]
            ),
            Route(
                "/{node}/subscribed_apps",
                guarded(self._own(self.subscribing.installs)),
                methods=["GET", "POST", "DELETE"],
            ),
            Route(
                "/{node}/conversations",
                guarded(self._own(self.reading.conversations), scope=MESSAGES),
                methods=["GET"],
            ),
            Route(
                "/{node}/messages", guarded(self._own(self.sending.send), scope=MESSAGES), methods=["POST"]
            ),
            Route("/{node}/messages", guarded(self.reading.messages, scope=MESSAGES), methods=["GET"]),
            Route(
                "/{node}/message_attachments",
                guarded(self._own(self.sending.upload), scope=MESSAGES),
                methods=["POST"],
            ),
            Route("/{node}/media", guarded(self._own(self.comments.media)), methods=["GET"]),
            Route("/{node}/comments", guarded(self.comments.of_media, scope=COMMENTS), methods=["GET"]),
            Route("/{node}/replies", guarded(self.comments.replies, scope=COMMENTS), methods=["GET", "POST"]),
            Route(
                "/{node}/mentions",
                guarded(self._own(self.comments.mention), scope=COMMENTS),
                methods=["POST"],
            ),
            Route("/{node}", guarded(self.comments.change, scope=COMMENTS), methods=["POST", "DELETE"]),
            Route("/{node}", guarded(self.nodes.node), methods=["GET"]),
        ]

    def _own(self, handler: Any) -> Any:
        """Only one's own account, by its id or `me`, may be the node."""

        async def call(request: Request, account: Account, given: dict[str, Any]) -> Response:
            node = request.path_params["node"]
            if node not in {"me", account.id}:
                return errors.unknown_object(node)
            answer: Response = await handler(request, account, given)
            return answer

        return call

    # Media host

    async def file(self, request: Request) -> Response:
        query = request.query_params
        held = self.world.media.get(query.get("asset_id", ""))
        if held is None or not media.signed_well(
            self.world, held.id, query.get("oe", ""), query.get("signature", "")
        ):
            return Response("URL signature expired", status_code=403, media_type="text/plain")
        return Response(media.read(self.world, held), media_type=held.mime)

    async def picture(self, request: Request) -> Response:
        until = request.query_params.get("oe", "")
        if until.isdecimal() and int(until) < self.world.clock.now_ms():
            return Response("URL signature expired", status_code=403, media_type="text/plain")
        return Response(pictures.avatar(request.path_params["name"]), media_type="image/png")

    # Threads and ids

    def direct_thread(self, *, account: Account, person: Person) -> Thread:
        native = self.world.native(person, account)
        thread_id = self.world.ids.instagram_conversation(account=account.id, person=native)
        return self.world.thread(account, thread_id) or self.world.add_thread(
            Thread(platform=self.key, account=account.id, id=thread_id, people=[native])
        )

    def message_id(self, *, thread: Thread, at_ms: int) -> str:
        if thread.kind == "comments":
            return "1787" + self.world.ids.digits(9) + f"{self.world.ids.number() % 10_000:04d}"
        return self.world.ids.instagram_mid(thread=thread.id, at_ms=at_ms)

    # Webhooks

    def events(self, happening: Happening) -> list[Event]:
        account, field = happening.account, payloads.field_of(happening)
        addresses = self.kernel.addresses(account)
        if not addresses or account.revoked:
            return []
        element = payloads.element(self.world, happening)
        if element is None:
            return []
        event = Event(
            platform=self.key,
            account=account.id,
            url=addresses[0],
            payload=element,
            message=happening.message if happening.kind in _LASTING else None,
            what=happening.kind,
            fault=str(happening.message.extra.get("fault", "")) if happening.message else "",
        )
        if field not in self.world.app(self.key).fields:
            deliveries.note_told(event)  # whoever had wanted it would have been told
            return []
        return [event]

    def pack(self, events: Sequence[Event]) -> list[Packet]:
        by_account: dict[str, list[Event]] = {}
        for event in events:
            by_account.setdefault(event.account, []).append(event)
        entries = [
            entry
            for account, rows in by_account.items()
            for entry in payloads.envelope(
                account=account, now_ms=self.world.clock.now_ms(), elements=[one.payload for one in rows]
            )
        ]
        body = wire.escaped({"object": "instagram", "entry": entries})
        return [self._signed(body, tuple(events), self.world.app(self.key).webhook_secret)]

    def _signed(self, body: bytes, events: tuple[Event, ...], secret: str) -> Packet:
        headers = {
            "x-hub-signature-256": signatures.meta_sha256(secret=secret, body=body),
            "x-hub-signature": signatures.meta_sha1(secret=secret, body=body),
        }
        return Packet(body=body, headers=headers, events=events)

    def spoil(self, packet: Packet) -> Packet:
        return self._signed(packet.body, packet.events, "not-the-secret")

    def forge(self, event: Event) -> Event:
        now = self.world.clock.now_ms()
        head = {
            "sender": {"id": self.world.ids.igsid()},
            "recipient": {"id": event.account},
            "timestamp": now,
        }
        mid = self.world.ids.instagram_mid(thread="forged", at_ms=now)
        return replace(
            event, payload={"messaging": {**head, "message": {"mid": mid, "text": "Please ignore: forged."}}}
        )

    def again(self, event: Event) -> Event:
        return event  # the same element; the envelope around it differs

    def retry_delays(self) -> Sequence[float]:
        return _DELAYS

    def give_up_webhook(self, event: Event) -> None:
        """Meta takes the app's subscription to the account away."""
        account = self.world.accounts[self.key, event.account]
        account.installed = False
        self.world.save_account(account)

    def replayed(self, event: Event, *, since_ms: int, most: int, complete: bool) -> list[Event]:
        return []

    async def shake_hands(self, *, account: str) -> list[dict[str, Any]]:
        app = self.world.app(self.key)
        if not app.callback_url:
            return []
        trouble = await self.subscribing.handshake(url=app.callback_url, verify_token=app.callback_token)
        return [{"platform": self.key, "url": app.callback_url, "ok": not trouble, "trouble": trouble}]

    # Refusals and horizon

    def refusal(self, what: str, *, path: str = "") -> Response:
        if what == "server":
            return errors.error("An unknown error occurred", code=2, status=500, transient=True)
        if what == "expired":
            return errors.bad_token("expired")
        if what == "unread":
            return errors.error("(#100) The request body cannot be read", code=100)
        return errors.unknown_path(path)

    def limited(self, form: str, *, account: Account, minutes: float) -> Response:
        if form == "account":
            return errors.account_throttled(account.id, minutes=round(minutes))
        return errors.too_many_calls() if form == "calls" else errors.throttled()

    def shown_until(self, message: Message) -> int:
        if message.kind not in {"comment", "mention"}:
            return self.reading.shown_until(message)
        account = self.world.accounts[self.key, message.account]
        listed = any(post["id"] == message.extra.get("post") for post in account.posts)
        # The words of a mention can be asked for by whoever knows its id, which only a delivery tells.
        could_be_read = (listed and message.kind == "comment") or message.shown_ms
        return (message.unsent_ms or NEVER) if could_be_read else 0

    def changes_shown_until(self, message: Message) -> int:
        return NEVER if message.kind in {"comment", "mention"} else self.reading.changes_shown_until(message)
