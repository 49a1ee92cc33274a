"""What Parley asks of Instagram, and what it makes of the answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from connectors import wire
from connectors.contract import (
    Account,
    App,
    AttachmentKind,
    ConnectorError,
    InboundMessage,
    MessageKind,
    OutboundAttachment,
    Party,
    Reacted,
    Remedy,
    ThreadKind,
    Tokens,
    WebhookRequest,
)
from connectors.platforms.instagram import errors
from connectors.platforms.instagram.connector import connector
from simulator.platforms.instagram.sending import RECORDINGS_PER_SECOND
from tests.connectors import refusals
from tests.connectors.helpers import NOW, FakePlatform, json_answer, lost_answer, reply, sent_json

ACCOUNT = Account("17841400000000001", "acme.shop")
OURS = ACCOUNT.external_id
CUSTOMER = "927364500000011"
SEND = f"/v25.0/{ACCOUNT.external_id}/messages"
APP = App("client-1", "app-secret", verify_token="verify-me")


@pytest.fixture
def instagram() -> FakePlatform:
    return FakePlatform()


def refused(code: int, subcode: int | None = None, status: int = 400, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    error = {"message": "(#0) words", "type": "OAuthException", "code": code, **more}
    if subcode:
        error["error_subcode"] = subcode
    return json_answer({"error": error}, status, headers)


def error_of(instagram: FakePlatform, answer: Any, **changes: Any) -> ConnectorError:
    instagram.on("POST", SEND, answer)
    with pytest.raises(ConnectorError) as caught:
        connector.send(instagram.context(connector, ACCOUNT), reply(**changes))
    return caught.value


def picture(kind: AttachmentKind = AttachmentKind.IMAGE) -> OutboundAttachment:
    return OutboundAttachment(kind, "image/png", "a.png", 10, "https://parley.example/out/t/", "/tmp/a.png")


def hub(**query: str) -> WebhookRequest:
    return WebhookRequest("GET", query, {}, b"")


def test_the_challenge_is_echoed_as_it_came() -> None:
    request = hub(
        **{"hub.mode": "subscribe", "hub.challenge": "01158201444", "hub.verify_token": "verify-me"}
    )
    answer = connector.handshake(request, APP)
    assert answer is not None and (answer.status, answer.body) == (200, b"01158201444")


def test_underscores_in_place_of_dots_are_understood() -> None:
    request = hub(hub_mode="subscribe", hub_challenge="7", hub_verify_token="verify-me")
    answer = connector.handshake(request, APP)
    assert answer is not None and answer.body == b"7"


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_is_refused(token: str) -> None:
    request = hub(**{"hub.mode": "subscribe", "hub.challenge": "7", "hub.verify_token": token})
    answer = connector.handshake(request, replace(APP, verify_token="" if not token else "verify-me"))
    assert answer is not None and answer.status == 403


def test_a_plain_get_is_no_handshake() -> None:
    assert connector.handshake(hub(), APP) is None


def test_words_go_to_the_customer(instagram: FakePlatform) -> None:
    instagram.on("POST", SEND, json_answer({"recipient_id": CUSTOMER, "message_id": "aWdfZ1"}))
    sent = connector.send(instagram.context(connector, ACCOUNT), reply(reply_to="aWdfZ0"))
    assert sent.external_ids == ("aWdfZ1",)
    (request,) = instagram.asked
    assert request.headers["authorization"] == "Bearer token-of-the-account"
    assert sent_json(request) == {
        "recipient": {"id": CUSTOMER},
        "message": {"text": "Yes, until 18:00."},
        "reply_to": {"mid": "aWdfZ0"},
    }


def test_a_picture_goes_before_the_words(instagram: FakePlatform) -> None:
    instagram.on("POST", SEND, json_answer({"message_id": "a"}), json_answer({"message_id": "b"}))
    sent = connector.send(
        instagram.context(connector, ACCOUNT), reply(attachments=(picture(),), human_agent=True)
    )
    first, second = map(sent_json, instagram.asked)
    assert sent.external_ids == ("a", "b")
    assert first["message"]["attachment"]["payload"]["url"] == "https://parley.example/out/t/"
    assert second["message"] == {"text": "Yes, until 18:00."}
    assert first["tag"] == second["tag"] == "HUMAN_AGENT"


def test_a_file_that_instagram_loads_is_waited_for_as_long_as_that_may_take(instagram: FakePlatform) -> None:
    instagram.on("POST", SEND, json_answer({"message_id": "a"}), json_answer({"message_id": "b"}))
    connector.send(instagram.context(connector, ACCOUNT), reply(attachments=(picture(),)))
    waits = [request.extensions["timeout"]["read"] for request in instagram.asked]
    assert waits[0] > 75 > waits[1]


def test_words_refused_after_the_picture_are_not_begun_again(instagram: FakePlatform) -> None:
    instagram.on("POST", SEND, json_answer({"message_id": "a"}), refused(4))
    with pytest.raises(ConnectorError) as caught:
        connector.send(instagram.context(connector, ACCOUNT), reply(attachments=(picture(),)))
    assert (caught.value.remedy, caught.value.sent) == (Remedy.TELL, ("a",))


def test_bytes_are_counted_and_nothing_is_called(instagram: FakePlatform) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector.send(instagram.context(connector, ACCOUNT), reply("é" * 501))
    assert caught.value.remedy is Remedy.TELL
    assert instagram.asked == []


def test_a_lost_answer_is_unknown(instagram: FakePlatform) -> None:
    assert error_of(instagram, lost_answer).remedy is Remedy.UNKNOWN


def test_an_acceptance_without_an_id_is_unknown(instagram: FakePlatform) -> None:
    assert error_of(instagram, json_answer({"recipient_id": CUSTOMER})).remedy is Remedy.UNKNOWN


@pytest.mark.parametrize("refused", [*refusals.instagram()], ids=str)
def test_each_refusal_leads_to_its_remedy(instagram: FakePlatform, refused: refusals.Refused) -> None:
    error = error_of(instagram, refused.answer)

    assert (error.remedy, error.contact_unavailable) == (refused.remedy, refused.unavailable)
    assert error.reason


@pytest.mark.parametrize(
    ("code", "restricted"), [*((code, True) for code in refusals.RESTRICTED), ((190, None), False)]
)
def test_a_restriction_is_told_apart_from_a_broken_grant(
    instagram: FakePlatform, code: tuple[int, int | None], restricted: bool
) -> None:
    error = error_of(instagram, refused(*code))

    assert (error.remedy, error.restricted) == (Remedy.RECONNECT, restricted)


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (refused(10, message="(#10) This message is sent outside of allowed window."), Remedy.WAIT),
        (refused(10, 9999999), Remedy.RECONNECT),
        (refused(190, 460), Remedy.RECONNECT),
        (refused(2018001), Remedy.TELL),
        (refused(99999, is_transient=True), Remedy.RETRY),
        (refused(99999), Remedy.TELL),
        (httpx.Response(500, content=b"<html>"), Remedy.UNKNOWN),
        (httpx.Response(500, json={"error": {"code": 99999}}), Remedy.UNKNOWN),
        (httpx.Response(500, json={"error": {"code": 2, "is_transient": True}}), Remedy.RETRY),
        (httpx.Response(503), Remedy.UNKNOWN),
        (httpx.Response(502), Remedy.UNKNOWN),
        (httpx.Response(504, content=b"<html>"), Remedy.UNKNOWN),
        (httpx.Response(504, json={"message": "Endpoint request timed out"}), Remedy.UNKNOWN),
        (httpx.Response(504, json={"error": {"code": 2}}), Remedy.UNKNOWN),
        (httpx.Response(408), Remedy.UNKNOWN),
        (httpx.Response(502, json={"message": "Bad gateway"}), Remedy.UNKNOWN),
        (httpx.Response(502, json={"error": {"code": 2}}), Remedy.RETRY),
        (httpx.Response(429), Remedy.RETRY),
        (httpx.Response(200, content=b'{"message_id":"a'), Remedy.UNKNOWN),
        (httpx.Response(200, content=b""), Remedy.UNKNOWN),
    ],
)
def test_what_follows_from_other_answers(
    instagram: FakePlatform, answer: httpx.Response, remedy: Remedy
) -> None:
    assert error_of(instagram, answer).remedy is remedy


def test_a_throttle_ends_when_the_header_says(instagram: FakePlatform) -> None:
    usage = (
        '{"17841400000000001":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":12}]}'
    )
    error = error_of(instagram, refused(80002, headers={"x-business-use-case-usage": usage}))
    assert error.retry_at == NOW + timedelta(minutes=12)
    assert [notice.used_percent for notice in error.rates] == [100]


def usage(kind: str, percent: int, minutes: int = 0) -> dict[str, Any]:
    return {"type": kind, "call_count": percent, "estimated_time_to_regain_access": minutes}


@pytest.mark.parametrize(
    ("told", "percent", "minutes"),
    [
        ({"17841400000000009": [usage("instagram", 100, 30)], OURS: [usage("instagram", 3)]}, 3, 0),
        ({OURS: [usage("instagram", 100, 30)], "17841400000000009": [usage("instagram", 3)]}, 100, 30),
        ({OURS: [usage("ads_insights", 100, 30), usage("messenger", 7)]}, 7, 0),
        ({OURS: [usage("instagram", 100, 5), usage("messenger", 100, 9), usage("pages", 100, 60)]}, 100, 9),
        ({"555000": [usage("instagram", 100, 4)]}, 100, 4),
        ({"17841400000000009": [usage("instagram", 100)], "17841400000000008": []}, None, 0),
    ],
    ids=["another's", "ours first", "reports of ads", "the worst", "by another name", "not told of us"],
)
def test_of_the_usage_only_what_is_ours_and_of_messages_counts(
    instagram: FakePlatform, told: dict[str, Any], percent: int | None, minutes: int
) -> None:
    headers = {"x-business-use-case-usage": orjson.dumps(told).decode()}
    instagram.on("POST", SEND, json_answer({"message_id": "a"}, headers=headers))

    found = connector.send(instagram.context(connector, ACCOUNT), reply()).rates

    ends = NOW + timedelta(minutes=minutes) if minutes else None
    assert [(each.used_percent, each.resets_at) for each in found] == (
        [] if percent is None else [(percent, ends)]
    )


def test_a_throttle_that_calls_itself_transient_is_told_as_a_throttle(instagram: FakePlatform) -> None:
    error = error_of(instagram, refused(4, is_transient=True))
    assert (error.remedy, error.reason) == (Remedy.RETRY, "Instagram asks us to slow down.")
    assert error.throttled


def test_usage_is_told_with_every_answer(instagram: FakePlatform) -> None:
    headers = {"x-app-usage": '{"call_count":28,"total_time":61,"total_cputime":24}'}
    instagram.on("POST", SEND, json_answer({"message_id": "a"}, headers=headers))
    (notice,) = connector.send(instagram.context(connector, ACCOUNT), reply()).rates
    assert (notice.bucket, notice.used_percent) == ("app", 61)


def test_a_public_answer_goes_under_the_comment(instagram: FakePlatform) -> None:
    instagram.on("POST", "/v25.0/17870000000000031/replies", json_answer({"id": "17870000000000099"}))
    thread = "comment:17870000000000030"
    message = reply(thread_id=thread, thread_kind=ThreadKind.COMMENT, reply_to="17870000000000031")
    sent = connector.send(instagram.context(connector, ACCOUNT), message)
    assert sent.external_ids == ("17870000000000099",)
    assert parse_qs(instagram.asked[0].content.decode()) == {"message": ["Yes, until 18:00."]}


@pytest.mark.parametrize(
    ("code", "subcode", "is_its_own"), [(368, None, True), (368, 1390008, True), (10, 1893063, False)]
)
def test_a_public_answer_that_is_blocked_restricts_no_messages(
    instagram: FakePlatform, code: int, subcode: int | None, is_its_own: bool
) -> None:
    error = {"code": code, "message": "No."} | ({"error_subcode": subcode} if subcode else {})
    instagram.on("POST", "/v25.0/17870000000000030/replies", json_answer({"error": error}, 400))
    message = reply(thread_id="comment:17870000000000030", thread_kind=ThreadKind.COMMENT)

    with pytest.raises(ConnectorError) as refused:
        connector.send(instagram.context(connector, ACCOUNT), message)

    told = refused.value
    expected = (Remedy.TELL, False, False) if is_its_own else (Remedy.RECONNECT, True, False)
    assert (told.remedy, told.restricted, told.of_public) == expected
    assert (told.reason == errors.NOT_IN_PUBLIC) is is_its_own


@pytest.mark.parametrize(
    ("place", "quoted", "comment"),
    [
        (":17870000000000040", "", "17870000000000040"),
        (":17870000000000040", "17870000000000041", "17870000000000041"),
        ("", "17870000000000040", "17870000000000040"),
        ("", "mention:17910000000000009", ""),
    ],
)
def test_a_mention_is_answered_where_it_was_made(
    instagram: FakePlatform, place: str, quoted: str, comment: str
) -> None:
    instagram.on("POST", f"/v25.0/{ACCOUNT.external_id}/mentions", json_answer({"id": "17870000000000099"}))
    thread = f"comment:mention:17910000000000009{place}"
    message = reply(thread_id=thread, thread_kind=ThreadKind.COMMENT, reply_to=quoted)
    connector.send(instagram.context(connector, ACCOUNT), message)
    form = parse_qs(instagram.asked[0].content.decode())
    assert form["media_id"] == ["17910000000000009"]
    assert form.get("comment_id", [""]) == [comment]


def test_history_of_one_thread_is_one_page(instagram: FakePlatform) -> None:
    message = {
        "id": "aWdfZ1",
        "created_time": "2026-08-06T10:32:25+0000",
        "message": "Hi!",
        "from": {"id": CUSTOMER},
    }
    instagram.on("GET", "/v25.0/me/conversations", json_answer({"data": [{"id": "conv-1"}]}))
    instagram.on("GET", "/v25.0/conv-1/messages", json_answer({"data": [message]}))
    page = connector.history(instagram.context(connector, ACCOUNT), "", CUSTOMER)
    assert (len(page.events), page.more) == (1, False)
    assert instagram.asked[0].url.params["user_id"] == CUSTOMER


def test_history_of_a_comment_is_what_was_answered(instagram: FakePlatform) -> None:
    ours = {
        "id": "17870000000000099", "text": "We look into it.", "timestamp": "2026-08-06T10:40:00+0000",
        "from": {"id": ACCOUNT.external_id, "username": "acme.shop"},
    }  # fmt: skip
    no_id = {"text": "no id", "timestamp": "2026-08-06T10:41:00+0000"}
    instagram.on("GET", "/v25.0/17870000000000030/replies", json_answer({"data": [ours, no_id]}))
    page = connector.history(instagram.context(connector, ACCOUNT), "", "comment:17870000000000030")
    (found,) = page.events
    assert isinstance(found, InboundMessage)
    assert (found.outbound, found.thread_id, found.text) == (
        True,
        "comment:17870000000000030",
        "We look into it.",
    )
    assert len(page.failures) == 1
    assert page.failed_at == (wire.moment(no_id["timestamp"]),)


@pytest.mark.parametrize(
    ("listed", "newest"), [({"updated_time": "2026-05-06T10:00:00+0000"}, "2026-05-06T10:00:00+00:00"), ({}, None)]
)  # fmt: skip
def test_a_conversation_that_is_not_shown_hides_no_other_and_is_of_its_last_news(
    instagram: FakePlatform, listed: dict[str, str], newest: str | None
) -> None:
    message = {
        "id": "aWdfZ1", "created_time": "2026-08-06T10:32:25+0000", "message": "Hi!",
        "from": {"id": CUSTOMER}, "to": {"data": [{"id": ACCOUNT.external_id}]},
    }  # fmt: skip
    both = {"data": [{"id": "conv-2", **listed}, {"id": "conv-1"}]}
    instagram.on("GET", "/v25.0/me/conversations", json_answer(both))
    instagram.on("GET", "/v25.0/conv-2/messages", refused(100, message="It cannot be loaded."))
    instagram.on("GET", "/v25.0/conv-1/messages", json_answer({"data": [message]}))
    ctx = instagram.context(connector, ACCOUNT)

    listing = connector.history(ctx, "")
    hidden = connector.history(ctx, listing.cursor)
    shown = connector.history(ctx, hidden.cursor)

    assert wire.unpack(listing.cursor)["waiting"] == [
        "conv-2",
        "conv-1",
    ]  # the version before reads on from it
    assert [each["conversation"] for each, _ in hidden.failures] == ["conv-2"]
    assert hidden.failed_at == (wire.moment(newest),)
    assert [getattr(each, "external_id", "") for each in shown.events] == ["aWdfZ1"]


def test_a_cursor_of_the_version_before_leads_on(instagram: FakePlatform) -> None:
    instagram.on("GET", "/v25.0/conv-1/messages", json_answer({"data": []}))
    cursor = wire.pack({"waiting": ["conv-1", "conv-2"], "after": "", "began": {}})

    page = connector.history(instagram.context(connector, ACCOUNT), cursor)

    assert wire.unpack(page.cursor)["waiting"] == ["conv-2"]


def test_the_customer_is_shown_that_somebody_writes(instagram: FakePlatform) -> None:
    instagram.on(
        "POST", SEND, json_answer({"recipient_id": CUSTOMER}, headers={"x-app-usage": '{"call_count": 7}'})
    )

    notices = connector.show_writing(instagram.context(connector, ACCOUNT), CUSTOMER, "")

    assert sent_json(instagram.asked[0]) == {"recipient": {"id": CUSTOMER}, "sender_action": "typing_on"}
    assert [(each.bucket, each.used_percent) for each in notices] == [("app", 7)]


OWN = f"/v25.0/{ACCOUNT.external_id}"


@pytest.mark.parametrize(
    ("external_id", "field", "asked"),
    [
        ("17870000000000040", "mentioned_comment", "comment_id(17870000000000040){id,text,"),
        ("mention:17910000000000010", "mentioned_media", "media_id(17910000000000010){id,caption,"),
    ],
)
def test_the_words_of_a_mention_are_asked_for(
    instagram: FakePlatform, external_id: str, field: str, asked: str
) -> None:
    words = {"text" if field == "mentioned_comment" else "caption": "@acme.shop look", "username": "mara.k"}
    instagram.on("GET", OWN, json_answer({field: words, "id": ACCOUNT.external_id}))

    said = connector.told(instagram.context(connector, ACCOUNT), external_id, "comment:mention:1")

    assert instagram.asked[0].url.params["fields"].startswith(f"{field}.{asked}")
    assert (said.external_id, said.thread_id, said.text) == (
        external_id,
        "comment:mention:1",
        "@acme.shop look",
    )
    assert said.dated_by_delivery  # it did not say when, and now is no better than the delivery
    assert (said.author.name, said.author.username) == ("mara.k", "mara.k")
    assert said.author.external_id.startswith("author-of:")


@pytest.mark.parametrize("answer", [json_answer({"id": "1"}), refused(100, 33)])
def test_a_mention_that_is_gone_is_not_asked_for_again(
    instagram: FakePlatform, answer: httpx.Response
) -> None:
    instagram.on("GET", OWN, answer)

    with pytest.raises(ConnectorError) as caught:
        connector.told(instagram.context(connector, ACCOUNT), "17870000000000040", "comment:mention:1")

    assert caught.value.remedy is Remedy.TELL


def test_of_an_author_who_is_not_told_nothing_is_asked(instagram: FakePlatform) -> None:
    stand_in = "author-of:17870000000000040"

    assert connector.profile(instagram.context(connector, ACCOUNT), stand_in) == Party(stand_in)
    assert instagram.asked == []


def test_history_of_a_mention_is_refused_and_not_empty(instagram: FakePlatform) -> None:
    with pytest.raises(ConnectorError):
        connector.history(instagram.context(connector, ACCOUNT), "", "comment:mention:17910000000000009")


def test_an_id_with_a_slash_stays_one_part_of_the_path(instagram: FakePlatform) -> None:
    instagram.on("GET", "/v25.0/me/conversations", json_answer({"data": [{"id": "aW/d+f=="}]}))
    instagram.on("GET", "/v25.0/aW/d+f==/messages", json_answer({"data": []}))
    connector.history(instagram.context(connector, ACCOUNT), "", CUSTOMER)
    assert b"/v25.0/aW%2Fd%2Bf%3D%3D/messages" in instagram.asked[1].url.raw_path


def test_consent_asks_for_what_the_inbox_needs(instagram: FakePlatform) -> None:
    url = connector.authorise(instagram.context(connector, ACCOUNT), "https://parley.example/back", "s-1").url
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith("https://www.instagram.com/oauth/authorize?")
    assert (asked["state"], asked["response_type"]) == (["s-1"], ["code"])
    assert "instagram_business_manage_messages" in asked["scope"][0].split(",")


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_code_becomes_a_token_of_sixty_days(instagram: FakePlatform, wrapped: bool) -> None:
    grant: dict[str, Any] = {"access_token": "short", "user_id": ACCOUNT.external_id, "permissions": "a,b"}
    if not wrapped:
        grant |= {"user_id": int(ACCOUNT.external_id), "permissions": ["a", "b"]}
    instagram.on("POST", "/oauth/access_token", json_answer({"data": [grant]} if wrapped else grant))
    instagram.on("GET", "/access_token", json_answer({"access_token": "long", "expires_in": 5184000}))
    instagram.on("GET", "/v25.0/me", json_answer({"id": "1", "username": "acme.shop", "name": "Acme"}))
    got = connector.exchange(
        instagram.context(connector, ACCOUNT), "code-1#_", "https://parley.example/back", ""
    )
    assert got.account == Account(ACCOUNT.external_id, "acme.shop", "Acme")
    assert (got.tokens.access, got.tokens.scopes) == ("long", ("a", "b"))
    assert got.tokens.expires_at == NOW + timedelta(days=60)
    assert parse_qs(instagram.asked[0].content.decode())["code"] == ["code-1"]


def account_of_a_grant(instagram: FakePlatform, me: Any) -> Account:
    grant = {"access_token": "short", "user_id": "24000000000000001", "permissions": "a,b"}
    instagram.on("POST", "/oauth/access_token", json_answer({"data": [grant]}))
    instagram.on("GET", "/access_token", json_answer({"access_token": "long", "expires_in": 5184000}))
    instagram.on("GET", "/v25.0/me", me)
    return connector.exchange(
        instagram.context(connector, ACCOUNT), "code-1", "https://parley.example/back", ""
    ).account


def test_the_account_is_the_one_that_deliveries_name(instagram: FakePlatform) -> None:
    me = {"id": "24000000000000001", "user_id": ACCOUNT.external_id, "username": "acme.shop", "name": "Acme"}
    assert account_of_a_grant(instagram, json_answer(me)) == Account(
        ACCOUNT.external_id, "acme.shop", "Acme", formerly="24000000000000001"
    )


def test_only_where_the_account_is_not_told_is_it_the_one_beside_the_token(instagram: FakePlatform) -> None:
    account = account_of_a_grant(instagram, refused(10))
    assert (account.external_id, account.formerly) == ("24000000000000001", "")


def test_no_account_is_taken_for_another_because_a_fault_passes(instagram: FakePlatform) -> None:
    with pytest.raises(ConnectorError) as caught:
        account_of_a_grant(instagram, refused(2))
    assert caught.value.remedy is Remedy.RETRY


def test_a_token_is_renewed_in_place(instagram: FakePlatform) -> None:
    instagram.on("GET", "/refresh_access_token", json_answer({"access_token": "new", "expires_in": 5184000}))
    held = Tokens("old", expires_at=NOW + timedelta(days=5), issued_at=NOW - timedelta(days=55))
    fresh = connector.refresh(instagram.context(connector, ACCOUNT, tokens=held))
    assert (fresh.access, fresh.issued_at) == ("new", NOW)


@pytest.mark.parametrize(
    ("issued", "expires", "remedy"), [(-70, -10, Remedy.RECONNECT), (0, 60, Remedy.RETRY)]
)
def test_a_token_too_old_or_too_young_is_not_renewed(
    instagram: FakePlatform, issued: int, expires: int, remedy: Remedy
) -> None:
    held = Tokens("old", issued_at=NOW + timedelta(days=issued), expires_at=NOW + timedelta(days=expires))
    with pytest.raises(ConnectorError) as caught:
        connector.refresh(instagram.context(connector, ACCOUNT, tokens=held))
    assert caught.value.remedy is remedy
    assert instagram.asked == []


def test_the_account_asks_to_be_heard(instagram: FakePlatform) -> None:
    instagram.on("POST", "/v25.0/client-1/subscriptions", json_answer({"success": True}))
    instagram.on("POST", f"/v25.0/{ACCOUNT.external_id}/subscribed_apps", json_answer({"success": True}))
    connector.subscribe(instagram.context(connector, ACCOUNT), "https://parley.example/hook")
    app, account = instagram.asked
    assert parse_qs(app.content.decode())["callback_url"] == ["https://parley.example/hook"]
    assert "messages" in account.url.params["subscribed_fields"].split(",")


@pytest.mark.parametrize("status", [400, 401])
def test_an_address_that_is_entered_in_the_dashboard_costs_no_delivery(
    instagram: FakePlatform, status: int
) -> None:
    answer = json_answer({"error": {"message": "Cannot parse access token", "code": 190}}, status)
    instagram.on("POST", "/v25.0/client-1/subscriptions", answer)
    instagram.on("POST", f"/v25.0/{ACCOUNT.external_id}/subscribed_apps", json_answer({"success": True}))

    connector.subscribe(instagram.context(connector, ACCOUNT), "https://parley.example/hook")

    assert instagram.asked[-1].url.path.endswith("/subscribed_apps")


def test_a_field_that_instagram_does_not_know_costs_no_other(instagram: FakePlatform) -> None:
    instagram.on("POST", "/v25.0/client-1/subscriptions", refused(100), json_answer({"success": True}))
    instagram.on("POST", f"/v25.0/{ACCOUNT.external_id}/subscribed_apps", json_answer({"success": True}))

    connector.subscribe(instagram.context(connector, ACCOUNT), "https://parley.example/hook")

    asked = [parse_qs(each.content.decode())["fields"][0].split(",") for each in instagram.asked[:2]]
    account = instagram.asked[-1].url.params["subscribed_fields"].split(",")
    assert ["messaging_policy_enforcement" in fields for fields in (*asked, account)] == [True, False, False]
    assert "messages" in account


def test_history_walks_from_thread_to_thread(instagram: FakePlatform) -> None:
    following = "https://graph.instagram.com/v25.0/me/conversations?after=QVFJ"
    first = {"data": [{"id": "conv-1"}], "paging": {"cursors": {"after": "QVFJ"}, "next": following}}
    empty = {"data": [], "paging": {"cursors": {"after": "LAST"}}}
    message = {
        "id": "aWdfZ1", "created_time": "2026-08-06T10:32:25+0000", "message": "Hi!",
        "from": {"username": "mara.k", "id": CUSTOMER}, "to": {"data": [{"id": ACCOUNT.external_id}]},
        "reactions": {"data": [{"reaction": "love", "emoji": "❤", "users": [{"id": CUSTOMER}]}]},
    }  # fmt: skip
    ours = {
        "id": "aWdfZ2", "created_time": "2026-08-06T10:33:25+0000", "message": "",
        "from": {"id": ACCOUNT.external_id}, "to": {"data": [{"id": CUSTOMER}]},
        "attachments": {"data": [{"id": "1", "mime_type": "image/png", "image_data": {"url": "https://x/y"}}]},
    }  # fmt: skip
    mention = {
        "id": "aWdfZ3", "created_time": "2026-08-06T10:31:25+0000", "from": {"id": CUSTOMER}, "to": {"data": []},
        "story": {"mention": {"link": "https://x/s", "id": "180"}},
    }  # fmt: skip
    nobody = {"id": "aWdfZ4", "created_time": "2026-08-06T10:30:25+0000", "from": {"id": ""}}
    instagram.on("GET", "/v25.0/me/conversations", json_answer(first), json_answer(empty))
    instagram.on("GET", "/v25.0/conv-1/messages", json_answer({"data": [ours, message, mention, nobody]}))
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": []}))
    ctx = instagram.context(connector, ACCOUNT)
    cursor, pages = "", []
    while True:
        page = connector.history(ctx, cursor)
        pages.append(page)
        if not page.more:
            break
        cursor = page.cursor
    found = [event for page in pages for event in page.events]
    told = [each for each in found if isinstance(each, InboundMessage)]
    assert [each.external_id for each in told] == ["aWdfZ2", "aWdfZ1", "aWdfZ3"]
    assert [each.outbound for each in told] == [True, False, False]
    assert {each.thread_id for each in told} == {CUSTOMER}
    assert told[0].attachments[0].kind is AttachmentKind.IMAGE
    assert told[2].kind is MessageKind.STORY_MENTION and not told[2].attachments[0].storable
    assert [each.target for each in found if isinstance(each, Reacted)] == ["aWdfZ1"]
    assert [why for page in pages for _, why in page.failures] == [
        "The message does not tell who the customer is."
    ]
    assert [at for page in pages for at in page.failed_at] == [wire.moment(nobody["created_time"])]
    assert instagram.asked[-2].url.params["after"] == "QVFJ"


def test_a_profile_that_is_withheld_leaves_the_id(instagram: FakePlatform) -> None:
    answer = refused(230, message="User consent is required to access user profile")
    instagram.on("GET", f"/v25.0/{CUSTOMER}", answer)
    assert connector.profile(instagram.context(connector, ACCOUNT), CUSTOMER).external_id == CUSTOMER


def test_a_profile_with_a_name_that_is_null(instagram: FakePlatform) -> None:
    body = {"name": None, "username": "mara.k", "profile_pic": "https://x/p", "follower_count": 97}
    instagram.on("GET", f"/v25.0/{CUSTOMER}", json_answer(body))
    person = connector.profile(instagram.context(connector, ACCOUNT), CUSTOMER)
    assert (person.name, person.username, person.followers) == ("", "mara.k", 97)


def test_media_is_fetched_without_our_token(instagram: FakePlatform) -> None:
    instagram.on(
        "GET",
        "/ig_messaging_cdn/",
        httpx.Response(200, content=b"png", headers={"content-type": "image/png"}),
    )
    url = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=51"
    found = connector.media(instagram.context(connector, ACCOUNT), url)
    assert (found.content, found.mime) == (b"png", "image/png")
    assert "authorization" not in instagram.asked[0].headers


def test_media_that_has_expired_is_gone(instagram: FakePlatform) -> None:
    instagram.on("GET", "/a", httpx.Response(403))
    with pytest.raises(ConnectorError) as caught:
        connector.media(instagram.context(connector, ACCOUNT), "https://lookaside.fbsbx.com/a")
    assert caught.value.remedy is Remedy.TELL


@pytest.mark.parametrize("status", [404, 400])
def test_an_address_that_only_the_dashboard_knows_is_no_trouble(instagram: FakePlatform, status: int) -> None:
    installed = {"data": [{"id": "client-1", "subscribed_fields": ["messages"]}]}
    instagram.on("GET", f"/v25.0/{ACCOUNT.external_id}/subscribed_apps", json_answer(installed))
    instagram.on("GET", "/v25.0/client-1/subscriptions", json_answer({"error": {"code": 190}}, status))

    found = connector.subscription(instagram.context(connector, ACCOUNT), "https://parley.example/hook")

    assert found.is_active


def test_the_address_of_the_app_is_told_whosever_channel_it_was(instagram: FakePlatform) -> None:
    ours, first = (
        "https://parley.example/webhooks/instagram/ours/",
        "https://parley.example/webhooks/instagram/1/",
    )
    installed = {"data": [{"id": "client-1", "subscribed_fields": ["messages"]}]}
    held = {"data": [{"object": "instagram", "callback_url": first, "active": True}]}
    instagram.on("GET", f"/v25.0/{ACCOUNT.external_id}/subscribed_apps", json_answer(installed))
    instagram.on("GET", "/v25.0/client-1/subscriptions", json_answer(held))

    found = connector.subscription(instagram.context(connector, ACCOUNT), ours)

    assert (found.is_active, found.at) == (True, first)


def test_a_public_answer_that_is_too_long_is_not_sent(instagram: FakePlatform) -> None:
    most = connector.manifest.text_limit(public=True).max
    message = reply("a" * (most + 1), thread_id="comment:17870000000000030", thread_kind=ThreadKind.COMMENT)

    with pytest.raises(ConnectorError) as caught:
        connector.send(instagram.context(connector, ACCOUNT), message)

    assert (caught.value.remedy, instagram.asked) == (Remedy.TELL, [])


def test_the_list_and_each_conversation_are_asked_for_at_their_own_pace(instagram: FakePlatform) -> None:
    instagram.on("GET", "/v25.0/me/conversations", json_answer({"data": [{"id": "conv-1"}]}))
    instagram.on("GET", "/v25.0/conv-1/messages", json_answer({"data": []}))
    asked = list[str]()
    context = instagram.context(connector, ACCOUNT, ahead=asked.append)

    connector.history(context, connector.history(context, "").cursor)

    assert asked == ["conversations", "conversations"]
    assert connector.manifest.paces["conversations"].per_second == 2


def test_each_part_of_a_reply_and_each_sign_that_somebody_writes_is_sent_in_its_turn(
    instagram: FakePlatform,
) -> None:
    instagram.on("POST", SEND, json_answer({"message_id": "mid.1"}))
    asked = list[str]()
    context = instagram.context(connector, ACCOUNT, ahead=asked.append)

    connector.send(context, reply(attachments=(picture(),)))
    connector.show_writing(context, "thread", CUSTOMER)

    assert asked == ["send"] * 3
    assert connector.manifest.paces["send"].per_second == 100


def test_sounds_and_films_leave_at_their_own_pace_besides(instagram: FakePlatform) -> None:
    instagram.on("POST", SEND, json_answer({"message_id": "mid.1"}))
    asked = list[str]()
    context = instagram.context(connector, ACCOUNT, ahead=asked.append)
    files = [picture(AttachmentKind(kind)) for kind in ("audio", "image", "video", "file")]

    connector.send(context, reply(attachments=tuple(files)))

    assert asked == ["recordings", "send", "send", "recordings", "send", "send", "send"]


@pytest.mark.parametrize("began", range(0, 1000, 50))
def test_a_recording_that_is_late_for_its_turn_meets_no_limit_of_the_next_second(began: int) -> None:
    """Whoever waits, and the network, are late by unequal amounts: one in three of these by most of a turn."""
    gap = 1000 / connector.manifest.paces["recordings"].per_second
    arrivals = [began + turn * gap + (0.9 * gap if turn % 3 == 0 else 0) for turn in range(40)]
    seconds = Counter(int(at // 1000) for at in arrivals)

    assert max(seconds.values()) <= RECORDINGS_PER_SECOND
