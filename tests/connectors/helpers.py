"""A fake platform at the HTTP seam, and the small things every connector test needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from connectors.contract import (
    Account,
    App,
    Connector,
    Context,
    Ignored,
    InboundEvent,
    Malformed,
    Origins,
    OutboundMessage,
    ThreadKind,
    Tokens,
)
from connectors.http import Http

NOW = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "platforms"
Answerer = Callable[[httpx.Request], httpx.Response]


@dataclass
class FakePlatform:
    """Answers by (method, path); keeps what it was asked."""

    answers: dict[tuple[str, str], list[Answerer | httpx.Response]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def on(self, method: str, path: str, *answers: Answerer | httpx.Response) -> FakePlatform:
        self.answers[method, path] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        waiting = self.answers.get((request.method, request.url.path))
        if not waiting:
            raise AssertionError(f"nobody expected {request.method} {request.url.path}")
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return answer(request) if callable(answer) else answer

    def http(self) -> Http:
        return Http(transport=httpx.MockTransport(self), pause=self.pauses.append)

    def context(self, connector: Connector, account: Account, **changes: Any) -> Context:
        values: dict[str, Any] = {
            "app": App(
                "client-1", "app-secret", ("hook-secret", "older-secret"), "verify-me", "app-bearer", "123456"
            ),
            "origins": connector.origins,
            "http": self.http(),
            "now": NOW,
            "account": account,
            "tokens": Tokens(access="token-of-the-account", refresh="refresh-1"),
        }
        return Context(**{**values, **changes})


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, content=orjson.dumps(body), headers=dict(headers or {}))


def sent_json(request: httpx.Request) -> Any:
    return orjson.loads(request.content)


def delivery(platform: str, name: str) -> bytes:
    return (PAYLOADS / platform / "payloads" / f"{name}.json").read_bytes()


def read(connector: Connector, body: bytes, account: Account) -> list[InboundEvent]:
    """All events of a delivery that this account is to hear."""
    found: list[InboundEvent] = []
    for item in connector.items(body):
        with suppress(Ignored):
            found += connector.parse(item, account)
    return found


def why_not(connector: Connector, body: bytes, account: Account) -> str:
    """The reason with which the first item is refused."""
    for item in connector.items(body):
        try:
            connector.parse(item, account)
        except Malformed as error:
            return f"{type(error).__name__}: {error}"
    return ""


def reply(text: str = "Yes, until 18:00.", **changes: Any) -> OutboundMessage:
    values: dict[str, Any] = {
        "client_id": "c-1",
        "thread_id": "927364500000011",
        "thread_kind": ThreadKind.DIRECT,
        "recipient_id": "927364500000011",
        "text": text,
    }
    return OutboundMessage(**{**values, **changes})


def lost_answer(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


def no_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def local_origins(url: str) -> Origins:
    return Origins(consent=url, token=url, api=url, media=url)
