"""What Parley asks of LinkedIn, and what it makes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from connectors import downloads, signatures, wire
from connectors.contract import (
    Account,
    App,
    AttachmentKind,
    ConnectorError,
    Context,
    InboundMessage,
    OutboundAttachment,
    Remedy,
    ThreadKind,
    Tokens,
    WebhookRequest,
)
from connectors.platforms.linkedin import backfill, errors, oauth, sending
from connectors.platforms.linkedin.connector import connector
from connectors.wire import milliseconds
from tests.connectors import refusals
from tests.connectors.helpers import NOW, FakePlatform, delivery, json_answer, lost_answer, reply, sent_json

LOOKS_BACK = 120_000  # milliseconds
ACCOUNT = Account("urn:li:person:2qXA98-mVk", name="Acme")
PAGE = "urn:li:organization:9000001"
THREAD = "urn:li:messagingThread:2-NjU5OTczMTMyOTE1=="
COMMENT = "urn:li:comment:(urn:li:activity:7090000000000000002,7090000000000000099)"
LOG = "/rest/memberChangeLogs"
HOOK = "https://p.example/hook"
SUBSCRIPTION = (
    "/rest/eventSubscriptions/(developerApplication:urn:li:developerApplication:123456,"
    f"user:{ACCOUNT.external_id},entity:{PAGE},eventType:ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS)"
)


@pytest.fixture
def linkedin() -> FakePlatform:
    return FakePlatform()


def accepted(headers: dict[str, str], body: bytes = b"") -> httpx.Response:
    return httpx.Response(201, headers=headers, content=body)


def error_of(linkedin: FakePlatform, answer: Any) -> ConnectorError:
    linkedin.on("POST", "/v2/messages", answer)
    with pytest.raises(ConnectorError) as caught:
        connector.send(linkedin.context(connector, ACCOUNT), reply(thread_id=THREAD))
    return caught.value


def test_the_challenge_is_answered_in_time_and_in_json() -> None:
    app = App("c", "li-client-secret")
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    answer = connector.handshake(WebhookRequest("GET", {"challengeCode": code}, {}, b""), app)
    assert answer is not None and answer.content_type == "application/json"
    assert orjson.loads(answer.body) == {
        "challengeCode": code,
        "challengeResponse": "313e20a5110164b82333ba6cb7cdad9e864a8e809bb93b22935d24b57f42823f",
    }


@pytest.mark.parametrize(
    "asked", ['hmacsha256={"notifications":[]}', "hmacsha256=", "a" * 65, "89 0e", "1\n"]
)
def test_a_text_that_no_challenge_asks_for_is_not_signed(asked: str) -> None:
    app = App("c", "li-client-secret")
    answer = connector.handshake(WebhookRequest("GET", {"challengeCode": asked}, {}, b""), app)
    assert answer is not None and answer.status == 400
    assert signatures.linkedin_challenge("li-client-secret", asked).encode() not in answer.body


@pytest.mark.parametrize("header", ["x-restli-id", "x-linkedin-id"])
def test_the_id_of_what_was_sent_stands_in_a_header(linkedin: FakePlatform, header: str) -> None:
    linkedin.on("POST", "/v2/messages", accepted({header: "urn:li:messagingMessage:2-abc=="}))
    sent = connector.send(linkedin.context(connector, ACCOUNT), reply(thread_id=THREAD))
    assert sent.external_ids == ("2-abc==",)
    assert sent_json(linkedin.asked[0]) == {
        "body": "Yes, until 18:00.", "messageType": "MEMBER_TO_MEMBER", "thread": THREAD,
    }  # fmt: skip
    assert linkedin.asked[0].headers["linkedin-version"] == "202607"
    assert linkedin.asked[0].headers["x-restli-protocol-version"] == "2.0.0"


@pytest.mark.parametrize("body", [b"\n", b"<html>OK</html>", b'{"id": "2-oth'])
def test_a_body_that_cannot_be_read_takes_nothing_from_the_header(
    linkedin: FakePlatform, body: bytes
) -> None:
    linkedin.on("POST", "/v2/messages", accepted({"x-restli-id": "2-abc=="}, body))

    sent = connector.send(linkedin.context(connector, ACCOUNT), reply(thread_id=THREAD))

    assert sent.external_ids == ("2-abc==",)


@pytest.mark.parametrize("body", [b"", b"\n", b"<html>OK</html>", b'{"id": 7}'])
def test_an_acceptance_without_an_id_is_unknown(linkedin: FakePlatform, body: bytes) -> None:
    assert error_of(linkedin, accepted({}, body)).remedy is Remedy.UNKNOWN


@pytest.mark.parametrize(
    ("scopes", "remedy"),
    [
        (("r_organization_social_feed",), Remedy.TELL),
        (("w_member_messages",), Remedy.RECONNECT),
        ((), Remedy.RECONNECT),
    ],
    ids=["never granted", "lost", "not told"],
)
def test_an_app_that_was_never_granted_to_send_is_not_parked_for_it(
    linkedin: FakePlatform, scopes: tuple[str, ...], remedy: Remedy
) -> None:
    linkedin.on("POST", "/v2/messages", NO_PRODUCT)
    ctx = linkedin.context(connector, ACCOUNT, tokens=Tokens("a", scopes=scopes))
    with pytest.raises(ConnectorError) as caught:
        connector.send(ctx, reply(thread_id=THREAD))
    assert caught.value.remedy is remedy


def test_consent_asks_for_the_right_to_send(linkedin: FakePlatform) -> None:
    url = connector.authorise(linkedin.context(connector, ACCOUNT), "https://p.example/back", "s-1").url
    assert "w_member_messages" in parse_qs(urlsplit(url).query)["scope"][0].split()


def test_a_file_becomes_an_asset_first(linkedin: FakePlatform, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    file = OutboundAttachment(
        AttachmentKind.FILE, "application/pdf", "a.pdf", 4, "https://p.example/o", str(tmp_path / "a.pdf")
    )
    place = {"uploadUrl": "https://api.linkedin.com/mediaUpload/C1/0", "headers": {}}
    value = {
        "asset": "urn:li:digitalmediaAsset:C1",
        "uploadMechanism": {"com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest": place},
    }
    linkedin.on("POST", "/v2/assets", json_answer({"value": value}))
    linkedin.on("PUT", "/mediaUpload/C1/0", httpx.Response(201))
    processing, ready = {"recipes": [{"status": "PROCESSING"}]}, {"recipes": [{"status": "AVAILABLE"}]}
    linkedin.on("GET", "/v2/assets/C1", json_answer(processing), json_answer(ready))
    linkedin.on("POST", "/v2/messages", accepted({"x-restli-id": "2-abc"}))
    noted: list[tuple[dict[str, Any], int]] = []
    told = linkedin.context(
        connector, ACCOUNT, note_file=lambda **file: noted.append((file, len(linkedin.asked)))
    )
    connector.send(told, reply(thread_id=THREAD, attachments=(file,)))
    name = {"place": 0, "external_id": "urn:li:digitalmediaAsset:C1"}
    assert noted == [(name, len(linkedin.asked) - 1)]  # ahead of the message
    assert linkedin.asked[1].content == b"%PDF"
    assert sent_json(linkedin.asked[-1])["attachments"] == ["urn:li:digitalmediaAsset:C1"]
    assert linkedin.pauses == [1.0]


def test_our_token_goes_to_no_other_host_with_a_file(linkedin: FakePlatform, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    file = OutboundAttachment(
        AttachmentKind.FILE, "application/pdf", "a.pdf", 4, "https://p.example/o", str(tmp_path / "a.pdf")
    )
    place = {"uploadUrl": "https://uploads.example/C1", "headers": {}}
    value = {
        "asset": "urn:li:digitalmediaAsset:C1",
        "uploadMechanism": {"com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest": place},
    }
    linkedin.on("POST", "/v2/assets", json_answer({"value": value}))
    linkedin.on("PUT", "/C1", httpx.Response(201))
    linkedin.on("GET", "/v2/assets/C1", json_answer({"recipes": [{"status": "AVAILABLE"}]}))
    linkedin.on("POST", "/v2/messages", accepted({"x-restli-id": "2-abc"}))

    connector.send(linkedin.context(connector, ACCOUNT), reply(thread_id=THREAD, attachments=(file,)))

    assert "authorization" not in linkedin.asked[1].headers
    assert "authorization" in linkedin.asked[2].headers


REGISTERED = {
    "asset": "urn:li:digitalmediaAsset:C1",
    "uploadMechanism": {
        "com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest": {
            "uploadUrl": "https://api.linkedin.com/mediaUpload/C1/0",
            "headers": {},
        }
    },
}


@pytest.mark.parametrize(
    ("step", "status", "reason"),
    [
        (("POST", "/v2/assets"), 403, errors.NO_FILES),
        (("PUT", "/mediaUpload/C1/0"), 403, errors.NO_FILES),
        (("PUT", "/mediaUpload/C1/0"), 401, errors.NO_FILES),
        (("GET", "/v2/assets/C1"), 403, errors.NO_FILES),
        (("PUT", "/mediaUpload/C1/0"), 404, "LinkedIn has no place any more for this file."),
    ],
    ids=str,
)
def test_a_refused_upload_is_told_and_stops_no_messages(
    linkedin: FakePlatform, tmp_path: Path, step: tuple[str, str], status: int, reason: str
) -> None:
    linkedin.on("POST", "/v2/assets", json_answer({"value": REGISTERED}))
    linkedin.on("PUT", "/mediaUpload/C1/0", httpx.Response(201))
    linkedin.on("GET", "/v2/assets/C1", json_answer({"recipes": [{"status": "AVAILABLE"}]}))
    linkedin.on(*step, json_answer({"message": "Not enough permissions", "serviceErrorCode": 100}, status))

    error = error_with_a_file(linkedin, tmp_path)

    assert (error.remedy, error.sent) == (Remedy.TELL, ())
    assert error.reason.startswith(reason)


@pytest.mark.parametrize("said", ["Too many requests", "The daily quota of this application is used up"])
@pytest.mark.parametrize(("host", "of_the_account"), [("api.linkedin.com", True), ("uploads.example", False)])
def test_another_host_that_is_asked_too_often_holds_up_that_reply_alone(
    linkedin: FakePlatform, tmp_path: Path, host: str, of_the_account: bool, said: str
) -> None:
    place = {"uploadUrl": f"https://{host}/C1", "headers": {}}
    mechanism = {"com.linkedin.digitalmedia.uploading.MediaUploadHttpRequest": place}
    value = {"asset": "urn:li:digitalmediaAsset:C1", "uploadMechanism": mechanism}
    linkedin.on("POST", "/v2/assets", json_answer({"value": value}))
    linkedin.on("PUT", "/C1", json_answer({"message": said}, 429, {"retry-after": "90"}))

    error = error_with_a_file(linkedin, tmp_path)

    assert (error.remedy, error.throttled or bool(error.rates)) == (Remedy.RETRY, of_the_account)
    assert error.retry_at and error.retry_at >= NOW + timedelta(seconds=90)


def test_an_upload_for_which_our_access_has_expired_has_it_renewed(
    linkedin: FakePlatform, tmp_path: Path
) -> None:
    linkedin.on("POST", "/v2/assets", json_answer({"message": "expired", "serviceErrorCode": 65602}, 401))

    assert error_with_a_file(linkedin, tmp_path).remedy is Remedy.REFRESH


def test_who_may_not_send_at_all_is_told_that_and_nothing_of_files(
    linkedin: FakePlatform, tmp_path: Path
) -> None:
    linkedin.on("POST", "/v2/assets", NO_PRODUCT)
    tokens = Tokens("a", scopes=("r_organization_social_feed",))

    assert error_with_a_file(linkedin, tmp_path, tokens=tokens).reason == sending.NOT_GRANTED


def error_with_a_file(linkedin: FakePlatform, folder: Path, **context: Any) -> ConnectorError:
    (folder / "a.pdf").write_bytes(b"%PDF")
    file = OutboundAttachment(
        AttachmentKind.FILE, "application/pdf", "a.pdf", 4, "https://p.example/o", str(folder / "a.pdf")
    )
    with pytest.raises(ConnectorError) as caught:
        connector.send(
            linkedin.context(connector, ACCOUNT, **context), reply(thread_id=THREAD, attachments=(file,))
        )
    return caught.value


@pytest.mark.parametrize("named", [COMMENT, COMMENT.replace("urn:li:activity", "activity")])
def test_a_comment_is_made_in_the_name_of_the_page(linkedin: FakePlatform, named: str) -> None:
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    path = f"/rest/socialActions/{COMMENT}/comments"
    linkedin.on("POST", path, accepted({"x-restli-id": "7090000000000000200"}))
    message = reply(thread_id=f"comment:{named}", thread_kind=ThreadKind.COMMENT)
    sent = connector.send(linkedin.context(connector, ACCOUNT), message)
    assert sent.external_ids == ("urn:li:comment:(urn:li:activity:7090000000000000002,7090000000000000200)",)
    assert sent_json(linkedin.asked[-1]) == {
        "actor": PAGE, "message": {"text": "Yes, until 18:00."}, "parentComment": COMMENT,
        "object": "urn:li:activity:7090000000000000002",
    }  # fmt: skip
    assert "urn%3Ali%3Acomment%3A%28urn%3Ali" in str(linkedin.asked[-1].url.raw_path)


def test_a_comment_for_which_the_role_is_missing_stops_no_messages(linkedin: FakePlatform) -> None:
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("POST", f"/rest/socialActions/{COMMENT}/comments", NO_PRODUCT)
    said = reply(thread_id=f"comment:{COMMENT}", thread_kind=ThreadKind.COMMENT)

    with pytest.raises(ConnectorError) as caught:
        connector.send(linkedin.context(connector, ACCOUNT), said)

    assert (caught.value.remedy, caught.value.of_public) == (Remedy.TELL, True)


def test_a_comment_without_a_page_is_told(linkedin: FakePlatform) -> None:
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"message": "no"}, 403))
    message = reply(thread_id=f"comment:{COMMENT}", thread_kind=ThreadKind.COMMENT)
    with pytest.raises(ConnectorError) as caught:
        connector.send(linkedin.context(connector, ACCOUNT), message)
    assert caught.value.remedy is Remedy.TELL


@pytest.mark.parametrize("refused", [*refusals.linkedin()], ids=str)
def test_each_refusal_leads_to_its_remedy(linkedin: FakePlatform, refused: refusals.Refused) -> None:
    error = error_of(linkedin, refused.answer)

    assert (error.remedy, error.contact_unavailable) == (refused.remedy, refused.unavailable)
    assert error.reason


@pytest.mark.parametrize(
    "words",
    ["Recipient cannot be messaged", "Recipient is not a 1st-degree connection", "Members are not connected"],
)
def test_a_member_who_takes_no_messages_is_told_and_parks_nothing(linkedin: FakePlatform, words: str) -> None:
    body = {"message": words, "status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED"}
    error = error_of(linkedin, json_answer(body, 403))
    assert (error.remedy, error.contact_unavailable) == (Remedy.TELL, True)


def test_a_product_that_is_missing_is_no_matter_of_the_person(linkedin: FakePlatform) -> None:
    body = {
        "message": "Not enough permissions to access: POST /messages",
        "status": 403,
        "serviceErrorCode": 100,
    }
    error = error_of(linkedin, json_answer(body, 403))
    assert (error.remedy, error.contact_unavailable) == (Remedy.RECONNECT, False)


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (httpx.Response(500, json={"message": "Internal Server Error", "status": 500}), Remedy.UNKNOWN),
        (httpx.Response(502, content=b"<html>"), Remedy.UNKNOWN),
        (httpx.Response(502, json={"message": "Bad gateway"}), Remedy.UNKNOWN),
        (httpx.Response(502, json={"serviceErrorCode": 999, "message": "x"}), Remedy.UNKNOWN),
        (httpx.Response(504, json={"message": "Endpoint request timed out"}), Remedy.UNKNOWN),
        (httpx.Response(408), Remedy.UNKNOWN),
        (httpx.Response(418), Remedy.TELL),
        (lost_answer, Remedy.UNKNOWN),
    ],
)
def test_what_follows_from_other_answers(linkedin: FakePlatform, answer: Any, remedy: Remedy) -> None:
    assert error_of(linkedin, answer).remedy is remedy


@pytest.mark.parametrize(
    ("body", "until"),
    [
        (
            {
                "message": "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
            },
            datetime(2026, 8, 7, tzinfo=UTC),
        ),
        (
            {"message": "Comment create throttled: creation rate limit exceeded for member"},
            NOW + timedelta(seconds=60),
        ),
    ],
)
def test_a_limit_ends_at_midnight_or_in_a_minute(linkedin: FakePlatform, body: Any, until: datetime) -> None:
    error = error_of(linkedin, json_answer(body, 429))
    assert (error.retry_at, [notice.resets_at for notice in error.rates]) == (until, [until])


@pytest.mark.parametrize(
    "body", [{}, {"message": "Too many requests", "status": 429}], ids=["empty", "words"]
)
def test_a_burst_closes_nothing_for_the_day(linkedin: FakePlatform, body: Any) -> None:
    linkedin.on("GET", LOG, json_answer(body, 429))
    with pytest.raises(ConnectorError) as caught:
        connector.poll(linkedin.context(connector, ACCOUNT), "")
    error = caught.value
    assert (error.remedy, error.throttled, error.retry_at, error.rates) == (Remedy.RETRY, True, None, ())


def test_the_log_is_read_page_by_page_and_from_its_last_time_on(linkedin: FakePlatform) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    bad = {**event, "activity": {}, "resourceId": None}
    link = {"rel": "next", "href": "/rest/memberChangeLogs?q=memberAndApplication&start=10&count=50"}
    first = {"elements": [event, bad], "paging": {"total": 1, "links": [link]}}
    linkedin.on("GET", LOG, json_answer(first), json_answer({"elements": [], "paging": {"links": []}}))
    ctx = linkedin.context(connector, ACCOUNT)
    one = connector.poll(ctx, wire.pack({"since": milliseconds(NOW - timedelta(days=27))}))
    two = connector.poll(ctx, one.cursor)
    connector.poll(ctx, two.cursor)
    assert (one.more, two.more, len(one.events), len(one.failures)) == (True, False, 1, 1)
    assert one.failed_at == (wire.moment(event["capturedAt"]),)
    asked = [request.url.params for request in linkedin.asked]
    assert asked[0]["startTime"] == str(milliseconds(NOW - timedelta(days=27)))
    before_the_last = str(event["processedAt"] - LOOKS_BACK)
    assert (asked[1]["startTime"], "start" in asked[1]) == (before_the_last, False)
    assert asked[2]["startTime"] == before_the_last
    assert linkedin.asked[0].headers["linkedin-version"] == "202312"


def test_what_falls_out_of_the_log_while_it_is_read_from_its_beginning_hides_nothing(
    linkedin: FakePlatform,
) -> None:
    """Of a hundred and twenty entries, the oldest ten are gone after the first page, and it may have been a day until the next."""
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    began = milliseconds(NOW - timedelta(days=28))
    log = [
        {**event, "activity": {**event["activity"], "id": f"m{n}"}, "processedAt": began + 1000 * n}
        for n in range(120)
    ]

    def page(request: httpx.Request) -> httpx.Response:
        since, start = int(request.url.params["startTime"]), int(request.url.params.get("start", "0"))
        held = [each for each in log if each["processedAt"] >= since]
        shown, more = held[start : start + 50], len(held) > start + 50
        del log[: 10 if log[0]["activity"]["id"] == "m0" else 0]
        link = {"rel": "next", "href": f"/rest/memberChangeLogs?start={start + 50}"}
        return json_answer({"elements": shown, "paging": {"links": [link] if more else []}})

    linkedin.on("GET", LOG, page)
    ctx = linkedin.context(connector, ACCOUNT)
    pages = [connector.poll(ctx, "")]
    while pages[-1].more:
        pages.append(connector.poll(ctx, pages[-1].cursor))

    told = {event.external_id for page in pages for event in page.events if isinstance(event, InboundMessage)}
    assert told == {f"m{n}" for n in range(120)}


def paged(log: list[dict[str, Any]], request: httpx.Request) -> httpx.Response:
    since, start = int(request.url.params["startTime"]), int(request.url.params.get("start", "0"))
    held = [each for each in log if each["processedAt"] >= since]
    link = {"rel": "next", "href": f"/rest/memberChangeLogs?start={start + 50}"}
    more = len(held) > start + 50
    return json_answer({"elements": held[start : start + 50], "paging": {"links": [link] if more else []}})


def entries_at(times: list[int]) -> list[dict[str, Any]]:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    return [
        {**event, "activity": {**event["activity"], "id": f"m{n}"}, "processedAt": at}
        for n, at in enumerate(times)
    ]


def test_a_log_that_does_not_stand_in_the_order_of_its_times_is_read_whole(linkedin: FakePlatform) -> None:
    began = milliseconds(NOW - timedelta(hours=1))
    log = entries_at([began + 1000 * (n * 37 % 120) for n in range(120)])
    linkedin.on("GET", LOG, lambda request: paged(log, request))
    ctx = linkedin.context(connector, ACCOUNT)

    pages = [connector.poll(ctx, wire.pack({"since": began}))]
    while pages[-1].more:
        pages.append(connector.poll(ctx, pages[-1].cursor))

    told = [event.external_id for page in pages for event in page.events if isinstance(event, InboundMessage)]
    assert told == [f"m{n}" for n in range(120)]
    assert wire.unpack(pages[-1].cursor) == {"since": began + 119_000}


@pytest.mark.parametrize("ahead", [0, 90_000, 3_600_000])
def test_what_the_log_shows_late_or_dates_a_little_back_is_read(linkedin: FakePlatform, ahead: int) -> None:
    """After the poll has read up to now something from ninety seconds before it appears: also where the pages of such a reading are many, and
    where the platform's clock is ahead of ours."""
    now = milliseconds(NOW)
    log = entries_at([now + ahead - 100 * n for n in range(119, -1, -1)])
    linkedin.on("GET", LOG, lambda request: paged(log, request))
    ctx = linkedin.context(connector, ACCOUNT)

    def read(cursor: str) -> tuple[set[str], str]:
        told: set[str] = set()
        while True:
            page = connector.poll(ctx, cursor)
            told |= {each.external_id for each in page.events if isinstance(each, InboundMessage)}
            if not page.more:
                return told, page.cursor
            cursor = page.cursor

    _, cursor = read(wire.pack({"since": now - 3_600_000}))
    log.append({**log[0], "activity": {**log[0]["activity"], "id": "late"}, "processedAt": now - 90_000})
    told, after = read(cursor)

    assert "late" in told
    assert after == cursor


