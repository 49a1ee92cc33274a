"""Every connector of ours against the suite that third parties are held to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from connectors import registry, signatures
from connectors.conformance import Conformance, Refusal, Subject, deliveries_in, reading
from connectors.conformance.subject import NOW
from connectors.contract import Account, Connector, ConnectorError, Item, Page, Remedy, WebhookAnswer
from connectors.platforms.echo import client as echo_client
from connectors.platforms.echo.connector import connector as echo
from connectors.platforms.instagram import errors as instagram_errors
from connectors.platforms.instagram.connector import connector as instagram
from connectors.platforms.linkedin import errors as linkedin_errors
from connectors.platforms.linkedin.connector import connector as linkedin
from connectors.platforms.x import errors as x_errors
from connectors.platforms.x.connector import connector as x
from tests.connectors import refusals
from tests.connectors.helpers import PAYLOADS, json_answer, reply
from tests.connectors.refusals import Refused

SOURCES = Path(registry.__file__).parent / "platforms"


def subject(connector: Connector, **parts: Any) -> Subject:
    key = connector.manifest.key
    return Subject(
        connector=connector,
        deliveries=deliveries_in(PAYLOADS / key / "payloads"),
        quality=SOURCES / key / "quality.toml",
        **parts,
    )


def said(told: Iterable[Refused]) -> tuple[Refusal, ...]:
    return tuple(Refusal(each.name, each.answer, each.remedy) for each in told)


def a_past_with_faults(**answers: Any) -> Callable[[httpx.Request], httpx.Response]:
    """By the last part of the path; of everything else nothing is known."""

    def answer(request: httpx.Request) -> httpx.Response:
        return json_answer(answers.get(request.url.path.rpartition("/")[2], {"data": []}))

    return answer


INSTAGRAMS_PAST = {"conversations": {"data": [{"id": "c1"}, {"id": "c2"}]}, "messages": {"data": [{"id": "m1"}]},
                   "media": {"data": [{"id": "p1"}]}, "comments": {"data": [{"text": "Whose?"}]}}  # fmt: skip


def instagrams_past(request: httpx.Request) -> httpx.Response:
    """Of one conversation a message without its sides, of the other nothing; and a comment without an id."""
    if "/c2/" in request.url.path:
        return json_answer({"error": {"code": 100, "message": "words"}}, 400)
    return a_past_with_faults(**INSTAGRAMS_PAST)(request)


X_PAST = {"dm_events": {"data": [{"id": "5", "sender_id": "7", "dm_conversation_id": "2244994945-7"}]},
          "mentions": {"data": [{"id": "6", "text": "@acme"}]}}  # fmt: skip
LINKEDINS_PAST = {"memberChangeLogs": {"elements": [
    {"id": 1, "resourceName": "messages"}, {"id": 2, "resourceName": "messages", "activityStatus": "FROZEN"},
]}}  # fmt: skip


class TestEcho(Conformance):
    subject = subject(
        echo,
        account=Account("brand-1"),
        unknown=("unknown_kind",),
        sign=lambda body, secret: {"X-Echo-Signature": signatures.hex_digest(secret, body)},
        reply=reply(thread_id="ana"),
        refusals=said(refusals.echo()),
        history=a_past_with_faults(messages={"events": [{"kind": "said", "id": "1"}]}),
    )


class TestInstagram(Conformance):
    subject = subject(
        instagram,
        account=Account("17841400000000001"),
        unknown=("unknown_kind",),
        sign=lambda body, secret: {"X-Hub-Signature-256": signatures.meta(secret, body)},
        reply=reply(),
        refusals=said(refusals.instagram()),
        history=instagrams_past,
    )


class TestX(Conformance):
    subject = subject(
        x,
        account=Account("2244994945"),
        unknown=("unknown_kind",),
        sign=lambda body, secret: {"x-twitter-webhooks-signature": signatures.x(secret, body)},
        reply=reply(thread_id="2244994945-1587200000000000042"),
        refusals=said(refusals.x()),
        history=a_past_with_faults(**X_PAST),
    )


class TestLinkedIn(Conformance):
    subject = subject(
        linkedin,
        account=Account("urn:li:person:2qXA98-mVk"),
        unknown=("unknown_kind", "unknown_action"),
        ahead="hmacsha256=",
        sign=lambda body, secret: {"X-LI-Signature": signatures.linkedin(secret, body)},
        reply=reply(thread_id="urn:li:messagingThread:2-NjU5OTczMTMyOTE1=="),
        refusals=said(refusals.linkedin()),
        history=a_past_with_faults(**LINKEDINS_PAST),
    )


def test_no_connector_of_ours_is_left_out() -> None:
    held = {each.subject.connector.manifest.key for each in (TestEcho, TestInstagram, TestX, TestLinkedIn)}
    assert held == {path.parent.name for path in SOURCES.glob("*/manifest.py")}


class _Careless:
    """Echo with a fault of one's choice, to see that the suite notices."""

    def __init__(self, **faults: Any) -> None:
        self.__dict__.update(faults)

    def __getattr__(self, name: str) -> Any:
        return getattr(echo, name)


def suite(**faults: Any) -> Conformance:
    values = {each: getattr(TestEcho.subject, each) for each in Subject.__dataclass_fields__}
    held: Any = type(
        "Held", (Conformance,), {"subject": Subject(**{**values, "connector": _Careless(**faults)})}
    )
    found: Conformance = held()
    return found


def _trip(item: Item, account: Account) -> Any:
    return item.payload["no such thing"]


def test_the_suite_notices_an_error_that_is_not_malformed() -> None:
    with pytest.raises(KeyError):
        suite(parse=_trip).test_ids_are_text_and_times_are_aware()


