"""Who may call. We listen on this machine alone, and every page in its owner's browser is on this machine, too."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import wire
from simulator.settings import Settings

_READS = {"GET", "HEAD"}


class OurOwn:
    """Answers 403 to a name that is not ours (a stranger's name can be made to lead here, and its pages could read the secrets), and, where
    `pages` is False, to whatever another site's page wants done. Programs say nothing of where they come from and pass."""

    def __init__(self, app: ASGIApp, *, settings: Settings, pages: bool) -> None:
        self.app = app
        self.pages = pages
        self.names = {"localhost", settings.host, urlsplit(settings.origin).hostname}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (trouble := self._trouble(scope["method"], Headers(scope=scope))):
            await wire.answer({"error": trouble}, status=403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _trouble(self, method: str, headers: Headers) -> str:
        host = headers.get("host", "")
        if host and not self._is_ours(host):
            return "The simulator is not called by this name; use 127.0.0.1, localhost or SIMULATOR_HOST."
        if not self.pages and method not in _READS and _is_of_another_site(headers, host):
            return "A page of another site may not do this."
        return ""

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self.names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


def _is_of_another_site(headers: Headers, host: str) -> bool:
    """Other ports of this machine are other sites. `Origin` alone is not asked where more is told: our own pages may hide it."""
    if told := headers.get("sec-fetch-site", ""):
        return told not in ("same-origin", "none")
    origin = headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2].lower() != host.lower()