def test_a_reading_that_has_rested_until_its_log_falls_apart_begins_anew(linkedin: FakePlatform) -> None:
    began = milliseconds(NOW - timedelta(hours=1))
    log = entries_at([began + 1000 * n for n in range(60)])
    linkedin.on("GET", LOG, lambda request: paged(log, request))
    first = connector.poll(linkedin.context(connector, ACCOUNT), wire.pack({"since": began}))
    weeks_later = replace(linkedin.context(connector, ACCOUNT), now=NOW + timedelta(days=28))
    del log[:20]  # of an hour that begins to fall out

    found = connector.poll(weeks_later, first.cursor)

    assert [each.external_id for each in found.events if isinstance(each, InboundMessage)][-1] == "m59"


def test_a_full_page_without_a_link_is_not_the_last(linkedin: FakePlatform) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    linkedin.on("GET", LOG, json_answer({"elements": [event] * 50}), json_answer({"elements": []}))
    ctx = linkedin.context(connector, ACCOUNT)
    page = connector.poll(ctx, wire.pack({"since": event["processedAt"]}))  # all fifty of one moment
    assert page.more
    connector.poll(ctx, page.cursor)
    assert linkedin.asked[1].url.params["start"] == "50"


def test_a_log_whose_clock_was_set_back_is_read_from_its_beginning(linkedin: FakePlatform) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    ahead = {**event, "processedAt": milliseconds(NOW + timedelta(hours=25))}
    no_more = json_answer({"elements": [], "paging": {"links": []}})
    linkedin.on("GET", LOG, json_answer({"elements": [ahead]}), no_more, json_answer({"elements": [event]}))
    ctx = linkedin.context(connector, ACCOUNT)

    while_ahead = connector.poll(ctx, "")
    set_back = connector.poll(ctx, while_ahead.cursor)
    from_the_beginning = connector.poll(ctx, set_back.cursor)
    connector.poll(ctx, from_the_beginning.cursor)

    assert [page.more for page in (while_ahead, set_back, from_the_beginning)] == [False, True, False]
    oldest = milliseconds(NOW - timedelta(days=28))
    asked = [int(request.url.params["startTime"]) for request in linkedin.asked]
    assert asked == [oldest, milliseconds(NOW) - LOOKS_BACK, oldest, event["processedAt"] - LOOKS_BACK]


