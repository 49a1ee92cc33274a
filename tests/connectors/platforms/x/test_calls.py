"""What Parley asks of X, and what it makes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from connectors import signatures, wire
from connectors.contract import (
    Account,
    App,
    AttachmentKind,
    ConnectorError,
    InboundMessage,
    MessageKind,
    OutboundAttachment,
    OutboundMessage,
    RateNotice,
    Remedy,
    ThreadKind,
    Tokens,
    WebhookRequest,
)
from connectors.platforms.x import errors
from connectors.platforms.x.connector import connector
from inbox.platforms import Unit
from tests.connectors import refusals
from tests.connectors.helpers import NOW, FakePlatform, json_answer, lost_answer, reply, sent_json

ACCOUNT = Account("2244994945", "acme")
CUSTOMER = "1587200000000000042"
THREAD = f"{ACCOUNT.external_id}-{CUSTOMER}"
SEND = f"/2/dm_conversations/with/{CUSTOMER}/messages"
SENT = json_answer({"data": {"dm_conversation_id": THREAD, "dm_event_id": "2080765901528535009"}}, 201)


@pytest.fixture
def x() -> FakePlatform:
    return FakePlatform()


def error_of(x: FakePlatform, answer: Any) -> ConnectorError:
    x.on("POST", SEND, answer)
    with pytest.raises(ConnectorError) as caught:
        connector.send(x.context(connector, ACCOUNT), reply(thread_id=THREAD))
    return caught.value


def picture(folder: Path, size: int = 10) -> OutboundAttachment:
    path = folder / "a.png"
    path.write_bytes(b"x" * size)
    return OutboundAttachment(
        AttachmentKind.IMAGE, "image/png", "a.png", size, "https://parley.example/o", str(path)
    )


def test_a_crc_is_answered_with_the_current_secret() -> None:
    app = App("c", "s", ("x-consumer-secret", "older"))
    answer = connector.handshake(
        WebhookRequest("GET", {"crc_token": "MTYzMTIzNDU2Nw", "nonce": "1"}, {}, b""), app
    )
    assert answer is not None and answer.content_type == "application/json"
    assert orjson.loads(answer.body) == {
        "response_token": "sha256=gGaXOHjnbyPRhaLIpH8QTKB/roq50ZiEWDbm155U604="
    }


@pytest.mark.parametrize(
    "asked", ['{"for_user_id":"111","direct_message_events":[]}', " MTYz", "a" * 201, "MTYz\n", "ütoken"]
)
def test_a_text_that_no_crc_asks_for_is_not_signed(asked: str) -> None:
    answer = connector.handshake(WebhookRequest("GET", {"crc_token": asked}, {}, b""), App("c", "s", ("k",)))
    assert answer is not None and answer.status == 400
    assert signatures.x("k", asked.encode()).encode() not in answer.body


def test_what_a_crc_can_ask_for_is_no_delivery() -> None:
    headers = {"x-twitter-webhooks-signature": signatures.x("k", b"null")}
    assert not connector.verify(WebhookRequest("POST", {}, headers, b"null"), App("c", "s", ("k",)), NOW)


@pytest.mark.parametrize(
    ("header", "secret", "is_ours"),
    [
        ("x-twitter-webhooks-signature", "consumer", True),
        ("x-twitter-webhooks-signature", "older", True),
        ("x-twitter-webhooks-signature", "client", False),
        ("x-twitter-webhooks-signature-oauth2", "client", True),
        ("x-twitter-webhooks-signature-oauth2", "stranger", False),
        ("x-twitter-webhooks-signature-oauth2", "", False),
    ],
)
def test_each_header_has_its_secrets(header: str, secret: str, is_ours: bool) -> None:
    app, body = App("c", "client", ("consumer", "older")), b'{"data":{}}'
    request = WebhookRequest("POST", {}, {header: signatures.x(secret, body)}, body)
    assert connector.verify(request, app, NOW) is is_ours


def test_an_app_without_a_consumer_secret_answers_with_its_client_secret() -> None:
    answer = connector.handshake(WebhookRequest("GET", {"crc_token": "MTYz"}, {}, b""), App("c", "client"))
    assert answer is not None
    assert orjson.loads(answer.body) == {"response_token": signatures.x("client", b"MTYz")}


def test_words_go_to_the_person(x: FakePlatform) -> None:
    x.on("POST", SEND, SENT)
    sent = connector.send(x.context(connector, ACCOUNT), reply(thread_id=THREAD))
    assert sent.external_ids == ("2080765901528535009",)
    assert sent_json(x.asked[0]) == {"text": "Yes, until 18:00."}


def test_a_profile_says_whether_its_person_takes_messages(x: FakePlatform) -> None:
    x.on("GET", "/2/users/42", json_answer({"data": {"id": "42", "receives_your_dm": True}}))
    assert connector.profile(x.context(connector, ACCOUNT), "42").takes_messages is True


def test_words_go_to_a_group(x: FakePlatform) -> None:
    x.on("POST", "/2/dm_conversations/1700000000000000001/messages", SENT)
    message = reply(thread_id="1700000000000000001", thread_kind=ThreadKind.GROUP, recipient_id="")
    assert connector.send(x.context(connector, ACCOUNT), message).external_ids


def test_a_picture_is_uploaded_in_pieces_and_sent_with_the_words(x: FakePlatform, tmp_path: Path) -> None:
    working = {"data": {"id": "77", "processing_info": {"state": "in_progress", "check_after_secs": 2}}}
    done = {"data": {"id": "77", "processing_info": {"state": "succeeded"}}}
    x.on("POST", "/2/media/upload/initialize", json_answer({"data": {"id": "77"}}))
    x.on("POST", "/2/media/upload/77/append", json_answer({}))
    x.on("POST", "/2/media/upload/77/finalize", json_answer(working))
    x.on("GET", "/2/media/upload", json_answer(done))
    x.on("POST", SEND, SENT)
    message = reply(thread_id=THREAD, attachments=(picture(tmp_path, 5 * 1024 * 1024),))
    noted: list[tuple[dict[str, Any], int]] = []
    context = x.context(connector, ACCOUNT, note_file=lambda **file: noted.append((file, len(x.asked))))
    connector.send(context, message)
    assert [request.url.path.rpartition("/")[2] for request in x.asked] == [
        "initialize", "append", "append", "finalize", "upload", "messages",
    ]  # fmt: skip
    assert sent_json(x.asked[0]) == {
        "media_type": "image/png", "total_bytes": 5 * 1024 * 1024, "media_category": "dm_image",
    }  # fmt: skip
    assert sent_json(x.asked[-1]) == {"attachments": [{"media_id": "77"}], "text": "Yes, until 18:00."}
    assert x.pauses == [2.0]
    assert noted == [({"place": 0, "external_id": "77"}, len(x.asked) - 1)]  # ahead of the message


def test_a_failed_upload_has_sent_nothing(x: FakePlatform, tmp_path: Path) -> None:
    failed = {"data": {"id": "77", "processing_info": {"state": "failed"}}}
    x.on("POST", "/2/media/upload/initialize", json_answer({"data": {"id": "77"}}))
    x.on("POST", "/2/media/upload/77/append", json_answer({}))
    x.on("POST", "/2/media/upload/77/finalize", json_answer(failed))
    with pytest.raises(ConnectorError) as caught:
        connector.send(
            x.context(connector, ACCOUNT), reply(thread_id=THREAD, attachments=(picture(tmp_path),))
        )
    assert (caught.value.remedy, caught.value.sent) == (Remedy.TELL, ())


@pytest.mark.parametrize(
    "refused",
    [
        httpx.Response(403),
        json_answer({"title": "Forbidden", "detail": "Forbidden", "type": "about:blank", "status": 403}, 403),
        json_answer({"errors": [{"code": 261, "message": "Application cannot perform write actions"}]}, 403),
        json_answer({"type": "https://api.x.com/2/problems/client-forbidden", "detail": "Not enrolled"}, 403),
    ],
    ids=["bare", "forbidden", "code", "problem"],
)
@pytest.mark.parametrize("step", ["initialize", "77/append", "77/finalize"])
def test_an_upload_for_which_the_scope_is_missing_is_told_and_stops_no_messages(
    x: FakePlatform, tmp_path: Path, step: str, refused: httpx.Response
) -> None:
    for each in ("initialize", "77/append", "77/finalize"):
        x.on("POST", f"/2/media/upload/{each}", json_answer({"data": {"id": "77"}}))
    x.on("POST", f"/2/media/upload/{step}", refused)

    with pytest.raises(ConnectorError) as caught:
        connector.send(
            x.context(connector, ACCOUNT), reply(thread_id=THREAD, attachments=(picture(tmp_path),))
        )

    told = caught.value
    assert (told.remedy, told.reason, told.of_public) == (Remedy.TELL, errors.NO_FILES, False)


def test_an_upload_by_a_locked_account_is_a_matter_of_the_account(x: FakePlatform, tmp_path: Path) -> None:
    x.on("POST", "/2/media/upload/initialize", json_answer({"errors": [{"code": 326}]}, 403))

    with pytest.raises(ConnectorError) as caught:
        connector.send(
            x.context(connector, ACCOUNT), reply(thread_id=THREAD, attachments=(picture(tmp_path),))
        )

    assert caught.value.remedy is Remedy.RECONNECT


def test_a_text_that_is_too_long_is_not_sent(x: FakePlatform) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector.send(x.context(connector, ACCOUNT), reply("a" * 10_001, thread_id=THREAD))
    assert caught.value.remedy is Remedy.TELL
    assert x.asked == []


@pytest.mark.parametrize("refused", [*refusals.x()], ids=str)
def test_each_refusal_leads_to_its_remedy(x: FakePlatform, refused: refusals.Refused) -> None:
    error = error_of(x, refused.answer)

    assert (error.remedy, error.contact_unavailable) == (refused.remedy, refused.unavailable)
    assert error.reason


def problem(status: int, detail: str) -> httpx.Response:
    return json_answer({"title": detail, "detail": detail, "type": "about:blank", "status": status}, status)


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (problem(401, "Unauthorized"), Remedy.REFRESH),
        (problem(403, "Forbidden"), Remedy.RECONNECT),
        (problem(403, "You do not have permission to DM one or more participants."), Remedy.TELL),
        (problem(403, "You are not permitted to attach this media to a DM event."), Remedy.TELL),
        (problem(429, "Too Many Requests"), Remedy.RETRY),
        (problem(503, "Service Unavailable"), Remedy.UNKNOWN),
        (httpx.Response(502, content=b"<html>"), Remedy.UNKNOWN),
        (httpx.Response(502, json={"message": "Bad gateway"}), Remedy.UNKNOWN),
        (httpx.Response(502, json={"errors": [{"code": 131}]}), Remedy.RETRY),
        (httpx.Response(504, json={"message": "Endpoint request timed out"}), Remedy.UNKNOWN),
        (httpx.Response(408), Remedy.UNKNOWN),
        (httpx.Response(500), Remedy.UNKNOWN),
        (json_answer({}, 201), Remedy.UNKNOWN),
        (httpx.Response(201, content=b'{"data":'), Remedy.UNKNOWN),
        (lost_answer, Remedy.UNKNOWN),
    ],
)
def test_what_follows_from_other_answers(x: FakePlatform, answer: Any, remedy: Remedy) -> None:
    assert error_of(x, answer).remedy is remedy


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (
            {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1786018000"},
            400,
        ),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "1786017000"}, 60),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "4102444800"}, 86_400),
        ({"retry-after": "30"}, 30),
        ({}, 900),
    ],
)
def test_a_limit_ends_when_the_headers_say(x: FakePlatform, headers: dict[str, str], seconds: int) -> None:
    body = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    error = error_of(x, json_answer(body, 429, headers))
    assert error.retry_at == NOW + timedelta(seconds=seconds)
    assert all((each.resets_at or NOW) <= NOW + timedelta(days=1) for each in error.rates)


def test_where_no_header_tells_a_limit_the_one_of_the_pages_is_expected(x: FakePlatform) -> None:
    x.on(
        "POST", SEND, json_answer({"data": {"dm_event_id": "1"}}, 201, {"x-user-limit-24hour-remaining": "9"})
    )
    x.on("GET", "/2/dm_events", json_answer({"data": []}))
    context = x.context(connector, ACCOUNT)

    sent = connector.send(context, reply(thread_id=THREAD)).rates
    page = connector.history(context, "").rates

    quotas = connector.manifest.quotas
    assert [(each.bucket, each.expected) for each in sent] == [("send", quotas["send"]), ("send day", None)]
    assert [(each.bucket, each.expected) for each in page] == [("messages", quotas["messages"])]
    assert {(each.calls, each.window) for each in quotas.values()} == {(15, timedelta(minutes=15))}


def test_what_x_refuses_counts_against_no_limit_of_the_pages(x: FakePlatform) -> None:
    assert error_of(x, json_answer({}, 503)).rates == ()


def test_limits_are_told_with_every_answer(x: FakePlatform) -> None:
    headers = {"x-rate-limit-limit": "99", "x-rate-limit-remaining": "98", "x-rate-limit-reset": "1786018000"}
    body = {"data": {"dm_event_id": "1"}}
    x.on("POST", SEND, json_answer(body, 201, headers))
    (notice,) = connector.send(x.context(connector, ACCOUNT), reply(thread_id=THREAD)).rates
    assert (notice.bucket, notice.remaining, notice.resets_at) == (
        "send",
        98,
        datetime.fromtimestamp(1786018000, UTC),
    )


def public(**fields: Any) -> OutboundMessage:
    """An answer to Mara's post, which stands under one of the brand's."""
    mine = {"thread_id": f"comment:2080765901528536000:{CUSTOMER}", "thread_kind": ThreadKind.COMMENT}
    return reply(**{"reply_to": "2080765901528536002", **mine, **fields})


def test_a_public_answer_is_a_reply_to_the_customers_post(x: FakePlatform) -> None:
    x.on("POST", "/2/tweets", json_answer({"data": {"id": "2080765901528536009"}}, 201))
    assert connector.send(x.context(connector, ACCOUNT), public()).external_ids == ("2080765901528536009",)
    assert sent_json(x.asked[0])["reply"] == {"in_reply_to_tweet_id": "2080765901528536002"}


def test_what_answers_nobodys_post_does_not_go_to_the_root_of_the_talk(x: FakePlatform) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector.send(x.context(connector, ACCOUNT), public(reply_to=""))
    assert (caught.value.remedy, x.asked) == (Remedy.TELL, [])


@pytest.mark.parametrize(
    "detail",
    [
        "You attempted to reply to a Tweet that is deleted or not visible to you.",
        "Reply to this conversation is not allowed because you have not been mentioned by the author of the post.",
        "You are not allowed to create a Tweet with duplicate content.",
        "Your Tweet text is too long.",
        "Quoting this post is not allowed because you have not been mentioned by its author.",
    ],
)
def test_a_post_that_cannot_be_answered_is_told_and_parks_nothing(x: FakePlatform, detail: str) -> None:
    x.on("POST", "/2/tweets", problem(403, detail))
    with pytest.raises(ConnectorError) as caught:
        connector.send(x.context(connector, ACCOUNT), public())
    assert caught.value.remedy is Remedy.TELL


def test_what_x_refuses_for_a_reason_that_nobody_knows_is_told_in_its_words(x: FakePlatform) -> None:
    error = error_of(x, problem(403, "This post is not for today."))
    assert (error.remedy, error.reason) == (
        Remedy.TELL,
        "X refused this and said: This post is not for today.",
    )


def test_somebody_who_has_blocked_us_cannot_be_written_to(x: FakePlatform) -> None:
    error = error_of(x, problem(403, "You have been blocked from messaging this user."))
    assert (error.remedy, error.contact_unavailable) == (Remedy.TELL, True)


@pytest.mark.parametrize("kind", ["client-forbidden", "oauth1-permissions"])
def test_an_app_without_the_right_wants_a_person_whatever_else_is_said(x: FakePlatform, kind: str) -> None:
    body = {"detail": "Your client app is not configured for this.", "title": "Forbidden", "status": 403}
    error = error_of(x, json_answer({**body, "type": f"https://api.x.com/2/problems/{kind}"}, 403))
    assert error.remedy is Remedy.RECONNECT


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1786018800"}],
    ids=["no header", "the window"],
)
def test_a_limit_is_told_of_the_call_that_met_it(x: FakePlatform, headers: dict[str, str]) -> None:
    x.on("POST", "/2/tweets", json_answer({"title": "Too Many Requests", "status": 429}, 429, headers))
    with pytest.raises(ConnectorError) as caught:
        connector.send(x.context(connector, ACCOUNT), public())
    (notice,) = caught.value.rates
    assert (notice.bucket, notice.remaining, notice.resets_at) == ("post", 0, caught.value.retry_at)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("abc", 3),
        ("https://shop.example/a/very/long/address/indeed ok", 26),
        ("日本", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("👋🏽", 2),
    ],
)
def test_public_posts_are_weighed(text: str, weight: int) -> None:
    assert wire.length(text, Unit.WEIGHTED) == weight


def test_consent_hides_the_verifier_behind_its_hash(x: FakePlatform) -> None:
    wish = connector.authorise(x.context(connector, ACCOUNT), "https://parley.example/back", "s")
    asked = parse_qs(urlsplit(wish.url).query)
    assert asked["code_challenge"] == [signatures.pkce_challenge(wish.verifier)]
    assert 43 <= len(wish.verifier) <= 128
    assert "offline.access" in asked["scope"][0].split()


def test_a_code_becomes_tokens_and_an_account(x: FakePlatform) -> None:
    tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 7200, "scope": "dm.read dm.write"}
    x.on("POST", "/2/oauth2/token", json_answer(tokens))
    x.on(
        "GET",
        "/2/users/me",
        json_answer({"data": {"id": ACCOUNT.external_id, "username": "acme", "name": "Acme"}}),
    )
    grant = connector.exchange(
        x.context(connector, ACCOUNT), "code", "https://parley.example/back", "verifier"
    )
    assert grant.account == Account(ACCOUNT.external_id, "acme", "Acme")
    assert (grant.tokens.refresh, grant.tokens.expires_at) == ("r", NOW + timedelta(hours=2))
    form = parse_qs(x.asked[0].content.decode())
    assert form["code_verifier"] == ["verifier"]
    assert x.asked[0].headers["authorization"].startswith("Basic ")
    assert "client_secret" not in form


def test_the_refresh_token_changes_with_each_use(x: FakePlatform) -> None:
    x.on(
        "POST",
        "/2/oauth2/token",
        json_answer({"access_token": "b", "refresh_token": "r2", "expires_in": 7200}),
    )
    held = Tokens("a", "r1", scopes=("dm.read",))
    fresh = connector.refresh(x.context(connector, ACCOUNT, tokens=held))
    assert (fresh.access, fresh.refresh, fresh.scopes) == ("b", "r2", ("dm.read",))


@pytest.mark.parametrize("status", [400, 401])
def test_a_used_up_refresh_token_wants_a_person(x: FakePlatform, status: int) -> None:
    x.on("POST", "/2/oauth2/token", json_answer({"error": "invalid_grant"}, status))
    with pytest.raises(ConnectorError) as caught:
        connector.refresh(x.context(connector, ACCOUNT))
    assert caught.value.remedy is Remedy.RECONNECT


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        (429, {"error": "invalid_request"}, Remedy.RETRY),
        (503, {"error": "temporarily_unavailable"}, Remedy.RETRY),
        (401, {"error": "unauthorized_client"}, Remedy.BUG),
        (401, {"title": "Unauthorized"}, Remedy.BUG),
        (403, {"type": "https://api.x.com/2/problems/usage-capped"}, Remedy.BUG),
    ],
)
def test_what_is_not_said_of_the_grant_has_nobody_connect_again(
    x: FakePlatform, status: int, body: dict[str, str], remedy: Remedy
) -> None:
    x.on("POST", "/2/oauth2/token", json_answer(body, status))
    with pytest.raises(ConnectorError) as caught:
        connector.refresh(x.context(connector, ACCOUNT))
    assert caught.value.remedy is remedy
    assert "Connect" not in caught.value.reason


def test_a_new_webhook_is_registered_and_every_event_asked_for(x: FakePlatform) -> None:
    url = "https://parley.example/hook"
    x.on("GET", "/2/webhooks", json_answer({"meta": {"result_count": 0}}))
    x.on("POST", "/2/webhooks", json_answer({"data": {"id": "1976", "url": url, "valid": True}}))
    have = {"event_type": "dm.received", "filter": {"user_id": ACCOUNT.external_id}, "webhook_id": "1976"}
    x.on("GET", "/2/activity/subscriptions", json_answer({"data": [have]}))
    x.on("POST", "/2/activity/subscriptions", json_answer({"data": [{"id": "1"}]}))
    connector.subscribe(x.context(connector, ACCOUNT), url)
    wished = [sent_json(r) for r in x.asked if r.url.path.endswith("subscriptions") and r.method == "POST"]
    assert {each["event_type"] for each in wished} >= {
        "dm.sent",
        "dm.read",
        "post.mention.create",
        "oauth.revoke",
    }
    assert "dm.received" not in {each["event_type"] for each in wished}
    assert not any(each["event_type"].startswith("block") for each in wished)  # no scope is asked for them
    tokens = {r.headers["authorization"] for r in x.asked if r.url.path == "/2/webhooks"}
    assert tokens == {"Bearer app-bearer"}


def test_a_webhook_given_up_by_x_is_proven_again(x: FakePlatform) -> None:
    url = "https://parley.example/hook"
    x.on("GET", "/2/webhooks", json_answer({"data": [{"id": "1976", "url": url, "valid": False}]}))
    x.on("PUT", "/2/webhooks/1976", json_answer({"data": {"valid": True}}))
    x.on("GET", "/2/activity/subscriptions", json_answer({"meta": {}}))
    x.on("POST", "/2/activity/subscriptions", json_answer({"data": {"id": "1"}}))
    connector.subscribe(x.context(connector, ACCOUNT), url)
    assert [r.url.path for r in x.asked if r.method == "PUT"] == ["/2/webhooks/1976"]


def test_history_is_messages_then_mentions(x: FakePlatform) -> None:
    said = {
        "id": "2080765901528535001", "event_type": "MessageCreate", "text": "look https://t.co/pic",
        "sender_id": CUSTOMER, "dm_conversation_id": THREAD, "created_at": "2026-08-06T10:23:44.000Z",
        "attachments": {"media_keys": ["3_2080765900000000001"]},
    }  # fmt: skip
    joined = {
        "id": "2080765901528535002", "event_type": "ParticipantsJoin", "participant_ids": [CUSTOMER],
        "dm_conversation_id": "1700000000000000001", "created_at": "2026-08-06T10:24:44.000Z", "sender_id": "1",
    }  # fmt: skip
    includes = {
        "users": [{"id": CUSTOMER, "name": "Mara", "username": "mara_k"}],
        "media": [
            {"media_key": "3_2080765900000000001", "type": "photo", "url": "https://pbs.twimg.com/p.jpg"}
        ],
    }
    odd = {"id": "5", "created_at": "2026-08-06T10:22:44.000Z"}
    body = {
        "data": [joined, said, odd], "includes": includes, "errors": [{"detail": "one is gone"}],
        "meta": {"next_token": "18LAA581J5II7LA00C00ZZZZ"},
    }  # fmt: skip
    post = {"id": "9", "text": "@acme hi", "author_id": CUSTOMER, "created_at": "2026-08-06T10:23:44.000Z"}
    x.on("GET", "/2/dm_events", json_answer(body), json_answer({"meta": {"result_count": 0}}))
    our_own = {**post, "id": "10", "text": "@acme opens on Sundays", "author_id": ACCOUNT.external_id}
    x.on(
        "GET", f"/2/users/{ACCOUNT.external_id}/mentions", json_answer({"data": [post, our_own], "meta": {}})
    )
    ctx, cursor, pages = x.context(connector, ACCOUNT), "", []
    while True:
        page = connector.history(ctx, cursor)
        pages.append(page)
        cursor = page.cursor
        if not page.more:
            break
    found = [each for page in pages for each in page.events if isinstance(each, InboundMessage)]
    assert [(each.kind, each.text) for each in found] == [
        (MessageKind.SYSTEM, "Mara joined the conversation."),
        (MessageKind.TEXT, "look"),
        (MessageKind.MENTION, "@acme hi"),
    ]
    assert found[1].attachments[0].url == "https://pbs.twimg.com/p.jpg"
    [(unread, why)] = [failure for page in pages for failure in page.failures]
    assert (unread["event"], why) == (odd, "The item has no conversation.")
    assert [page.failed_at for page in pages if page.failures] == [(wire.moment(odd["created_at"]),)]
    assert pages[0].remarks == ("one is gone",)
    assert [page.public for page in pages] == [False] * (len(pages) - 1) + [True]
    assert x.asked[1].url.params["pagination_token"] == "18LAA581J5II7LA00C00ZZZZ"


WITHHELD = [
    refusals.problem(403, "Forbidden"),
    refusals.problem(403, "words", "client-forbidden"),
    refusals.problem(403, "words", "usage-capped"),
]


@pytest.mark.parametrize("refused", WITHHELD, ids=["scope", "plan", "cap"])
def test_an_app_without_posts_is_not_parked_for_it(x: FakePlatform, refused: httpx.Response) -> None:
    x.on("GET", "/2/dm_events", json_answer({"meta": {"result_count": 0}}))
    x.on("GET", f"/2/users/{ACCOUNT.external_id}/mentions", refused)
    x.on("POST", "/2/tweets", refused)
    ctx = x.context(connector, ACCOUNT)
    answer = reply(thread_id="comment:9", thread_kind=ThreadKind.COMMENT, reply_to="9")

    last = connector.history(ctx, connector.history(ctx, "").cursor)
    with pytest.raises(ConnectorError) as caught:
        connector.send(ctx, answer)

    assert (last.more, bool(last.withheld)) == (False, True)
    assert (caught.value.remedy, caught.value.of_public) == (Remedy.TELL, True)
    assert error_of(x, refused).remedy is Remedy.RECONNECT


def test_an_account_that_is_locked_is_so_for_mentions_too(x: FakePlatform) -> None:
    x.on("GET", "/2/dm_events", json_answer({"meta": {"result_count": 0}}))
    locked = json_answer({"errors": [{"code": 326, "message": "words"}]}, 403)
    x.on("GET", f"/2/users/{ACCOUNT.external_id}/mentions", locked)
    ctx = x.context(connector, ACCOUNT)
    mentions = connector.history(ctx, "").cursor

    with pytest.raises(ConnectorError) as caught:
        connector.history(ctx, mentions)

    assert caught.value.remedy is Remedy.RECONNECT


def test_media_of_messages_is_asked_for_through_the_api(x: FakePlatform) -> None:
    x.on("GET", "/2/dm_conversations/media/208/122/Xy.jpg", httpx.Response(200, content=b"jpg"))
    url = "https://ton.twitter.com/1.1/ton/data/dm/208/122/Xy.jpg"
    assert connector.media(x.context(connector, ACCOUNT), url).content == b"jpg"
    assert x.asked[0].headers["authorization"] == "Bearer token-of-the-account"


def test_a_file_at_what_is_no_address_is_not_there(x: FakePlatform) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector.media(x.context(connector, ACCOUNT), "https://[x")

    assert (caught.value.remedy, x.asked) == (Remedy.BUG, [])


def test_our_token_does_not_leave_for_another_host(x: FakePlatform) -> None:
    x.on("GET", "/p.jpg", httpx.Response(200, content=b"jpg"))
    connector.media(x.context(connector, ACCOUNT), "https://pbs.twimg.com/p.jpg")
    assert "authorization" not in x.asked[0].headers


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, Remedy.TELL), (400, Remedy.TELL), (429, Remedy.RETRY), (503, Remedy.RETRY)]
)
def test_what_another_host_says_of_its_file_says_nothing_of_the_account(
    x: FakePlatform, status: int, remedy: Remedy
) -> None:
    """Not even where it speaks as the platform does, and asks to be asked again at once."""
    words = {"message": "comment create throttled", "errors": [{"code": 89}]}
    x.on("GET", "/a.gif", json_answer(words, status, {"retry-after": "0"}))

    with pytest.raises(ConnectorError) as caught:
        connector.media(x.context(connector, ACCOUNT), "https://gifs.example/a.gif")

    assert (caught.value.remedy, caught.value.retry_at) == (remedy, None)


def test_nor_does_a_host_that_the_platform_sends_us_to(x: FakePlatform) -> None:
    away = httpx.Response(302, headers={"location": "https://gifs.example/a.gif"})
    x.on("GET", "/own/a.gif", away).on("GET", "/a.gif", json_answer({}, 401))
    context = x.context(connector, ACCOUNT)

    with pytest.raises(ConnectorError) as caught:
        connector.media(context, f"{context.origins.api}/own/a.gif")

    assert caught.value.remedy is Remedy.TELL


def test_a_sign_in_that_the_platform_itself_refuses_for_a_file_is_renewed(x: FakePlatform) -> None:
    x.on("GET", "/own/a.gif", json_answer({}, 401))
    context = x.context(connector, ACCOUNT)

    with pytest.raises(ConnectorError) as caught:
        connector.media(context, f"{context.origins.api}/own/a.gif")

    assert caught.value.remedy is Remedy.REFRESH


def test_the_limits_of_mentions_are_not_those_of_messages(x: FakePlatform) -> None:
    def limits(most: str) -> dict[str, str]:
        return {"x-rate-limit-limit": most, "x-rate-limit-remaining": "1", "x-rate-limit-reset": "1786018000"}

    x.on("GET", "/2/dm_events", json_answer({"meta": {}}, headers=limits("15")))
    path = f"/2/users/{ACCOUNT.external_id}/mentions"
    x.on("GET", path, json_answer({"meta": {}}, headers=limits("300")))
    ctx = x.context(connector, ACCOUNT)

    messages = connector.history(ctx, "")
    mentions = connector.history(ctx, messages.cursor)

    assert [page.rates[0].bucket for page in (messages, mentions)] == ["messages", "mentions"]


def test_what_x_is_not_asked_to_deliver_is_named(x: FakePlatform) -> None:
    url = "https://parley.example/hook"
    x.on("GET", "/2/webhooks", json_answer({"data": [{"id": "1976", "url": url, "valid": True}]}))
    have = [
        {"event_type": name, "filter": {"user_id": ACCOUNT.external_id}, "webhook_id": "1976"}
        for name in ("dm.received", "dm.sent", "post.mention.create", "post.delete", "oauth.revoke")
    ]
    x.on("GET", "/2/activity/subscriptions", json_answer({"data": have}))

    found = connector.subscription(x.context(connector, ACCOUNT), url)

    assert found.is_active
    assert "It does not deliver post.reply.create, post.quote.create" in found.said


def test_each_address_is_asked_about_ahead_and_what_it_has_used_up_is_told(x: FakePlatform) -> None:
    used_up = {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1786018000"}
    for path in ("/2/dm_events", f"/2/dm_conversations/{THREAD}/dm_events", "/2/users/42"):
        x.on("GET", path, json_answer({"meta": {}}, headers=used_up))
    asked, told = list[str](), list[RateNotice]()
    context = x.context(connector, ACCOUNT, ahead=asked.append, heard=told.extend)

    connector.history(context, "")
    connector.history(context, "", THREAD)
    connector.profile(context, "42")

    assert asked == ["messages", "thread", "profile"]
    assert [(each.bucket, each.remaining) for each in told] == [(name, 0) for name in asked]
