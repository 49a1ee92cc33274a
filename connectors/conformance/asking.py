"""What the tests ask a connector with: its deliveries, and a platform that answers as each test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

import httpx
import pytest

from connectors.conformance.reading import read
from connectors.conformance.subject import HIDDEN, NOW, Subject
from connectors.contract import ConnectorError, Context, InboundEvent, Page, Tokens, WebhookRequest
from connectors.http import Http


class Asking:
    subject: ClassVar[Subject]

    def _events(self, name: str) -> list[InboundEvent]:
        return read(self.subject, self.subject.deliveries[name])

    def _verified(self, body: bytes, headers: Mapping[str, str]) -> bool:
        request = WebhookRequest("POST", {}, {name.lower(): value for name, value in headers.items()}, body)
        return self.subject.connector.verify(request, self.subject.app, NOW)

    def _pages(self, answer: Callable[[httpx.Request], httpx.Response]) -> Iterator[Page]:
        cursor, more = "", True
        while more:
            page = self.subject.connector.history(self._context([], answer), cursor)
            yield page
            cursor, more = page.cursor, page.more

    def _context(
        self,
        asked: list[httpx.Request],
        answer: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response] | None = None,
    ) -> Context:
        def respond(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, httpx.Response):
                return answer
            return answer(request) if answer else httpx.Response(500)

        return Context(
            app=self.subject.app,
            origins=self.subject.connector.origins,
            http=Http(transport=httpx.MockTransport(respond), pause=lambda seconds: None),
            now=NOW,
            account=self.subject.account,
            tokens=Tokens(HIDDEN[3], HIDDEN[4], expires_at=NOW + timedelta(days=9)),
        )

    def _send(self, answer: httpx.Response | Exception) -> ConnectorError:
        with pytest.raises(ConnectorError) as caught:
            self.subject.connector.send(self._context([], answer), self.subject.reply)
        return caught.value