def test_a_quiet_log_is_read_on_from_where_it_ended(linkedin: FakePlatform) -> None:
    """Also where the platform's clock is ahead of ours, as long as it tells the event that is known."""
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    ahead = {**event, "processedAt": milliseconds(NOW + timedelta(hours=25))}
    linkedin.on("GET", LOG, json_answer({"elements": []}), json_answer({"elements": [ahead]}))
    ctx = linkedin.context(connector, ACCOUNT)

    old = connector.poll(ctx, wire.pack({"since": milliseconds(NOW - timedelta(days=30))}))
    known = connector.poll(ctx, wire.pack({"since": ahead["processedAt"]}))

    assert (old.more, known.more) == (False, False)


def test_the_log_has_come_no_further_than_our_clock(linkedin: FakePlatform) -> None:
    event = orjson.loads(delivery("linkedin", "message"))["elements"][0]
    ahead = {**event, "capturedAt": milliseconds(NOW + timedelta(hours=25))}
    linkedin.on("GET", LOG, json_answer({"elements": [event, ahead]}))

    page = connector.poll(linkedin.context(connector, ACCOUNT), "")

    assert page.told_until == wire.moment(event["capturedAt"])


@pytest.mark.parametrize(("start", "named"), [(0, "0"), (3, "3"), (3, "")])
def test_an_empty_page_that_leads_to_itself_steps_over_nothing(
    linkedin: FakePlatform, start: int, named: str
) -> None:
    """What it did not show would be lost: once the page behind it is read, the log is asked from there on."""
    link = {"rel": "next", "href": f"/rest/memberChangeLogs?q=memberAndApplication&count=50&start={named}"}
    linkedin.on("GET", LOG, json_answer({"elements": [], "paging": {"total": 9, "links": [link]}}))
    cursor = wire.pack({"since": 1786012375991, "start": start, "newest": 1786012375991})
    with pytest.raises(ConnectorError) as caught:
        connector.poll(linkedin.context(connector, ACCOUNT), cursor)
    assert caught.value.remedy is Remedy.RETRY


