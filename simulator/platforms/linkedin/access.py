"""LinkedIn's OAuth, versions, daily limits, and who is calling."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator import tokens, wire
from simulator.kernel import Kernel
from simulator.models import Account, Token
from simulator.platforms.linkedin import errors

ACCESS_MS = 60 * tokens.DAY_MS
REFRESH_MS = 365 * tokens.DAY_MS
OLDEST_VERSION = "202507"
CHANGELOG_VERSION = "202312"
# What each part of the surface asks of a grant.
FEED = "r_dma_portability_3rd_party"
SENDS = "w_member_messages"
ADMIN = "rw_organization_admin"
READS_COMMENTS = "r_organization_social_feed"
WRITES_COMMENTS = "w_organization_social_feed"
SIGN_IN = "openid"
# One of them is enough.
PROFILE = "profile r_basicprofile"

Handler = Callable[[Request, Account, dict[str, Any]], Awaitable[Response]]


class Access:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.world = kernel.world

    def guarded(
        self, handler: Handler, *, scope: str = "", versioned: bool = False, changelog: bool = False
    ) -> Any:
        """Wraps a call: token, version, faults, scope, and the daily quota. `scope`: one of several, "" where any grant will do."""

        async def call(request: Request) -> Response:
            account = self.account(request)
            if isinstance(account, Response):
                return account
            if versioned and (refusal := _version_trouble(request, changelog=changelog)):
                return refusal
            if refusal := await self.kernel.gate(account=account, request=request):
                return refusal
            if scope and request.state.scopes.isdisjoint(scope.split()):
                return errors.forbidden(
                    f"Not enough permissions to access: {request.method} {request.url.path}"
                )
            limit = self.world.settings.linkedin_daily_limit
            if self.kernel.limits.hit(
                f"linkedin|{account.id}|day", limit=limit, window_ms=tokens.DAY_MS
            ).over:
                return errors.throttled()
            raw = await request.body()
            given: Any = {}
            if raw and "json" in request.headers.get("content-type", "json"):
                try:
                    given = wire.loads(raw)
                except ValueError:
                    return errors.error("Unable to parse the request body as JSON", status=400)
            try:
                return await handler(request, account, given if isinstance(given, dict) else {})
            except wire.Malformed as error:
                return errors.error(f"Field {error}", status=400)

        return call

    def account(self, request: Request) -> Account | Response:
        header = request.headers.get("authorization", "")
        if not header.lower().startswith("bearer ") or not header[7:].strip():
            return errors.bad_token("missing")
        token = self.world.tokens.get(header[7:].strip())
        usable = token is not None and token.platform == "linkedin" and token.kind == "access"
        state = tokens.state_of(self.world, token) if usable else "unknown"
        if token is None or state != "live":
            return errors.bad_token(state)
        account = self.world.accounts["linkedin", token.account]
        request.state.account = account.id
        request.state.scopes = frozenset(token.scope.replace(",", " ").split())
        return account

    # POST /oauth/v2/accessToken

    async def token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        app = self.world.app("linkedin")
        if form.get("client_id") != app.client_id or form.get("client_secret") != app.client_secret:
            return errors.oauth("invalid_client", "Client authentication failed")
        if form.get("grant_type") == "authorization_code":
            return await self._redeem(form)
        if form.get("grant_type") == "refresh_token":
            return await self._refresh(form)
        return errors.oauth("unsupported_grant_type", "The grant type is not supported")

    async def _redeem(self, form: dict[str, str]) -> Response:
        held = tokens.redeem(
            self.world,
            platform="linkedin",
            code=form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
        )
        if held is None:
            return errors.oauth(
                "invalid_request", "Unable to retrieve access token: authorization code not found"
            )
        self._end_other_scopes(held["account"], held["scope"])
        refresh = self._issue(
            held["account"], kind="refresh", lifetime_ms=REFRESH_MS, scope=held["scope"], prefix="AQT"
        )
        return await self._answer(refresh)

    def _end_other_scopes(self, account: str, scope: str) -> None:
        """Another set of scopes ends every earlier token of the member."""
        wanted = set(scope.replace(",", " ").split())
        for token in self.world.tokens.values():
            if (
                token.platform == "linkedin"
                and token.account == account
                and set(token.scope.replace(",", " ").split()) != wanted
            ):
                token.revoked = "scope"
                self.world.save_token(token)

    async def _refresh(self, form: dict[str, str]) -> Response:
        token = self.world.tokens.get(form.get("refresh_token", ""))
        usable = token is not None and token.platform == "linkedin" and token.kind == "refresh"
        if token is None or not usable or tokens.state_of(self.world, token) != "live":
            return errors.oauth("invalid_grant", "The provided refresh token is invalid, expired or revoked")
        answer = await self._answer(token)
        await self.kernel.hold_up_refresh(platform="linkedin", account=token.account)
        return answer

    async def _answer(self, refresh: Token) -> Response:
        """The refresh token keeps its end; near it the access token lives shorter too."""
        left = refresh.expires_ms - self.world.clock.now_ms()
        access = self._issue(
            refresh.account,
            kind="access",
            lifetime_ms=min(ACCESS_MS, left),
            scope=refresh.scope,
            prefix="AQX",
        )
        await self.world.store.flushed()
        renewal = {"refresh_token": refresh.value, "refresh_token_expires_in": left // 1000}
        return wire.answer(
            {
                "access_token": access.value,
                "expires_in": min(ACCESS_MS, left) // 1000,
                **(renewal if self.world.settings.linkedin_partner else {}),
                "scope": refresh.scope.replace(" ", ","),
            }
        )

    def _issue(self, account: str, *, kind: str, lifetime_ms: int, scope: str, prefix: str) -> Token:
        return tokens.issue(
            self.world,
            account_id=account,
            platform="linkedin",
            kind=kind,
            lifetime_ms=lifetime_ms,
            prefix=prefix,
            scope=scope,
        )


def _version_trouble(request: Request, *, changelog: bool) -> Response | None:
    version = request.headers.get("linkedin-version", "")
    if not version:
        text = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
        return errors.error(text, status=400, code="VERSION_MISSING")
    if version == CHANGELOG_VERSION if changelog else version >= OLDEST_VERSION:
        return None
    return errors.error(f"Requested version {version} is not active", status=426, code="NONEXISTENT_VERSION")
