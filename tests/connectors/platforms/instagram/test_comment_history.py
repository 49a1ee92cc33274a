"""What history still tells of comments: under each post, under each comment, and no further than Instagram tells."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Account, ConnectorError, InboundMessage, Page, Remedy, Tokens
from connectors.platforms.instagram import errors, posts
from connectors.platforms.instagram.connector import connector
from tests.connectors.helpers import FakePlatform, json_answer

ACCOUNT = Account("17841400000000001", "acme.shop")


def comment(number: int, **more: Any) -> dict[str, Any]:
    person = {"id": "927364500000011", "username": "mara.k"}
    at = f"2026-08-06T10:{number:02d}:00+0000"
    return {"id": f"c{number}", "text": f"Comment {number}", "timestamp": at, "from": person, **more}


def after(path: str, cursor: str) -> dict[str, Any]:
    return {"cursors": {"after": cursor}, "next": f"https://graph.instagram.com/v25.0/{path}?after={cursor}"}


def walked(instagram: FakePlatform, **changes: Any) -> list[Page]:
    instagram.on("GET", "/v25.0/me/conversations", json_answer({"data": []}))
    ctx = instagram.context(connector, ACCOUNT, **changes)
    pages = [connector.history(ctx, "")]
    while pages[-1].more:
        pages.append(connector.history(ctx, pages[-1].cursor))
    return pages


def told(pages: list[Page]) -> list[InboundMessage]:
    return [event for page in pages for event in page.events if isinstance(event, InboundMessage)]


def test_comments_and_the_answers_under_them_come_after_the_messages() -> None:
    instagram = FakePlatform()
    listed = [{"id": "p2", "comments_count": 3}, {"id": "p1", "comments_count": 0}, {"id": "p0"}]
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": listed}))
    answered = comment(1, replies={"data": [comment(2), comment(3, **{"from": {"id": ACCOUNT.external_id}})]})
    instagram.on("GET", "/v25.0/p2/comments", json_answer({"data": [answered]}))
    instagram.on("GET", "/v25.0/p0/comments", json_answer({"data": [comment(4)]}))

    found = told(walked(instagram))

    assert [each.external_id for each in found] == ["c1", "c2", "c3", "c4"]
    assert [each.thread_id for each in found] == ["comment:c1", "comment:c1", "comment:c1", "comment:c4"]
    assert [each.outbound for each in found] == [False, False, True, False]
    assert found[1].card["id"] == "p2"


def test_long_lists_are_read_to_their_end() -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": [{"id": "p1"}, {"id": "p0"}]}))
    cut = comment(1, replies={"data": [comment(2)], "paging": after("c1/replies", "R2")})
    first = json_answer({"data": [cut], "paging": after("p1/comments", "C2")})
    instagram.on("GET", "/v25.0/p1/comments", first, json_answer({"data": [comment(5)]}))
    middle = json_answer({"data": [comment(2), comment(3)], "paging": after("c1/replies", "R4")})
    instagram.on("GET", "/v25.0/c1/replies", middle, json_answer({"data": [comment(4)]}))
    instagram.on("GET", "/v25.0/p0/comments", json_answer({"data": [comment(6)]}))

    found = [each.external_id for each in told(walked(instagram))]

    assert list(dict.fromkeys(found)) == ["c1", "c2", "c3", "c4", "c5", "c6"]
    asked = [
        (each.url.path.rpartition("/v25.0/")[2], each.url.params.get("after")) for each in instagram.asked
    ]
    assert asked[2:] == [
        ("p1/comments", None), ("c1/replies", None), ("c1/replies", "R4"), ("p1/comments", "C2"), ("p0/comments", None),
    ]  # fmt: skip


def test_a_post_that_was_deleted_meanwhile_stops_nothing() -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": [{"id": "p1"}, {"id": "p0"}]}))
    gone = json_answer(
        {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request."}}, 400
    )
    instagram.on("GET", "/v25.0/p1/comments", gone)
    instagram.on("GET", "/v25.0/p0/comments", json_answer({"data": [comment(4)]}))

    assert [each.external_id for each in told(walked(instagram))] == ["c4"]


@pytest.mark.parametrize("code", [10, 200])
@pytest.mark.parametrize("withheld", ["me/media", "p1/comments"])
def test_an_account_that_withholds_what_is_said_in_public_is_not_broken(withheld: str, code: int) -> None:
    instagram = FakePlatform()
    for path, body in (("me/media", {"id": "p1"}), ("p1/comments", comment(1))):
        instagram.on("GET", f"/v25.0/{path}", json_answer({"data": [body]}))
    refused = json_answer({"error": {"code": code, "message": "Application does not have permission"}}, 403)
    instagram.on("GET", f"/v25.0/{withheld}", refused)

    pages = walked(instagram)

    assert (pages[-1].more, pages[-1].withheld, pages[-1].failures) == (False, errors.NO_COMMENTS, ())
    assert not any(page.public for page in pages)


@pytest.mark.parametrize(
    ("code", "subcode", "said"), [(200, 2018028, "development mode"), (200, 2534041, "Connected tools")]
)
def test_nor_is_one_whose_app_or_settings_withhold_it(code: int, subcode: int, said: str) -> None:
    instagram = FakePlatform()
    error = {"code": code, "error_subcode": subcode, "message": "No."}
    instagram.on("GET", "/v25.0/me/media", json_answer({"error": error}, 403))

    last = walked(instagram)[-1]

    assert not last.more and said in last.withheld


@pytest.mark.parametrize("refused", ["p1/comments", "c4/replies"])
def test_one_post_that_is_not_shown_hides_no_other(refused: str) -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": [{"id": "p2"}, {"id": "p1"}, {"id": "p0"}]}))
    cut = comment(4, replies={"data": [], "paging": after("c4/replies", "R2")})
    bodies = (("p2/comments", cut), ("c4/replies", comment(5)), ("p1/comments", comment(3)))
    for path, body in (*bodies, ("p0/comments", comment(1))):
        instagram.on("GET", f"/v25.0/{path}", json_answer({"data": [body]}))
    no = json_answer({"error": {"code": 10, "message": "Application does not have permission"}}, 403)
    instagram.on("GET", f"/v25.0/{refused}", no)

    pages = walked(instagram)

    missing = "c3" if refused == "p1/comments" else "c5"
    assert {each.external_id for each in told(pages)} == {"c1", "c3", "c4", "c5"} - {missing}
    assert not any(page.withheld for page in pages) and pages[-1].public
    assert [page.remarks for page in pages if page.remarks] == [(posts._NOT_SHOWN,)]


def test_a_permission_that_is_withdrawn_in_the_middle_withholds_the_rest_and_costs_nothing() -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": [{"id": "p2"}, {"id": "p1"}, {"id": "p0"}]}))
    no = json_answer({"error": {"code": 10, "message": "Application does not have permission"}}, 403)
    instagram.on("GET", "/v25.0/p2/comments", json_answer({"data": [comment(3)]}), no)
    instagram.on("GET", "/v25.0/p1/comments", no)
    instagram.on("GET", "/v25.0/p0/comments", no)

    pages = walked(instagram)

    assert [each.external_id for each in told(pages)] == ["c3"]
    assert (pages[-1].more, pages[-1].withheld, pages[-1].remarks) == (False, errors.NO_COMMENTS, ())


def test_an_account_under_whose_posts_nobody_wrote_says_nothing_of_the_permission() -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": [{"id": "p1", "comments_count": 0}]}))

    pages = walked(instagram)

    assert [(page.public, page.withheld) for page in pages[-1:]] == [(False, "")]


@pytest.mark.parametrize("posts_listed", [[], [{"id": "p1", "comments_count": 0}]])
def test_but_where_the_grant_has_it_nothing_is_withheld(posts_listed: list[dict[str, Any]]) -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"data": posts_listed}))
    scopes = ("instagram_business_basic", "instagram_business_manage_comments")

    pages = walked(instagram, tokens=Tokens("token-of-the-account", scopes=scopes))

    assert [(page.public, page.withheld) for page in pages[-1:]] == [(True, "")]


def test_a_token_that_is_dead_is_so_for_comments_too() -> None:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/media", json_answer({"error": {"code": 190}}, 400))

    with pytest.raises(ConnectorError) as caught:
        walked(instagram)

    assert caught.value.remedy is Remedy.RECONNECT