def test_an_empty_page_that_leads_on_is_followed(linkedin: FakePlatform) -> None:
    link = {"rel": "next", "href": "/rest/memberChangeLogs?q=memberAndApplication&count=50&start=50"}
    linkedin.on("GET", LOG, json_answer({"elements": [], "paging": {"links": [link]}}), json_answer({}))
    ctx = linkedin.context(connector, ACCOUNT)
    connector.poll(ctx, connector.poll(ctx, "").cursor)
    assert linkedin.asked[1].url.params["start"] == "50"


def test_history_of_one_thread_leaves_out_the_others(linkedin: FakePlatform) -> None:
    linkedin.on("GET", LOG, httpx.Response(200, content=delivery("linkedin", "message")))
    ctx = linkedin.context(connector, ACCOUNT)
    assert [
        each.text for each in connector.history(ctx, "", THREAD).events if isinstance(each, InboundMessage)
    ]
    assert connector.history(ctx, "", "urn:li:messagingThread:other").events == ()


def test_history_ends_with_the_comments_of_the_page(linkedin: FakePlatform) -> None:
    notifications = orjson.loads(delivery("linkedin", "comment"))["notifications"]
    linkedin.on("GET", LOG, httpx.Response(200, content=delivery("linkedin", "message")))
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    told = {"elements": [*notifications, {"action": "COMMENT"}], "paging": {"links": []}}
    linkedin.on("GET", "/rest/organizationalEntityNotifications", json_answer(told))
    ctx = linkedin.context(connector, ACCOUNT)
    log = connector.history(ctx, "")
    comments = connector.history(ctx, log.cursor)
    assert (log.more, comments.more) == (True, False)
    assert [each.text for each in comments.events if isinstance(each, InboundMessage)] == [
        "Still waiting for support"
    ]
    assert len(comments.failures) == len(comments.failed_at) == 1
    alone = connector.history(ctx, "", f"comment:{COMMENT}")
    assert len(alone.events) == 1


