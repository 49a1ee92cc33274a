"""The parts of the simulator that platforms and the control API share, and the gate every API call passes."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens
from simulator.delivering import Deliverer
from simulator.faults import Faults, Hit
from simulator.limits import Limits
from simulator.messaging import Messaging
from simulator.models import Account, Message, Thread, Webhook
from simulator.platforms.base import Platform
from simulator.world import Happening, World

# Longer than any client waits; a stop of the simulator ends it at once.
_NEVER_SECONDS = 900
_OF_GATEWAYS = (
    (500, "Internal Server Error"),
    (502, "Bad Gateway"),
    (504, "Gateway Timeout"),
    (520, "Web server is returning an unknown error"),
    (524, "A timeout occurred"),
)
NEVER = 2**53  # milliseconds


@dataclass(slots=True, kw_only=True)
class Kernel:
    world: World
    faults: Faults
    messaging: Messaging
    deliverer: Deliverer
    limits: Limits
    platforms: dict[str, Platform]

    def connected(self, account: Account) -> bool:
        """Has somebody subscribed to this account?"""
        return bool(self.addresses(account) or self._subscriptions(account))

    def addresses(self, account: Account) -> list[str]:
        """Where it is delivered. Instagram's app has one address for all accounts that it is installed on."""
        if account.platform == "instagram":
            held = self.world.app("instagram").callback_url if account.installed else ""
            return [held] if held else []
        hooks = self.world.webhooks
        found = [
            one.url or hooks[one.webhook].url
            for one in self._subscriptions(account)
            if one.url or one.webhook in hooks
        ]
        return list(dict.fromkeys(found))

    def _subscriptions(self, account: Account) -> list[Webhook]:
        return [
            hook
            for hook in self.world.webhooks.values()
            if hook.platform == account.platform
            and hook.account == account.id
            and hook.kind == "subscription"
        ]

    def known_from_ms(self, account: Account, *, kind: str) -> int:
        """From when on an honest receiver can know of such a message: LinkedIn's log of messages begins with the member's consent."""
        if account.platform != "linkedin" or kind in {"comment", "mention"}:
            return 0
        return account.consented_ms or NEVER

    def stands_below(self, parent: Message) -> str:
        """The comment below which an answer to this one stands: with two levels, the one on the first."""
        return parent.id if self.platforms[parent.platform].nests else parent.reply_to or parent.id

    async def gate(self, *, account: Account, request: Request) -> Response | None:
        """Draws the faults of API calls: a refusal, or None when the call may go on."""
        request.state.account = account.id
        platform = self.platforms[account.platform]
        scope = {"platform": account.platform, "account": account.id}
        if hit := self.faults.draw("slow", **scope):
            await asyncio.sleep(hit.number("ms", 3000) / 1000)
        if self._is_ripe(account) and self.faults.draw("token.race", **scope):
            tokens.expire(self.world, account=account)
            return platform.refusal("expired", path=request.url.path)
        if hit := self._trouble(account, when="before"):
            return _server_trouble(platform, hit.random.random(), path=request.url.path)
        if hit := self.faults.draw("rate.limit", **scope):
            form = hit.rule.params.get("form")
            if form == "any":
                form = hit.random.choice(platform.limit_forms)
            elif form not in platform.limit_forms:
                form = platform.limit_forms[0]
            return platform.limited(form, account=account, minutes=hit.number("minutes", 1))
        return None

    def _trouble(self, account: Account, *, when: str) -> Hit | None:
        """error.5xx, which strikes on both sides of what a call does unless one is named."""
        rule = self.faults.rule("error.5xx", platform=account.platform, account=account.id)
        if rule is None or rule.params.get("when", when) != when:
            return None
        return self.faults.draw("error.5xx", platform=account.platform, account=account.id)

    def _is_ripe(self, account: Account) -> bool:
        """token.race ends no token that was issued a moment ago: two in a row mean that the grant is gone."""
        rule = self.faults.rule("token.race", platform=account.platform, account=account.id)
        if rule is None:
            return False
        newest = max(
            (
                one.issued_ms
                for one in self.world.tokens.values()
                if one.platform == account.platform and one.account == account.id and one.kind != "refresh"
            ),
            default=0,
        )
        return self.world.clock.now_ms() - newest >= rule.number("after_ms", 10_000)

    async def hold_up_refresh(self, *, platform: str, account: str) -> None:
        """token.race: the refresh is done, and who asked for it does not know yet."""
        if rule := self.faults.rule("token.race", platform=platform, account=account):
            await asyncio.sleep(rule.number("ms", 1500) / 1000)

    def expire_midsend(self, *, account: Account) -> Response | None:
        """token.expire_midsend: the token was good when the call began and is not any more."""
        if self.faults.draw("token.expire_midsend", platform=account.platform, account=account.id):
            tokens.expire(self.world, account=account)
            return self.platforms[account.platform].refusal("expired")
        return None

    async def accepted(
        self, *, account: Account, thread: Thread, message: Message, response: Response
    ) -> Response:
        """Tells the echo of an accepted send, then answers; or never answers, under send.timeout; or as if nothing had been done."""
        happening = Happening(
            kind="message",
            account=account,
            at_ms=message.at_ms,
            thread=thread,
            message=message,
            actor=message.sender,
            client="api",
        )
        self.world.tell(happening)
        early = self.deliverer.echo(happening)
        await self.world.store.flushed()
        if early:
            await asyncio.wait(early, timeout=5)
        if self.faults.draw("send.timeout", platform=account.platform, account=account.id):
            message.extra["fault"] = "send.timeout"
            self.world.save_message(message)
            await asyncio.sleep(_NEVER_SECONDS)
        if hit := self._trouble(account, when="after"):
            message.extra["fault"] = "error.5xx"
            self.world.save_message(message)
            return _gateway_trouble(hit.random.random())
        return response


def _server_trouble(platform: Platform, draw: float, *, path: str) -> Response:
    if draw < 0.25:
        return _page(502, "Bad Gateway")
    if draw < 0.4:
        return Response(b"", status_code=503)
    return platform.refusal("server", path=path)


def _gateway_trouble(draw: float) -> Response:
    """What stands in between has lost the answer, and says so in its own way."""
    if draw < 0.2:
        return Response(b"", status_code=503)
    status, title = _OF_GATEWAYS[int((draw - 0.2) / 0.8 * len(_OF_GATEWAYS))]
    return _page(status, title)


def _page(status: int, title: str) -> Response:
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Response(page, status_code=status, media_type="text/html")
