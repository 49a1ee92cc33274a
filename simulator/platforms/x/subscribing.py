"""Webhooks with CRC, XAA and AAA subscriptions, and replay."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from simulator import signatures, wire
from simulator.clock import iso_millis
from simulator.kernel import Kernel
from simulator.models import Account, Webhook
from simulator.platforms.base import Event
from simulator.platforms.x import errors, signing, telling
from simulator.world import Happening

_DAY_MS = 86_400_000
_JOB_ENDED = {
    "Complete": "Job completed successfully",
    "Incomplete": "Job failed to deliver all events",
}


class Subscribing:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    # /2/webhooks

    async def crc(self, url: str) -> str:
        """`good`, `wrong`, or `silent` where nobody answered at all."""
        token = secrets.token_urlsafe(24)
        try:
            got = await self.kernel.deliverer.client.get(url, params={"crc_token": token}, timeout=10)
            if got.status_code >= 400:
                return "silent"
            answer = wire.loads(got.content).get("response_token")
        except (httpx.HTTPError, httpx.InvalidURL, OverflowError):
            return "silent"
        except (ValueError, AttributeError):
            return "wrong"
        right = {
            signatures.x_base64(secret=key, data=token.encode()) for key in signing.keys(self.world).values()
        }
        return "good" if answer in right else "wrong"

    def _hooks(self) -> list[Webhook]:
        return [one for one in self.world.webhooks.values() if one.platform == "x" and one.kind == "webhook"]

    async def create(self, request: Request, given: dict[str, Any]) -> Response:
        url = str(given.get("url") or "")
        if not url.startswith(("https://", "http://")) or len(url) > 200:
            return errors.invalid("UrlValidationFailed: the url is not valid.", url=url)
        if self.world.settings.strict_urls and (not url.startswith("https://") or ":" in url[8:]):
            return errors.invalid("UrlValidationFailed: https without a port is required.", url=url)
        if any(one.url == url for one in self._hooks()):
            return errors.invalid("DuplicateUrlFailed: the url is already registered.", url=url)
        if len(self._hooks()) >= self.world.settings.x_webhooks:
            return errors.invalid("WebhookLimitExceeded: too many webhooks.", url=url)
        if await self.crc(url) != "good":
            return errors.invalid(
                "CrcValidationFailed: the CRC request did not return the expected response.", url=url
            )
        now = self.world.clock.now_ms()
        hook = Webhook(platform="x", id=self.world.ids.snowflake(at_ms=now), url=url, created_ms=now)
        self.world.save_webhook(hook)
        await self.world.store.flushed()
        return wire.answer({"data": self._shown(hook)})

    def _shown(self, hook: Webhook) -> dict[str, Any]:
        return {
            "id": hook.id,
            "url": hook.url,
            "valid": hook.valid,
            "created_at": iso_millis(hook.created_ms),
        }

    async def listed(self, request: Request, given: dict[str, Any]) -> Response:
        rows = [self._shown(one) for one in self._hooks()]
        return wire.answer(
            {"data": rows, "meta": {"result_count": len(rows)}} if rows else {"meta": {"result_count": 0}}
        )

    async def change(self, request: Request, given: dict[str, Any]) -> Response:
        hook = self.world.webhooks.get(request.path_params["id"])
        if hook is None or hook.kind != "webhook" or hook.platform != "x":
            return errors.not_found("webhook", request.path_params["id"])
        if request.method == "DELETE":
            for other in list(self.world.webhooks.values()):
                if other.webhook == hook.id:
                    self.world.drop_webhook(other)
            self.world.drop_webhook(hook)
            return wire.answer({"data": {"deleted": True}})
        hook.valid = await self.crc(hook.url) == "good"
        self.world.save_webhook(hook)
        return wire.answer({"data": {"valid": hook.valid}})

    async def shake_hands(self) -> list[dict[str, Any]]:
        """A wrong answer ends a webhook at once; silence only after 28 hours, which no run here lasts."""
        results = []
        for hook in self._hooks():
            found = await self.crc(hook.url)
            hook.valid = found == "good" or (found == "silent" and hook.valid)
            self.world.save_webhook(hook)
            trouble = "" if found == "good" else f"CRC: {found}"
            results.append({"platform": "x", "url": hook.url, "ok": found == "good", "trouble": trouble})
        return results

    # /2/activity/subscriptions

    async def activity(self, request: Request, given: dict[str, Any], account: Account | None) -> Response:
        if request.method == "GET":
            rows = [self._row(one) for one in self._subscriptions()]
            return wire.answer({"data": rows, "meta": {"total_subscriptions": len(rows)}})
        kind = str(given.get("event_type") or "")
        narrowed = given.get("filter") if isinstance(given.get("filter"), dict) else {}
        if kind not in telling.XAA_TYPES:
            return errors.invalid("The event_type is not one of the known types.", event_type=kind)
        user = str((narrowed or {}).get("user_id") or (account.id if account else ""))
        owner = self.world.accounts.get(("x", user))
        if owner is None:
            return errors.invalid("The filter needs a user_id.", filter=narrowed)
        if kind.startswith("dm.") and (account is None or account.id != owner.id):
            return errors.forbidden("Private events need the authorization of their user.")
        webhook = str(given.get("webhook_id") or "")
        if webhook and webhook not in {one.id for one in self._hooks()}:
            return errors.invalid("The webhook_id is unknown.", webhook_id=webhook)
        hook = self._keep(owner, kind, webhook=webhook, tag=str(given.get("tag") or "")[:200])
        hook.direction = str((narrowed or {}).get("direction") or "")
        self.world.save_webhook(hook)
        await self.world.store.flushed()
        return wire.answer({"data": {"subscription": self._row(hook)}, "meta": {"total_subscriptions": 1}})

    def _keep(self, account: Account, kind: str, *, webhook: str, tag: str = "") -> Webhook:
        for one in self._subscriptions():
            if one.account == account.id and one.event_type == kind and one.webhook == webhook:
                one.tag = tag or one.tag
                return one
        now = self.world.clock.now_ms()
        return Webhook(
            platform="x",
            id=self.world.ids.snowflake(at_ms=now),
            url="",
            kind="subscription",
            account=account.id,
            event_type=kind,
            webhook=webhook,
            tag=tag,
            created_ms=now,
        )

    def _subscriptions(self) -> list[Webhook]:
        return [
            one for one in self.world.webhooks.values() if one.platform == "x" and one.kind == "subscription"
        ]

    def _row(self, hook: Webhook) -> dict[str, Any]:
        narrowed: dict[str, str] = {"user_id": hook.account}
        if hook.direction:
            narrowed["direction"] = hook.direction
        return {
            "subscription_id": hook.id,
            "event_type": hook.event_type,
            "filter": narrowed,
            "tag": hook.tag,
            "webhook_id": hook.webhook,
            "created_at": iso_millis(hook.created_ms),
        }

    async def unsubscribe(self, request: Request, given: dict[str, Any], account: Account | None) -> Response:
        hook = self.world.webhooks.get(request.path_params["id"])
        if hook is None or hook.kind != "subscription":
            return errors.not_found("subscription", request.path_params["id"])
        self.world.drop_webhook(hook)
        return wire.answer({"data": {"deleted": True}})

    async def stream(self, request: Request, given: dict[str, Any]) -> Response:
        """GET /2/activity/stream: events of subscriptions without a webhook, a line each, empty lines to stay awake."""
        queue: asyncio.Queue[Happening] = asyncio.Queue()
        self.world.watchers.add(queue)

        async def lines() -> AsyncIterator[bytes]:
            try:
                yield b"\r\n"
                while True:
                    try:
                        happening = await asyncio.wait_for(queue.get(), 20)
                    except TimeoutError:
                        yield b"\r\n"
                        continue
                    for body in telling.streamed(self.world, happening):
                        yield wire.plain({"data": body}) + b"\r\n"
            finally:
                self.world.watchers.discard(queue)

        return StreamingResponse(lines(), media_type="application/json")

    # /2/account_activity/webhooks/{id}/subscriptions/all

    async def account_activity(
        self, request: Request, given: dict[str, Any], account: Account | None
    ) -> Response:
        webhook = request.path_params["id"]
        if webhook not in {one.id for one in self._hooks()}:
            return errors.not_found("webhook", webhook)
        if account is None:
            return errors.forbidden()
        if request.method == "POST":
            self.world.save_webhook(self._keep(account, "*", webhook=webhook))
            await self.world.store.flushed()
        there = any(
            one.event_type == "*" and one.account == account.id and one.webhook == webhook
            for one in self._subscriptions()
        )
        return wire.answer({"data": {"subscribed": there}})

    # /2/webhooks/replay

    async def replay(self, request: Request, given: dict[str, Any]) -> Response:
        hook = self.world.webhooks.get(str(given.get("webhook_id") or ""))
        if hook is None or hook.kind != "webhook":
            return errors.invalid("The webhook_id is unknown.", webhook_id=given.get("webhook_id"))
        start, end = _minute(str(given.get("from_date", ""))), _minute(str(given.get("to_date", "")))
        now = self.world.clock.now_ms()
        if start is None or end is None or start >= end or start < now - _DAY_MS or start > now - 31 * 60_000:
            return errors.invalid(
                "from_date must lie 31 minutes to 24 hours back.", from_date=given.get("from_date")
            )
        if end > now - 10 * 60_000:
            return errors.invalid("to_date must lie at least 10 minutes back.", to_date=given.get("to_date"))
        job = self.world.ids.snowflake(at_ms=now)
        self._replay(hook, start, end, job)
        return wire.answer({"data": {"job_id": job, "created_at": iso_millis(now)}})

    def _replay(self, hook: Webhook, start: int, end: int, job: str) -> None:
        for event in self.replayed(hook, start, end, job=job):
            self.kernel.deliverer.announce(event)

    def replayed(
        self, hook: Webhook, start: int, end: int, *, job: str, most: int = 10_000, state: str = "Complete"
    ) -> list[Event]:
        """What the webhook was to be told between two moments, oldest first, and the job's end."""
        found: list[Event] = []
        past = [
            one for one in self.world.messages.values() if one.platform == "x" and start <= one.at_ms < end
        ]
        for message in sorted(past, key=lambda one: one.order)[-most:]:
            account = self.world.accounts["x", message.account]
            happening = Happening(
                kind="message",
                account=account,
                at_ms=message.at_ms,
                thread=self.world.thread(account, message.thread),
                message=message,
                actor=message.sender,
                client=message.client,
            )
            found += [each for each in telling.events(self.world, happening) if each.url == hook.url]
        status = {
            "webhook_id": hook.id,
            "job_state": state,
            "job_state_description": _JOB_ENDED[state],
            "job_id": job,
        }
        payload = {"raw": {"replay_job_status": status}}
        found.append(Event(platform="x", account="", url=hook.url, payload=payload, group="raw"))
        return found

    def give_up(self, url: str) -> None:
        """Valid no more, until it is proved with a PUT."""
        for hook in self._hooks():
            if hook.url == url:
                hook.valid = False
                self.world.save_webhook(hook)

    def replayed_to(
        self, url: str, since_ms: int, until_ms: int, *, most: int, complete: bool
    ) -> list[Event]:
        hook = next((one for one in self._hooks() if one.url == url), None)
        if hook is None:
            return []
        job = self.world.ids.snowflake(at_ms=self.world.clock.now_ms())
        state = "Complete" if complete else "Incomplete"
        return self.replayed(hook, since_ms, until_ms, job=job, most=most, state=state)


def _minute(text: str) -> int | None:
    try:
        return int(datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None