def test_without_a_page_history_ends_with_the_log(linkedin: FakePlatform) -> None:
    linkedin.on("GET", LOG, httpx.Response(200, content=delivery("linkedin", "message")))
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"message": "no"}, 403))
    ctx = linkedin.context(connector, ACCOUNT)
    assert not connector.history(ctx, connector.history(ctx, "").cursor).more
    with pytest.raises(ConnectorError):
        connector.history(ctx, "", f"comment:{COMMENT}")


def test_a_code_becomes_tokens_and_a_member(linkedin: FakePlatform) -> None:
    tokens = {
        "access_token": "a", "expires_in": 5184000, "refresh_token": "r", "refresh_token_expires_in": 31536000,
        "scope": "r_organization_social_feed,rw_organization_admin",
    }  # fmt: skip
    linkedin.on("POST", "/oauth/v2/accessToken", json_answer(tokens))
    linkedin.on("GET", "/v2/userinfo", json_answer({"message": "no"}, 403))
    linkedin.on("GET", "/v2/me", json_answer({"id": "2qXA98-mVk", "localizedFirstName": "Ada"}))
    grant = connector.exchange(linkedin.context(connector, ACCOUNT), "code", "https://p.example/back", "")
    assert (grant.account.external_id, grant.account.name) == (ACCOUNT.external_id, "Ada")
    assert grant.tokens.refresh_expires_at == NOW + timedelta(days=365)
    assert grant.tokens.scopes == ("r_organization_social_feed", "rw_organization_admin")
    assert parse_qs(linkedin.asked[0].content.decode())["client_secret"] == ["app-secret"]


