"""The tests themselves. A connector's own test class inherits them and names its subject."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import ClassVar

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.abilities import Gestures, Redelivers
from connectors.conformance.reading import (
    SameEverywhere,
    attempt,
    check,
    damaged,
    flipped,
    read,
    shuffled,
    signatures_in,
)
from connectors.conformance.subject import HIDDEN, NOW, RULES, SECRETS, Subject
from connectors.contract import (
    UNKNOWN_KIND,
    ConnectorError,
    Context,
    Edited,
    Ignored,
    InboundEvent,
    InboundMessage,
    Item,
    Malformed,
    MessageKind,
    Page,
    Reacted,
    ReadUpTo,
    Remedy,
    ThreadKind,
    Tokens,
    Typing,
    Unsent,
    WebhookRequest,
)
from connectors.http import Http


class Conformance:
    subject: ClassVar[Subject]

    # -- what is promised --------------------------------------------------------------------------------------------

    def test_the_manifest_is_complete(self) -> None:
        manifest = self.subject.connector.manifest
        assert manifest.key == manifest.key.lower() and manifest.label and manifest.colour
        assert 1 <= len(manifest.mark) <= 2
        assert manifest.send.text.max > 0
        assert date(2020, 1, 1) < manifest.send.text.checked_on <= datetime.now(UTC).date()
        assert bool(manifest.send.files) == bool(manifest.send.files_per_message)
        assert all(limit.max_bytes > 0 for limit in manifest.send.files.values())
        assert (manifest.receive.mode == "poll") == (manifest.poll_every is not None)
        assert bool(manifest.window.opens_on) == (manifest.window.standard is not None)
        assert manifest.send.typing == isinstance(self.subject.connector, Gestures)
        known = {kind.value for kind in MessageKind} | {"reaction"}
        assert manifest.window.opens_on <= known

    def test_the_manifest_promises_what_deliveries_hold_and_nothing_else(self) -> None:
        events = [event for name in self.subject.deliveries for event in self._events(name)]
        kinds: dict[str, type] = {
            "edits": Edited, "unsends": Unsent, "reactions": Reacted, "reads": ReadUpTo, "typing": Typing,
        }  # fmt: skip
        seen = {name: any(isinstance(event, kind) for event in events) for name, kind in kinds.items()}
        threads = {event.thread_kind for event in events if isinstance(event, InboundMessage)}
        seen["comments"] = ThreadKind.COMMENT in threads
        seen["groups"] = ThreadKind.GROUP in threads
        rules = self.subject.connector.manifest.receive
        # A public thing may be withdrawn on a network where a message cannot: that alone promises no unsends.
        promised = {name: getattr(rules, name) for name in seen}
        missing = {name for name, is_promised in promised.items() if is_promised and not seen[name]}
        assert not missing, f"promised, and no delivery shows it: {missing}"
        silent = {name for name, is_seen in seen.items() if is_seen and not promised[name]} - {"unsends"}
        assert not silent, f"delivered, and not promised: {silent}"

    def test_quality_says_of_every_rule_whether_it_is_kept(self) -> None:
        given_rules = tomllib.loads(self.subject.quality.read_text())["rules"]
        assert set(given_rules) == set(RULES)
        for name, state in given_rules.items():
            exempt = state.get("exempt", "").strip() if isinstance(state, dict) else ""
            assert state == "done" or exempt, f"{name}: neither done nor exempt with a reason"
        receive = self.subject.connector.manifest.receive
        for name in ("edits", "unsends", "reactions", "reads", "typing", "groups", "comments"):
            assert (given_rules[name] == "done") == getattr(receive, name), name
        assert (given_rules["send-files"] == "done") == bool(self.subject.connector.manifest.send.files)

    # -- what is read ------------------------------------------------------------------------------------------------

    def test_ids_are_text_and_times_are_aware(self) -> None:
        events = [event for name in self.subject.deliveries for event in self._events(name)]
        assert events
        for event in events:
            check(event)

    def test_reading_changes_nothing_and_says_the_same_twice(self) -> None:
        for name, body in self.subject.deliveries.items():
            for item in self.subject.connector.items(body):
                before = copy.deepcopy(dict(item.payload))
                first, second = (attempt(self.subject, item) for _ in range(2))
                assert first == second, name
                assert dict(item.payload) == before, name

    def test_unknown_kinds_are_kept_under_an_id_that_stays(self) -> None:
        for name in self.subject.unknown:
            (first,), (second,) = self._events(name), self._events(name)
            assert isinstance(first, InboundMessage), name
            assert first.kind is MessageKind.UNSUPPORTED, name
            assert first == second and first.external_id, name

    def test_the_order_of_keys_means_nothing(self) -> None:
        @settings(max_examples=60, deadline=None)
        @given(name=st.sampled_from(sorted(self.subject.deliveries)), seed=st.integers(0, 2**32))
        def holds(name: str, seed: int) -> None:
            body = self.subject.deliveries[name]
            document = shuffled(orjson.loads(body), Random(seed))
            assert read(self.subject, orjson.dumps(document)) == read(self.subject, body)

        holds()

    def test_a_damaged_delivery_is_malformed_at_worst(self) -> None:
        @settings(max_examples=300, deadline=None)
        @given(name=st.sampled_from(sorted(self.subject.deliveries)), seed=st.integers(0, 2**32))
        def holds(name: str, seed: int) -> None:
            chance = Random(seed)
            document = orjson.loads(self.subject.deliveries[name])
            for _ in range(chance.randint(1, 4)):
                document = damaged(document, chance)
            for event in read(self.subject, orjson.dumps(document)):
                check(event)

        holds()

    def test_any_bytes_are_malformed_at_worst(self) -> None:
        @settings(max_examples=60, deadline=None)
        @given(body=st.binary(max_size=200))
        def holds(body: bytes) -> None:
            read(self.subject, body)

        holds()

    def test_what_a_page_could_not_read_is_an_item_that_parse_can_read(self) -> None:
        """It is kept until an upgrade mends the cause. Until then `parse` stumbles over it as the page did, and over nothing else."""
        if self.subject.history is None:
            pytest.skip("no past is given in which something cannot be read")
        failures = [failure for page in self._pages(self.subject.history) for failure in page.failures]
        assert failures
        for payload, why in failures:
            orjson.dumps(dict(payload))
            with suppress(Ignored):  # there is nothing that could be read; the next walk asks again
                assert self._stumbled(Item(payload)) == why

    def _stumbled(self, item: Item) -> str:
        try:
            found = self.subject.connector.parse(item, self.subject.account)
        except Ignored:
            raise
        except Malformed as error:
            return str(error)
        return f"read as {found}" if found else UNKNOWN_KIND

    # -- who may speak -----------------------------------------------------------------------------------------------

    def test_both_secrets_sign_and_a_flipped_bit_does_not(self) -> None:
        body = next(iter(self.subject.deliveries.values()))
        assert not self._verified(body, {})
        sign = self.subject.signer()
        for secret in SECRETS:
            headers = {name.lower(): value for name, value in sign(body, secret).items()}
            assert self._verified(body, headers)
            assert not self._verified(flipped(body), headers)
            assert not self._verified(body, {name: value[:-3] + "AAA" for name, value in headers.items()})
        assert not self._verified(body, dict(sign(body, "somebody-else")))
        assert not self._verified(body, dict(sign(body, "")))

    def test_no_handshake_signs_a_delivery(self) -> None:
        """Anybody may ask for a handshake. What its answer signs must be nothing that `verify` takes for a delivery."""
        sign = self.subject.signer()
        for body in (*self.subject.deliveries.values(), b"{}", b"[]", b"null", b"1"):
            answers = [
                self.subject.connector.handshake(WebhookRequest("GET", query, {}, b""), self.subject.app)
                for query in (SameEverywhere(ahead + body.decode()) for ahead in ("", self.subject.ahead))
            ]
            told = b"\n".join(answer.body for answer in answers if answer is not None).decode()
            for secret in SECRETS:
                headers = sign(body, secret)
                if any(part in told for value in headers.values() for part in signatures_in(value)):
                    assert not self._verified(body, headers), f"a handshake signs {body[:80]!r}"

    def test_a_plain_get_is_no_handshake(self) -> None:
        assert self.subject.connector.handshake(WebhookRequest("GET", {}, {}, b""), self.subject.app) is None

    # -- what is sent ------------------------------------------------------------------------------------------------

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

    # -- tools -------------------------------------------------------------------------------------------------------

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
        self, asked: list[httpx.Request],
        answer: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response] | None = None,
    ) -> Context:  # fmt: skip
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