def test_the_suite_notices_a_signature_that_is_not_checked() -> None:
    with pytest.raises(AssertionError):
        suite(verify=lambda request, app, now: True).test_both_secrets_sign_and_a_flipped_bit_does_not()


def _signs_anything(request: Any, app: Any) -> WebhookAnswer:
    proof = signatures.hex_digest(app.webhook_secrets[0], request.query.get("challenge", "").encode())
    return WebhookAnswer(200, f'{{"proof": "{proof}"}}'.encode())


def test_the_suite_notices_a_handshake_that_signs_whatever_it_is_asked() -> None:
    with pytest.raises(AssertionError, match="a handshake signs"):
        suite(handshake=_signs_anything).test_no_handshake_signs_a_delivery()


def test_the_suite_notices_a_promise_that_is_not_kept() -> None:
    with pytest.raises(AssertionError, match="promised, and no delivery shows it"):
        suite(manifest=instagram.manifest).test_the_manifest_promises_what_deliveries_hold_and_nothing_else()


def test_the_suite_notices_a_dropped_kind() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        suite(parse=lambda item, account: ()).test_unknown_kinds_are_kept_under_an_id_that_stays()


def test_the_suite_notices_a_row_that_nothing_reads_again() -> None:
    def history(ctx: Any, cursor: str, thread_id: str = "") -> Page:
        return Page((), failures=(({"row": {"id": "1"}}, "The item has no author."),))

    with pytest.raises(AssertionError):
        suite(history=history).test_what_a_page_could_not_read_is_an_item_that_parse_can_read()


def test_the_suite_notices_a_send_that_is_blindly_repeated() -> None:
    def send(ctx: Any, message: Any) -> Any:
        ctx.http.post("https://echo.invalid/messages", json={}, repeatable=True)

    with pytest.raises(AssertionError):
        suite(send=send).test_an_answer_lost_after_sending_is_unknown()


def rules_of(table: Iterable[Any], *names: str) -> set[tuple[Any, ...]]:
    return {tuple(getattr(rule, name) for name in names) for rule in table}


def test_no_line_of_a_table_of_ours_is_without_an_answer_that_shows_it() -> None:
    """What the platforms answer is written down apart (tests/connectors/refusals.py): a line that nothing there meets may say anything."""
    met = {code for _, codes, _ in refusals.INSTAGRAM_CODES for code in codes}
    assert rules_of(instagram_errors.TABLE, "code", "subcode") <= met
    assert set(echo_client.TABLE) == {each.name for each in refusals.echo()}
    told = " ".join(words for _, words, _ in refusals.X_WORDS).lower()
    coded, kinds = (
        {code for _, codes, _ in refusals.X_CODES for code in codes},
        {kind for *_, kind in refusals.X_PROBLEMS},
    )
    for rule in x_errors.TABLE:
        assert rule.code in coded or rule.problem in kinds or (rule.says and rule.says in told), rule
    for line in linkedin_errors.TABLE:
        assert any(
            line.status in (0, status) and line.code in (0, code) and line.says in words.lower()
            for _, status, code, words, _ in refusals.LINKEDIN
        ), line


@pytest.mark.parametrize("suite", [TestEcho, TestInstagram, TestX, TestLinkedIn])
def test_a_server_in_trouble_that_says_when_to_come_again_is_obeyed(suite: type[Conformance]) -> None:
    busy = httpx.Response(503, headers={"Retry-After": "120"}, content=b"<html>")

    with pytest.raises(ConnectorError) as caught:
        suite.subject.connector.history(suite()._context([], busy), "")

    assert (caught.value.remedy, caught.value.retry_at) == (Remedy.RETRY, NOW + timedelta(minutes=2))

    error = suite()._send(busy)

    assert (error.remedy, error.retry_at) == (Remedy.UNKNOWN, NOW + timedelta(minutes=2))


def test_damage_is_done_and_order_is_shuffled() -> None:
    document = {"a": [1, 2, {"b": 3}], "c": "d"}
    assert any(reading.damaged(document, Random(seed)) != document for seed in range(5))
    assert {tuple(reading.shuffled(document, Random(seed))) for seed in range(9)} == {
        ("a", "c"),
        ("c", "a"),
    }


def test_a_refusal_holds_an_answer() -> None:
    assert all(isinstance(each.answer, httpx.Response) for each in TestX.subject.refusals)
    assert {each.remedy for each in TestX.subject.refusals} >= {Remedy.RETRY, Remedy.TELL, Remedy.RECONNECT}


def unsigned(quality: Path, **faults: Any) -> Conformance:
    """Echo as a network that is polled and signs nothing."""
    polled = suite(**{"verify": lambda request, app, now: False, **faults})
    polled.__class__.subject = replace(polled.subject, sign=None, quality=quality)
    return polled


def test_a_network_that_signs_nothing_lets_nobody_in_and_says_so(tmp_path: Path) -> None:
    says, says_not = tmp_path / "says.toml", tmp_path / "says_not.toml"
    says.write_text('[rules]\nsignature = { exempt = "It is polled." }\n')
    says_not.write_text('[rules]\nsignature = "done"\n')

    with pytest.raises(pytest.skip.Exception):
        unsigned(says).test_both_secrets_sign_and_a_flipped_bit_does_not()
    with pytest.raises(pytest.skip.Exception):
        unsigned(says).test_no_handshake_signs_a_delivery()
    with pytest.raises(AssertionError, match="the subject cannot sign"):
        unsigned(says_not).test_both_secrets_sign_and_a_flipped_bit_does_not()
    with pytest.raises(AssertionError):
        unsigned(
            says, verify=lambda request, app, now: True
        ).test_both_secrets_sign_and_a_flipped_bit_does_not()