def test_the_end_of_the_consent_never_moves(linkedin: FakePlatform) -> None:
    answer = {"access_token": "b", "expires_in": 5184000, "refresh_token_expires_in": 31536000}
    linkedin.on("POST", "/oauth/v2/accessToken", json_answer(answer))
    end = NOW + timedelta(days=100)
    fresh = connector.refresh(
        linkedin.context(connector, ACCOUNT, tokens=Tokens("a", "r", refresh_expires_at=end))
    )
    assert (fresh.access, fresh.refresh, fresh.refresh_expires_at) == ("b", "r", end)


def test_after_the_end_only_a_person_helps(linkedin: FakePlatform) -> None:
    held = Tokens("a", "r", refresh_expires_at=NOW - timedelta(days=1))
    with pytest.raises(ConnectorError) as caught:
        connector.refresh(linkedin.context(connector, ACCOUNT, tokens=held))
    assert caught.value.remedy is Remedy.RECONNECT


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (400, "invalid_grant", Remedy.RECONNECT),
        (429, "too_many_requests", Remedy.RETRY),
        (503, "temporarily_unavailable", Remedy.RETRY),
        (401, "invalid_client", Remedy.BUG),
        (401, "", Remedy.BUG),
    ],
)
def test_only_a_grant_that_is_refused_itself_wants_a_person(
    linkedin: FakePlatform, status: int, code: str, remedy: Remedy
) -> None:
    linkedin.on("POST", "/oauth/v2/accessToken", json_answer({"error": code}, status))
    with pytest.raises(ConnectorError) as caught:
        connector.refresh(linkedin.context(connector, ACCOUNT, tokens=Tokens("a", "r")))
    assert caught.value.remedy is remedy


def test_the_page_is_subscribed_with_every_sign_escaped(linkedin: FakePlatform) -> None:
    linkedin.on("POST", "/rest/memberAuthorizations", httpx.Response(201))
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("PUT", SUBSCRIPTION, httpx.Response(204))
    connector.subscribe(linkedin.context(connector, ACCOUNT), HOOK)
    put = linkedin.asked[-1]
    assert sent_json(put) == {"webhook": HOOK}
    assert b"entity:urn%3Ali%3Aorganization%3A9000001" in put.url.raw_path


NO_PRODUCT = json_answer({"message": "Not enough permissions", "status": 403, "serviceErrorCode": 100}, 403)
DEAD = json_answer({"message": "revoked", "status": 401, "serviceErrorCode": 65601}, 401)


def asked_to_subscribe(linkedin: FakePlatform, messages: Any, comments: Any) -> Context:
    linkedin.on("POST", "/rest/memberAuthorizations", messages)
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("PUT", SUBSCRIPTION, comments)
    return linkedin.context(connector, ACCOUNT)


@pytest.mark.parametrize(
    ("messages", "comments"),
    [(httpx.Response(201), NO_PRODUCT), (NO_PRODUCT, httpx.Response(204))],
    ids=["no comments", "no messages"],
)
def test_an_app_with_one_of_the_two_products_is_connected(
    linkedin: FakePlatform, messages: Any, comments: Any
) -> None:
    connector.subscribe(asked_to_subscribe(linkedin, messages, comments), HOOK)
    assert linkedin.asked[-1].method == "PUT"


