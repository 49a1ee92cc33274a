"""Whether a public answer is out is seen among what the account has posted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.contract import Account, ConnectorError, InboundMessage, Page, Remedy
from connectors.platforms.x import posts
from connectors.platforms.x.connector import connector
from tests.connectors import refusals
from tests.connectors.helpers import FakePlatform, json_answer

ACCOUNT, CUSTOMER = Account("2244994945", "acme"), "1587200000000000042"
PATH = f"/2/users/{ACCOUNT.external_id}/tweets"
THREAD = f"comment:2080765901528536000:{CUSTOMER}"


def post(number: str = "2080765901528536009", **changes: Any) -> dict[str, Any]:
    return {
        "id": number, "text": "@mara_k Sorry! It left today &amp; comes tomorrow.", "author_id": ACCOUNT.external_id,
        "created_at": "2026-08-06T10:24:44.000Z", "conversation_id": "2080765901528536000",
        "in_reply_to_user_id": CUSTOMER, "display_text_range": [8, 50], "referenced_tweets": [{"type": "replied_to", "id": "2080765901528536002"}],
    } | changes  # fmt: skip


def shown(*posts: dict[str, Any], thread: str = THREAD, cursor: str = "", meta: Any = None) -> Page:
    x = FakePlatform()
    x.on("GET", PATH, json_answer({"data": list(posts), "meta": meta or {}} if posts else {"meta": {}}))
    page = connector.history(x.context(connector, ACCOUNT), cursor, thread)
    assert x.asked[0].url.params["exclude"] == "retweets"
    return page


def said(page: Page) -> list[tuple[str, bool, str]]:
    events = [each for each in page.events if isinstance(each, InboundMessage)]
    return [(each.thread_id, each.outbound, each.text) for each in events]


def test_an_answer_stands_in_its_thread_without_the_names_that_x_puts_in_front() -> None:
    assert said(shown(post())) == [(THREAD, True, "Sorry! It left today & comes tomorrow.")]


@pytest.mark.parametrize("begun", ["2080765901528536002", "2080765901528536001"])
def test_an_answer_in_a_thread_that_bears_the_name_of_another_post_is_told_of_that(begun: str) -> None:
    thread = f"comment:{begun}:{CUSTOMER}"

    assert said(shown(post(), thread=thread))[0][0] == thread


def test_so_is_what_the_account_answered_itself() -> None:
    assert said(shown(post(in_reply_to_user_id=ACCOUNT.external_id)))[0][0] == THREAD


def test_what_was_posted_elsewhere_stands_elsewhere() -> None:
    page = shown(post(conversation_id="5", in_reply_to_user_id="7"))

    assert said(page)[0][0] == "comment:5:7"


WRITTEN = "@mara_k @acme_help can take this"
THEIRS = {"start": 0, "end": 7, "username": "mara_k", "id": CUSTOMER}
SECOND = {"start": 8, "end": 18, "username": "acme_help", "id": "77"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"display_text_range": [8, 32]}, "@acme_help can take this"),
        ({"display_text_range": [0, 32]}, WRITTEN),
        ({"display_text_range": [19, 32]}, "can take this"),
        ({"entities": {"mentions": [THEIRS, SECOND]}}, "@acme_help can take this"),
        ({"entities": {"mentions": [{**THEIRS, "id": "88"}]}}, WRITTEN),
        ({}, WRITTEN),
        ({"display_text_range": ["x"]}, WRITTEN),
    ],
    ids=["one", "none", "both", "who is answered", "somebody else", "not told", "nonsense"],
)
def test_names_that_x_does_not_say_it_put_in_front_were_written(told: dict[str, Any], words: str) -> None:
    bare = {name: value for name, value in post(text=WRITTEN).items() if name != "display_text_range"}

    assert said(shown(bare | told))[0][2] == words


def test_so_they_were_in_a_post_of_the_older_kind() -> None:
    older = {
        "id_str": "2080765901528536009", "user": {"id_str": ACCOUNT.external_id}, "timestamp_ms": "1786012345123",
        "in_reply_to_status_id_str": "5", "in_reply_to_user_id_str": CUSTOMER, "full_text": WRITTEN,
    }  # fmt: skip
    mentions = [{"id_str": CUSTOMER, "indices": [0, 7]}, {"id_str": "77", "indices": [8, 18]}]
    told: list[dict[str, Any]] = [
        {},
        {"display_text_range": [19, 32]},
        {"entities": {"user_mentions": mentions}},
    ]

    found = [posts.of_v1(older | each, ACCOUNT) for each in told]

    assert [each and each.text for each in found] == [WRITTEN, "can take this", "@acme_help can take this"]


def test_a_look_asks_for_few_posts_and_where_their_words_begin() -> None:
    x = FakePlatform().on("GET", PATH, json_answer({"meta": {}}))
    connector.history(x.context(connector, ACCOUNT), "", THREAD)

    asked = x.asked[0].url.params
    assert (asked["max_results"], "display_text_range" in asked["tweet.fields"]) == ("20", True)


def test_a_name_that_is_all_that_was_said_stays() -> None:
    assert said(shown(post(text="@mara_k")))[0][2] == "@mara_k"


def test_who_posted_nothing_is_told_so_and_more_is_a_page_further() -> None:
    last, first = shown(), shown(post(), meta={"next_token": "18LAA581J5II7LA00C00ZZZZ"})

    assert (last.events, last.more) == ((), False)
    assert first.more


@pytest.mark.parametrize(
    "refused", [refusals.problem(403, "Forbidden"), refusals.problem(403, "words", "client-forbidden")]
)
def test_what_may_not_be_read_is_refused_and_parks_nothing(refused: httpx.Response) -> None:
    x = FakePlatform().on("GET", PATH, refused)

    with pytest.raises(ConnectorError) as caught:
        connector.history(x.context(connector, ACCOUNT), "", THREAD)

    assert (caught.value.remedy, caught.value.of_public) == (Remedy.TELL, True)
