"""The page on which a person allows or denies our app, one small page for all platforms."""

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator import tokens
from simulator.kernel import Kernel

PATHS = {"/oauth/authorize": "instagram", "/i/oauth2/authorize": "x", "/oauth/v2/authorization": "linkedin"}
_DENIED = {
    "instagram": {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
    },
    "x": {"error": "access_denied"},
    "linkedin": {
        "error": "user_cancelled_authorize",
        "error_description": "The user cancelled the authorization",
    },
}
_CARRIED = (
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "response_type",
)
_STYLE = (
    "html{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}"
    "label{display:block;padding:.5rem 0}button{font:inherit;padding:.6rem 1.4rem;margin:1rem .5rem 0 0;border-radius:.5rem;"
    "border:1px solid}ul{padding-left:1.2rem;color:light-dark(#555,#aaa)}"
)
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action *; frame-ancestors 'none'"
}


class Consent:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def routes(self) -> list[Route]:
        pages = [Route(path, self.page, methods=["GET", "POST"]) for path in PATHS]
        return [*pages, Route("/consent.css", self.style)]

    async def style(self, request: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    async def page(self, request: Request) -> Response:
        platform = PATHS[request.url.path]
        if request.method == "POST":
            return await self._decide(request, platform)
        given = request.query_params
        app = self.kernel.world.app(platform)
        if (
            given.get("client_id") != app.client_id
            or given.get("response_type") != "code"
            or not given.get("redirect_uri")
        ):
            return self._html(
                platform,
                "<p>This link is not valid: wrong client_id, response_type or redirect_uri.</p>",
                400,
            )
        if platform == "x" and not given.get("code_challenge"):
            return self._html(platform, "<p>This link is not valid: code_challenge is missing.</p>", 400)
        scopes = given.get("scope", "").replace(",", " ").split()
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(given[name])}">'
            for name in _CARRIED
            if name in given
        )
        accounts = [one for one in self.kernel.world.accounts.values() if one.platform == platform]
        choices = "".join(
            f'<label><input type="radio" name="account" value="{escape(one.id)}"{" checked" if n == 0 else ""}> '
            f"{escape(one.name)} <small>@{escape(one.handle)}</small></label>"
            for n, one in enumerate(accounts)
        )
        listed = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
        return self._html(
            platform,
            f'<form method="post">{hidden}<p>An app asks to act for:</p>{choices}<p>It asks for:</p><ul>{listed}</ul>'
            '<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>',
        )

    def _html(self, platform: str, inner: str, status: int = 200) -> Response:
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Allow access ({platform}, simulated)</title>'
            '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/consent.css"></head>'
            f"<body><main><h1>Allow access?</h1><p>Simulated {platform}</p>{inner}</main></body></html>"
        )
        return HTMLResponse(page, status_code=status, headers=_HEADERS)

    async def _decide(self, request: Request, platform: str) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        target = form.get("redirect_uri", "")
        if not target.startswith(("http://", "https://")):
            return self._html(platform, "<p>The redirect_uri is missing.</p>", 400)
        state = {"state": form["state"]} if form.get("state") else {}
        tail = "#_" if platform == "instagram" else ""
        account = self.kernel.world.accounts.get((platform, form.get("account", "")))
        if form.get("decision") != "allow" or account is None:
            return self._go(target, {**_DENIED[platform], **state}, tail)
        account.revoked = False
        self.kernel.world.save_account(account)
        code = tokens.grant(
            self.kernel.world,
            account=account,
            redirect_uri=target,
            scope=form.get("scope", ""),
            code_challenge=form.get("code_challenge", ""),
            code_challenge_method=form.get("code_challenge_method") or "plain",
        )
        await self.kernel.world.store.flushed()
        return self._go(target, {"code": code, **state}, tail)

    def _go(self, target: str, query: dict[str, str], tail: str) -> Response:
        joint = "&" if "?" in target else "?"
        return RedirectResponse(f"{target}{joint}{urlencode(query)}{tail}", status_code=302)