@pytest.mark.parametrize(
    ("messages", "comments"),
    [
        (NO_PRODUCT, NO_PRODUCT),
        (httpx.Response(201), DEAD),
        (DEAD, DEAD),
        (httpx.Response(503), httpx.Response(204)),
    ],
    ids=["neither", "dies between", "dead", "passing"],
)
def test_where_nothing_is_to_be_had_the_account_is_refused(
    linkedin: FakePlatform, messages: Any, comments: Any
) -> None:
    with pytest.raises(ConnectorError):
        connector.subscribe(asked_to_subscribe(linkedin, messages, comments), HOOK)


def test_an_app_without_messages_reads_the_comments_and_says_what_is_missing(linkedin: FakePlatform) -> None:
    comment = orjson.loads(delivery("linkedin", "comment"))["notifications"][0]
    linkedin.on("GET", LOG, NO_PRODUCT)
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("GET", "/rest/organizationalEntityNotifications", json_answer({"elements": [comment]}))
    ctx = linkedin.context(connector, ACCOUNT)

    page = connector.history(ctx, "")
    found = list(page.events)
    page = connector.history(ctx, page.cursor)
    found += page.events
    with pytest.raises(ConnectorError, match="read the messages") as caught:
        connector.history(ctx, page.cursor)
    with pytest.raises(ConnectorError) as polled:
        connector.poll(ctx, "")

    assert [each.external_id for each in found if isinstance(each, InboundMessage)] == [COMMENT]
    assert (caught.value.remedy, polled.value.remedy) == (Remedy.TELL, Remedy.TELL)


def test_an_app_without_comments_reads_the_messages(linkedin: FakePlatform) -> None:
    linkedin.on("GET", LOG, json_answer(orjson.loads(delivery("linkedin", "message"))))
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("GET", "/rest/organizationalEntityNotifications", NO_PRODUCT)
    ctx = linkedin.context(connector, ACCOUNT)

    page = connector.history(ctx, "")
    comments = connector.history(ctx, page.cursor)
    with pytest.raises(ConnectorError, match="read the comments"):
        connector.history(ctx, "", f"comment:{COMMENT}")

    assert len(page.events) > 0
    assert (comments.events, comments.more, comments.public) == ((), False, False)
    assert comments.withheld == backfill.NO_COMMENTS


def test_comments_that_are_refused_after_their_first_page_cost_none_of_it(linkedin: FakePlatform) -> None:
    comment = orjson.loads(delivery("linkedin", "comment"))["notifications"][0]
    link = {"rel": "next", "href": "/rest/organizationalEntityNotifications?start=1"}
    shown = json_answer({"elements": [comment], "paging": {"links": [link]}})
    linkedin.on("GET", LOG, json_answer(orjson.loads(delivery("linkedin", "message"))))
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("GET", "/rest/organizationalEntityNotifications", shown, NO_PRODUCT)
    ctx = linkedin.context(connector, ACCOUNT)

    first = connector.history(ctx, connector.history(ctx, "").cursor)
    rest = connector.history(ctx, first.cursor)

    assert [each.external_id for each in first.events if isinstance(each, InboundMessage)] == [COMMENT]
    assert (first.public, first.more, rest.more, rest.withheld) == (True, True, False, backfill.NO_COMMENTS)


def test_without_the_number_of_the_application_messages_come_and_the_page_says_what_is_missing(
    linkedin: FakePlatform,
) -> None:
    ctx = asked_to_subscribe(linkedin, httpx.Response(201), httpx.Response(204))
    ctx = replace(ctx, app=replace(ctx.app, application_id=""))

    connector.subscribe(ctx, HOOK)
    found = connector.subscription(ctx, HOOK)

    assert not any("eventSubscriptions" in each.url.path for each in linkedin.asked)
    assert (found.is_active, "application_id" in found.said, found.speaks_for) == (False, True, PAGE)


@pytest.mark.parametrize(
    ("pages", "missing", "remedy"),
    [([PAGE], "application_id", Remedy.TELL), ([], "a product of the app", Remedy.RECONNECT)],
    ids=["page", "none"],
)
def test_where_only_comments_are_to_be_had_the_number_is_what_is_missing(
    linkedin: FakePlatform, pages: list[str], missing: str, remedy: Remedy
) -> None:
    ctx = asked_to_subscribe(linkedin, NO_PRODUCT, httpx.Response(204))
    found = [{"organization": page} for page in pages]
    linkedin.answers["GET", "/rest/organizationAcls"] = [json_answer({"elements": found})]

    with pytest.raises(ConnectorError, match=missing) as caught:
        connector.subscribe(replace(ctx, app=replace(ctx.app, application_id="")), HOOK)

    assert caught.value.remedy is remedy


@pytest.mark.parametrize(
    ("answer", "is_active", "said"),
    [
        (json_answer({"webhook": HOOK, "status": "ACTIVE", "expiresAt": 1_800_000_000_000}), True, "until 15 January 2027"),
        (json_answer({"webhook": HOOK}), True, "to our webhook. Messages are polled."),
        (json_answer({"webhook": HOOK, "status": "BLOCKED"}), False, "proof of the address failed"),
        (json_answer({"webhook": "https://other.example/"}), False, "another address"),
        (json_answer({"webhook": HOOK, "expiresAt": 1_700_000_000_000}), False, "has run out"),
        (json_answer({"message": "Not found"}, 404), False, "knows no subscription"),
        (NO_PRODUCT, False, "does not let this app hear"),
    ],
    ids=["active", "no end", "blocked", "another's", "over", "gone", "not this app"],
)  # fmt: skip
def test_the_subscription_of_the_page_is_told(
    linkedin: FakePlatform, answer: httpx.Response, is_active: bool, said: str
) -> None:
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("GET", SUBSCRIPTION, answer)

    found = connector.subscription(linkedin.context(connector, ACCOUNT), HOOK)

    assert (found.is_active, said in found.said) == (is_active, True), found.said


