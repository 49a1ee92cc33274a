"""OAuth 2.0 with PKCE, rotating refresh tokens, and who is calling."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.kernel import Kernel
from simulator.limits import Count
from simulator.models import Account, Token
from simulator.platforms.x import errors

ACCESS_MS = 2 * tokens.HOUR_MS
REFRESH_MS = 180 * tokens.DAY_MS
WINDOW_MS = 15 * 60_000

Handler = Callable[[Request, Account, dict[str, Any]], Awaitable[Response]]


async def body_of(request: Request) -> dict[str, Any] | None:
    """The JSON object of a call; None where the body is no JSON object."""
    raw = await request.body()
    if not raw or "multipart" in request.headers.get("content-type", ""):
        return {}
    try:
        found = wire.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def limit_headers(count: Count) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(count.limit),
        "x-rate-limit-remaining": str(count.remaining),
        "x-rate-limit-reset": str(count.resets_ms // 1000),
    }


class Access:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def _token(self, request: Request) -> Token | None:
        header = request.headers.get("authorization", "")
        token = self.world.tokens.get(header[7:].strip()) if header.lower().startswith("bearer ") else None
        return token if token and token.platform == "x" and token.kind == "access" else None

    def user(self, handler: Handler, *, bucket: str, limit: int, scopes: tuple[str, ...] = ()) -> Any:
        """Wraps a call in user context: token, scopes, faults, and a 15-minute bucket shown in headers."""

        async def call(request: Request) -> Response:
            token = self._token(request)
            if token is None or tokens.state_of(self.world, token) != "live":
                return errors.unauthorized()
            account = self.world.accounts["x", token.account]
            if refusal := await self.kernel.gate(account=account, request=request):
                return refusal
            if not set(scopes) <= set(token.scope.split()):
                return errors.forbidden()
            count = self.kernel.limits.hit(f"x|{account.id}|{bucket}", limit=limit, window_ms=WINDOW_MS)
            if count.over:
                return errors.too_many(limit_headers(count))
            given = await body_of(request)
            if given is None:
                return errors.invalid("The request body is not a JSON object.")
            try:
                response = await handler(request, account, given)
            except wire.Malformed as error:
                response = errors.invalid(str(error), **{error.member: error.value})
            for name, value in limit_headers(count).items():
                response.headers.setdefault(name, value)
            return response

        return call

    def app(self, handler: Callable[[Request, dict[str, Any]], Awaitable[Response]]) -> Any:
        """Wraps a call with the app-only bearer."""

        async def call(request: Request) -> Response:
            bearer = request.headers.get("authorization", "")[7:].strip()
            if bearer != self.world.app("x").app_bearer:
                known = self.world.tokens.get(bearer)
                return errors.forbidden() if known and known.platform == "x" else errors.unauthorized()
            given = await body_of(request)
            if given is None:
                return errors.invalid("The request body is not a JSON object.")
            return await handler(request, given)

        return call

    def either(
        self, handler: Callable[[Request, dict[str, Any], Account | None], Awaitable[Response]]
    ) -> Any:
        """App bearer or user token: the account is None for the app."""

        async def call(request: Request) -> Response:
            bearer = request.headers.get("authorization", "")[7:].strip()
            token = self._token(request)
            account = None
            if token is not None and tokens.state_of(self.world, token) == "live":
                account = self.world.accounts["x", token.account]
                request.state.account = account.id
            elif bearer != self.world.app("x").app_bearer:
                return errors.unauthorized()
            given = await body_of(request)
            return (
                errors.invalid("The request body is not a JSON object.")
                if given is None
                else await handler(request, given, account)
            )

        return call

    # OAuth

    def _client_known(self, request: Request, form: dict[str, str]) -> bool:
        app = self.world.app("x")
        header = request.headers.get("authorization", "")
        if header.lower().startswith("basic "):
            try:
                given = base64.b64decode(header[6:]).decode()
            except (binascii.Error, ValueError):
                return False
            return given == f"{app.client_id}:{app.client_secret}"
        return form.get("client_id") == app.client_id

    async def token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        if not self._client_known(request, form):
            body = {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
            return wire.answer(body, status=401)
        if form.get("grant_type") == "authorization_code":
            return await self._redeem(form)
        if form.get("grant_type") == "refresh_token":
            return await self._refresh(form)
        return errors.oauth("unsupported_grant_type", "The grant type is not supported.")

    async def _redeem(self, form: dict[str, str]) -> Response:
        held = tokens.redeem(
            self.world,
            platform="x",
            code=form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
        )
        if held is None:
            return errors.oauth("invalid_request", "Value passed for the authorization code was invalid.")
        return await self._issue(held["account"], scope=held["scope"], family="")

    async def _refresh(self, form: dict[str, str]) -> Response:
        token = self.world.tokens.get(form.get("refresh_token", ""))
        usable = token is not None and token.platform == "x" and token.kind == "refresh"
        if token is None or not usable or tokens.state_of(self.world, token) != "live":
            # Also the second user of a token that was already rotated: that account is lost to it.
            return errors.oauth("invalid_grant", "Value passed for the token was invalid.")
        token.revoked = "rotated"
        self.world.save_token(token)
        answer = await self._issue(token.account, scope=token.scope, family=token.family)
        await self.kernel.hold_up_refresh(platform="x", account=token.account)
        return answer

    async def _issue(self, account_id: str, *, scope: str, family: str) -> Response:
        access = tokens.issue(
            self.world,
            account_id=account_id,
            platform="x",
            kind="access",
            lifetime_ms=ACCESS_MS,
            prefix="Q0Mz",
            scope=scope,
            family=family,
        )
        body = {
            "token_type": "bearer",
            "expires_in": ACCESS_MS // 1000,
            "access_token": access.value,
            "scope": scope,
        }
        if "offline.access" in scope.split():
            refresh = tokens.issue(
                self.world,
                account_id=account_id,
                platform="x",
                kind="refresh",
                lifetime_ms=REFRESH_MS,
                prefix="bWRW",
                scope=scope,
                family=access.family,
            )
            body["refresh_token"] = refresh.value
        await self.world.store.flushed()
        return wire.answer(body)

    async def revoke(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        if not self._client_known(request, form):
            return errors.unauthorized()
        token = self.world.tokens.get(form.get("token", ""))
        if token is not None and token.platform == "x":
            token.revoked = "revoked"
            self.world.save_token(token)
        return wire.answer({"revoked": True})
