"""LinkedIn: member changelog, partner messages, comment webhooks (section 4 of the platform notes)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator import signatures, wire
from simulator.kernel import NEVER, Kernel
from simulator.models import Account, Message, Person, Thread
from simulator.platforms.base import Event, Packet
from simulator.platforms.linkedin import access, errors
from simulator.platforms.linkedin.access import Access
from simulator.platforms.linkedin.changelog import HORIZON_MS, Changelog
from simulator.platforms.linkedin.community import Community, activity_of
from simulator.platforms.linkedin.sending import Sending
from simulator.platforms.linkedin.who import Who
from simulator.world import Happening

# Every five minutes for eight hours.
_DELAYS = (300.0,) * 96


class LinkedIn:
    key = "linkedin"
    label = "LinkedIn-Webhooks/1.0"
    ack_seconds = 10.0
    batch = 10
    replays = False
    nests = False
    limit_forms: tuple[str, ...] = ("burst", "minute", "day")

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world
        self.access = Access(kernel)
        self.changelog = Changelog(kernel)
        self.community = Community(kernel)
        self.sending = Sending(kernel, self.access)
        self.world.listeners.append(self.changelog.record)

    def prefixes(self) -> tuple[str, ...]:
        return ("/rest/", "/v2/", "/oauth/v2/", "/mediaDownload/", "/mediaUpload/")

    def routes(self) -> Sequence[BaseRoute]:
        guarded, page, feed, sending = self.access.guarded, self.community, self.changelog, self.sending
        who = Who(self.world)
        file = "{asset}/messaging-attachmentFile/0"
        comments = "/rest/socialActions/{urn}/comments"
        return [
            Route("/oauth/v2/accessToken", self.access.token, methods=["POST"]),
            Route("/rest/memberAuthorizations", self._fed(feed.consent), methods=["GET", "POST"]),
            Route("/rest/memberChangeLogs", self._fed(feed.poll), methods=["GET"]),
            Route("/rest/memberSnapshotData", self._fed(feed.snapshot), methods=["GET"]),
            Route(
                "/rest/eventSubscriptions/({key})",
                guarded(page.subscription, scope=access.ADMIN, versioned=True),
                methods=["GET", "PUT", "DELETE"],
            ),
            Route(
                "/rest/organizationalEntityNotifications",
                guarded(page.notifications, scope=access.READS_COMMENTS, versioned=True),
                methods=["GET"],
            ),
            Route(
                comments,
                guarded(page.comments, scope=access.READS_COMMENTS, versioned=True),
                methods=["GET"],
            ),
            Route(
                comments,
                guarded(page.comments, scope=access.WRITES_COMMENTS, versioned=True),
                methods=["POST"],
            ),
            Route(
                f"{comments}/{{id}}",
                guarded(page.one_comment, scope=access.WRITES_COMMENTS, versioned=True),
                methods=["POST", "DELETE"],
            ),
            Route(
                "/rest/organizationAcls",
                guarded(who.roles, scope=access.ADMIN, versioned=True),
                methods=["GET"],
            ),
            Route("/rest/organizations/{id}", guarded(who.organization, versioned=True), methods=["GET"]),
            Route("/v2/me", guarded(who.me, scope=access.PROFILE), methods=["GET"]),
            Route("/v2/userinfo", guarded(who.me, scope=access.SIGN_IN), methods=["GET"]),
            Route("/v2/people/({key})", guarded(who.member), methods=["GET"]),
            Route("/v2/messages", guarded(sending.send, scope=access.SENDS), methods=["POST"]),
            Route("/v2/assets", guarded(sending.assets, scope=access.SENDS), methods=["POST"]),
            Route("/v2/assets/{asset}", guarded(sending.asset, scope=access.SENDS), methods=["GET"]),
            Route("/mediaUpload/{asset}/messaging-attachment/0", sending.upload, methods=["PUT", "POST"]),
            Route(f"/mediaDownload/{file}", sending.download, methods=["GET"]),
        ]

    def _fed(self, handler: Any) -> Any:
        return self.access.guarded(handler, scope=access.FEED, versioned=True, changelog=True)

    # Threads and ids

    def direct_thread(self, *, account: Account, person: Person) -> Thread:
        native = self.world.native(person, account)
        if found := self.world.directs.get((self.key, account.id, native)):
            return found
        thread_id = self.world.ids.linkedin_thread()
        return self.world.add_thread(
            Thread(platform=self.key, account=account.id, id=thread_id, people=[native])
        )

    def message_id(self, *, thread: Thread, at_ms: int) -> str:
        if thread.kind != "comments":
            return self.world.ids.linkedin_message(at_ms=at_ms)
        number = 7_090_000_000_000_000_000 + self.world.ids.number()
        post = thread.title or thread.id
        return f"urn:li:comment:({activity_of(post)},{number})"

    # Webhooks

    def events(self, happening: Happening) -> list[Event]:
        return self.community.events(happening)

    def pack(self, events: Sequence[Event]) -> list[Packet]:
        body = wire.plain(
            {
                "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
                "notifications": [event.payload for event in events],
            }
        )
        return [self._signed(body, tuple(events))]

    def _signed(self, body: bytes, events: tuple[Event, ...], secret: str = "") -> Packet:
        key = secret or self.world.app(self.key).webhook_secret
        return Packet(
            body=body,
            headers={"x-li-signature": signatures.linkedin_signature(secret=key, body=body)},
            events=events,
        )

    def spoil(self, packet: Packet) -> Packet:
        return self._signed(packet.body, packet.events, "not-the-secret")

    def forge(self, event: Event) -> Event:
        number = self.world.ids.number()
        made_up = f"urn:li:comment:({activity_of('7090000000000000001')},{number})"
        return replace(
            event, payload={**event.payload, "notificationId": number, "generatedActivity": made_up}
        )

    def again(self, event: Event) -> Event:
        return replace(event, payload=wire.turned(event.payload))

    def retry_delays(self) -> Sequence[float]:
        return _DELAYS

    def give_up_webhook(self, event: Event) -> None:
        """BLOCKED, until it is registered again."""
        for hook in self.world.webhooks.values():
            if hook.platform == self.key and hook.account == event.account:
                hook.valid = False
                self.world.save_webhook(hook)

    def replayed(self, event: Event, *, since_ms: int, most: int, complete: bool) -> list[Event]:
        return []

    async def shake_hands(self, *, account: str) -> list[dict[str, Any]]:
        return await self.community.shake_hands()

    # Refusals and horizon

    def refusal(self, what: str, *, path: str = "") -> Response:
        if what == "server":
            return errors.error("Internal Server Error", status=500)
        if what == "expired":
            return errors.bad_token("expired")
        if what == "unread":
            return errors.error("Unable to parse the request body", status=400)
        if what == "method":
            return errors.error("Method not allowed", status=405)
        return errors.error(
            f"No virtual resource found for path {path}", status=404, service=0, code="RESOURCE_NOT_FOUND"
        )

    def limited(self, form: str, *, account: Account, minutes: float) -> Response:
        """Who obeys a day's limit waits until midnight UTC, whether the fault is still on or not."""
        return errors.throttled(form)

    def shown_until(self, message: Message) -> int:
        """The change log tells messages of consenting members for 28 days; comments can be read for 60."""
        account, public = (
            self.world.accounts["linkedin", message.account],
            message.kind in {"comment", "mention"},
        )
        polled = account.consented_ms and any(entry["status"] == "polled" for entry in message.deliveries)
        if not (public or polled):
            return 0
        horizon = 60 * 86_400_000 if public else HORIZON_MS
        until = min(message.unsent_ms or NEVER, message.at_ms + horizon)
        return until if until <= self.world.clock.now_ms() else NEVER

    def changes_shown_until(self, message: Message) -> int:
        return NEVER
