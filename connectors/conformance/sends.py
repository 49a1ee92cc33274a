"""What is sent, and what follows from each answer: nothing twice, nothing over the limit, and no secret told."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from connectors.abilities import Redelivers
from connectors.conformance.asking import Asking
from connectors.conformance.subject import HIDDEN, NOW
from connectors.contract import ConnectorError, Remedy


class Sends(Asking):
    def test_an_answer_lost_after_sending_is_unknown(self) -> None:
        for lost in (httpx.ReadTimeout("x"), httpx.ReadError("x"), httpx.RemoteProtocolError("x")):
            assert self._send(lost).remedy is Remedy.UNKNOWN
        for status in (408, 500, 502, 503, 504, 520, 522, 524):
            assert self._send(httpx.Response(status, content=b"<html>")).remedy is Remedy.UNKNOWN, status

    def test_a_connection_that_never_stood_is_tried_again(self) -> None:
        assert self._send(httpx.ConnectError("x")).remedy is Remedy.RETRY

    def test_each_refusal_leads_to_its_remedy(self) -> None:
        assert self.subject.refusals
        for refusal in self.subject.refusals:
            error = self._send(refusal.answer)
            assert error.remedy is refusal.remedy, refusal.name
            assert error.reason, refusal.name
            assert error.retry_at is None or error.retry_at.tzinfo is not None, refusal.name

    def test_a_text_over_the_limit_is_told_before_any_call(self) -> None:
        limit = self.subject.connector.manifest.send.text.max
        asked: list[httpx.Request] = []
        with pytest.raises(ConnectorError) as caught:
            self.subject.connector.send(
                self._context(asked), replace(self.subject.reply, text="a" * (limit + 1))
            )
        assert caught.value.remedy is Remedy.TELL
        assert asked == []

    def test_no_secret_is_told_in_an_error_or_a_repr(self) -> None:
        told = " ".join(HIDDEN)
        body = {
            "error": {"message": told, "code": 99999},
            "message": told,
            "detail": told,
            "errors": [{"message": told}],
        }
        for status in (400, 401, 403, 404, 429, 500):
            error = self._send(httpx.Response(status, json=body))
            assert not any(secret in f"{error!r} {error} {error.reason} {error.code}" for secret in HIDDEN)
        assert not any(secret in repr(self._context([])) for secret in HIDDEN)

    def test_no_refusal_and_no_silence_is_an_agreement_to_deliver_again(self) -> None:
        if not isinstance(connector := self.subject.connector, Redelivers):
            pytest.skip("the platform delivers nothing again when it is asked to")
        bounds = connector.redelivery
        since, until = NOW - bounds.reach, NOW - bounds.ended
        assert since < NOW - bounds.begun <= until < NOW
        for answer in (httpx.Response(429), httpx.Response(500), httpx.ReadTimeout("x")):
            with pytest.raises(ConnectorError):
                connector.deliver_again(self._context([], answer), "https://parley.example", since, until)