def test_names_that_may_not_be_asked_for_hold_up_neither_looks_nor_comments(linkedin: FakePlatform) -> None:
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": [{"organization": PAGE}]}))
    linkedin.on("GET", SUBSCRIPTION, json_answer({"webhook": HOOK}))
    linkedin.on("GET", "/rest/organizationalEntityNotifications", json_answer({"elements": []}))
    asked = list[str]()
    ctx = linkedin.context(connector, ACCOUNT, ahead=asked.append)

    connector.subscription(ctx, HOOK)
    connector.history(ctx, wire.pack({"of": "comments"}))
    assert asked == ["roles", "subscribe", "roles", "read"]
    linkedin.on("GET", "/v2/people/(id:1)", json_answer({}))
    connector.profile(ctx, "urn:li:person:1")
    assert asked[4:] == ["profile"]


def test_without_a_page_nothing_is_to_be_delivered(linkedin: FakePlatform) -> None:
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": []}))

    found = connector.subscription(linkedin.context(connector, ACCOUNT), HOOK)

    assert found.is_active and "no comments are delivered" in found.said


@pytest.mark.parametrize(
    "answer",
    [json_answer({"elements": []}), json_answer({"message": "no"}, 403)],
    ids=["no role", "no product"],
)
def test_a_role_that_was_lost_is_no_account_without_a_page(
    linkedin: FakePlatform, answer: httpx.Response
) -> None:
    linkedin.on("GET", "/rest/organizationAcls", answer)
    ctx = linkedin.context(connector, replace(ACCOUNT, speaks_for=PAGE))

    linkedin.on("GET", LOG, json_answer(orjson.loads(delivery("linkedin", "message"))))

    found = connector.subscription(ctx, HOOK)
    log = connector.history(ctx, "")
    comments = connector.history(ctx, log.cursor)

    assert not found.is_active and "Give the account the role again" in found.said
    assert log.events and (comments.more, comments.withheld) == (False, oauth.NO_MORE)


def test_the_page_that_is_known_is_meant_where_there_are_several(linkedin: FakePlatform) -> None:
    pages = [{"organization": PAGE}, {"organization": "urn:li:organization:9000002"}]
    linkedin.on("GET", "/rest/organizationAcls", json_answer({"elements": pages}))
    linkedin.on("GET", SUBSCRIPTION, json_answer({"webhook": HOOK}))

    found = connector.subscription(linkedin.context(connector, replace(ACCOUNT, speaks_for=PAGE)), HOOK)

    assert (found.is_active, found.speaks_for) == (True, PAGE)


def test_a_hidden_member_has_no_name(linkedin: FakePlatform) -> None:
    linkedin.on("GET", "/v2/people/(id:kAq_1ptjX)", json_answer({"message": "no"}, 403))
    person = connector.profile(linkedin.context(connector, ACCOUNT), "urn:li:person:kAq_1ptjX")
    assert person.name == "LinkedIn member"


def test_an_asset_without_an_address_is_asked_for_by_its_name(linkedin: FakePlatform) -> None:
    path = "/mediaDownload/C2/messaging-attachmentFile/0"
    linkedin.on("GET", path, httpx.Response(200, content=b"x", headers={"content-type": "image/png; q=1"}))
    found = connector.media(linkedin.context(connector, ACCOUNT), "urn:li:digitalmediaAsset:C2")
    assert (found.content, found.mime) == (b"x", "image/png")
    assert linkedin.asked[0].headers["authorization"] == "Bearer token-of-the-account"


def test_an_asset_that_linkedin_does_not_give_by_its_name_is_no_file_that_is_gone(
    linkedin: FakePlatform,
) -> None:
    linkedin.on("GET", "/mediaDownload/C2/messaging-attachmentFile/0", json_answer({}, 403))

    with pytest.raises(ConnectorError) as caught:
        connector.media(linkedin.context(connector, ACCOUNT), "urn:li:digitalmediaAsset:C2")

    assert (caught.value.remedy, caught.value.code) == (Remedy.TELL, downloads.SHOWN_THERE)
    assert "no address" in caught.value.reason


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, Remedy.TELL), (400, Remedy.TELL), (429, Remedy.RETRY), (503, Remedy.RETRY)]
)
def test_what_another_host_says_of_its_file_says_nothing_of_the_account(
    linkedin: FakePlatform, status: int, remedy: Remedy
) -> None:
    """Not even where it speaks as the platform does, and asks to be asked again at once."""
    words = {"message": "comment create throttled", "errors": [{"code": 89}]}
    linkedin.on("GET", "/a.gif", json_answer(words, status, {"retry-after": "0"}))

    with pytest.raises(ConnectorError) as caught:
        connector.media(linkedin.context(connector, ACCOUNT), "https://gifs.example/a.gif")

    assert (caught.value.remedy, caught.value.retry_at) == (remedy, None)


def test_nor_does_a_host_that_the_platform_sends_us_to(linkedin: FakePlatform) -> None:
    away = httpx.Response(302, headers={"location": "https://gifs.example/a.gif"})
    linkedin.on("GET", "/own/a.gif", away).on("GET", "/a.gif", json_answer({}, 401))
    context = linkedin.context(connector, ACCOUNT)

    with pytest.raises(ConnectorError) as caught:
        connector.media(context, f"{context.origins.api}/own/a.gif")

    assert caught.value.remedy is Remedy.TELL


def test_a_sign_in_that_the_platform_itself_refuses_for_a_file_is_renewed(linkedin: FakePlatform) -> None:
    linkedin.on("GET", "/own/a.gif", json_answer({}, 401))
    context = linkedin.context(connector, ACCOUNT)

    with pytest.raises(ConnectorError) as caught:
        connector.media(context, f"{context.origins.api}/own/a.gif")

    assert caught.value.remedy is Remedy.REFRESH
