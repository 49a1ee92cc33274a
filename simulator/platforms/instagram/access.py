"""Instagram Login: consent, tokens, and who is calling."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.kernel import Kernel
from simulator.models import Account, Token
from simulator.platforms.instagram import errors

BASIC = "instagram_business_basic"  # of every call
MESSAGES = "instagram_business_manage_messages"
COMMENTS = "instagram_business_manage_comments"
SCOPE = f"{BASIC},{MESSAGES},{COMMENTS}"
LONG_MS = 60 * tokens.DAY_MS
# A generous hourly budget: the usage header is to be read, not to stop the demo.
_HOURLY_CALLS = 20_000

Handler = Callable[[Request, Account, dict[str, Any]], Awaitable[Response]]


async def parameters(request: Request) -> dict[str, Any]:
    """Query, form and JSON body as one; form values may be JSON text."""
    found: dict[str, Any] = dict(request.query_params)
    raw = await request.body()
    if not raw:
        return found
    if "json" in request.headers.get("content-type", ""):
        try:
            body = wire.loads(raw)
        except ValueError:
            return {**found, "_bad_json": True}
        return {**found, **body} if isinstance(body, dict) else {**found, "_bad_json": True}
    form = await request.form()
    for key, value in form.items():
        if isinstance(value, str):
            found[key] = _unpacked(value)
    return found


def _unpacked(value: str) -> Any:
    if value[:1] in "{[":
        try:
            return wire.loads(value)
        except ValueError:
            return value
    return value


def bearer(request: Request, given: dict[str, Any]) -> str:
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    return str(given.get("access_token", ""))


def scoped_id(account: Account) -> str:
    """The account as this app alone knows it: told with the token and as `id` of `/me`, never by a delivery."""
    return str(24_000_000_000_000_000 + int(account.id) % 1_000_000_000_000_000)


def lacks(request: Request, scope: str) -> bool:
    """Whether the grant of a call that `guarded` has let in is not for this."""
    return scope not in request.state.scopes


class Access:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def guarded(self, handler: Handler, *, scope: str = BASIC) -> Callable[[Request], Awaitable[Response]]:
        """Wraps a Graph call: token, faults, scope, usage headers. Which more a node asks depends on what it is: `lacks`."""

        async def call(request: Request) -> Response:
            given = await parameters(request)
            world = self.kernel.world
            token = world.tokens.get(bearer(request, given))
            if token is not None and token.platform != "instagram":
                token = None
            state = tokens.state_of(world, token)
            if token is None or state != "live":
                return errors.bad_token(state)
            account = world.accounts["instagram", token.account]
            if refusal := await self.kernel.gate(account=account, request=request):
                return refusal
            request.state.scopes = frozenset(token.scope.replace(",", " ").split())
            if lacks(request, BASIC) or lacks(request, scope):
                return errors.not_permitted()
            if given.get("_bad_json"):
                return errors.error("(#100) The request body is not valid JSON", code=100)
            count = self.kernel.limits.hit(
                f"instagram|{account.id}|calls", limit=_HOURLY_CALLS, window_ms=tokens.HOUR_MS
            )
            if count.over:
                return errors.throttled()
            try:
                response = await handler(request, account, given)
            except wire.Malformed as error:
                response = errors.error(f"(#100) Param {error}", code=100)
            _add_usage(response, account=account, percent=100 * count.used // _HOURLY_CALLS)
            return response

        return call

    # OAuth

    async def code_for_token(self, request: Request) -> Response:
        given = await parameters(request)
        app = self.kernel.world.app("instagram")
        if given.get("client_id") != app.client_id or given.get("client_secret") != app.client_secret:
            return _oauth_error("Invalid client_id or client_secret")
        code = str(given.get("code", "")).removesuffix("#_")
        held = tokens.redeem(
            self.kernel.world,
            platform="instagram",
            code=code,
            redirect_uri=str(given.get("redirect_uri", "")),
        )
        if held is None or given.get("grant_type") != "authorization_code":
            return _oauth_error("This authorization code has been used or is not valid for this redirect_uri")
        token = self._issue(
            held["account"], kind="short", lifetime_ms=tokens.HOUR_MS, scope=held["scope"] or SCOPE
        )
        account = self.kernel.world.accounts["instagram", held["account"]]
        row = {"access_token": token.value, "user_id": scoped_id(account), "permissions": token.scope}
        await self.kernel.world.store.flushed()
        return wire.answer({"data": [row]})

    async def exchange(self, request: Request) -> Response:
        given = await parameters(request)
        world = self.kernel.world
        if given.get("client_secret") != world.app("instagram").client_secret:
            return errors.error("Error validating client secret.", code=1)
        token = world.tokens.get(bearer(request, given))
        state = tokens.state_of(world, token)
        if token is None or state != "live" or token.platform != "instagram":
            return errors.bad_token(state)
        if given.get("grant_type") != "ig_exchange_token" or token.kind != "short":
            return errors.error("Unsupported grant type or token kind", code=100)
        return await self._long(token)

    async def refresh(self, request: Request) -> Response:
        given = await parameters(request)
        world = self.kernel.world
        token = world.tokens.get(bearer(request, given))
        state = tokens.state_of(world, token)
        if token is None or state != "live" or token.platform != "instagram":
            return errors.bad_token(state)
        if given.get("grant_type") != "ig_refresh_token" or token.kind != "long":
            return errors.error("Unsupported grant type or token kind", code=100)
        if world.clock.now_ms() - token.issued_ms < tokens.DAY_MS:
            return errors.error(
                "(#100) The access token is less than 24 hours old and cannot be refreshed", code=100
            )
        return await self._long(token)

    async def _long(self, former: Token) -> Response:
        token = self._issue(former.account, kind="long", lifetime_ms=LONG_MS, scope=former.scope)
        await self.kernel.world.store.flushed()
        return wire.answer(
            {"access_token": token.value, "token_type": "bearer", "expires_in": LONG_MS // 1000}
        )

    def _issue(self, account_id: str, *, kind: str, lifetime_ms: int, scope: str) -> Token:
        return tokens.issue(
            self.kernel.world,
            account_id=account_id,
            platform="instagram",
            kind=kind,
            lifetime_ms=lifetime_ms,
            prefix="IGAA",
            scope=scope,
        )

    async def debug(self, request: Request) -> Response:
        world = self.kernel.world
        token = world.tokens.get(request.query_params.get("input_token", ""))
        valid = tokens.state_of(world, token) == "live"
        data: dict[str, Any] = {"app_id": world.app("instagram").client_id, "is_valid": valid}
        if token is not None:
            data |= {
                "user_id": token.account,
                "expires_at": token.expires_ms // 1000,
                "scopes": token.scope.split(","),
            }
        return wire.answer({"data": data})


def _add_usage(response: Response, *, account: Account, percent: int) -> None:
    app = {"call_count": percent, "total_time": percent // 2, "total_cputime": percent // 3}
    use = {"type": "instagram", **app, "estimated_time_to_regain_access": 0}
    response.headers["x-app-usage"] = wire.escaped(app).decode()
    response.headers["x-business-use-case-usage"] = wire.escaped({account.id: [use]}).decode()


def _oauth_error(text: str) -> Response:
    return wire.answer({"error_type": "OAuthException", "code": 400, "error_message": text}, status=400)
