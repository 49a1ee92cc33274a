"""What X tells of a message that may be gone, and of which time a page of history speaks."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.contract import Account, ConnectorError, RateNotice
from connectors.platforms.x import history
from connectors.platforms.x.connector import connector
from tests.connectors.helpers import NOW, FakePlatform, json_answer

ACCOUNT = Account("2244994945", "acme")
MESSAGE = "2080765901528535001"
PATH = f"/2/dm_events/{MESSAGE}"
# The simulator's own answer for a message that was deleted, as a problem with HTTP 404 ...
PROBLEM = {
    "title": "Not Found Error",
    "detail": f"Could not find dm_event with id: [{MESSAGE}].",
    "type": "https://api.twitter.com/2/problems/resource-not-found",
    "status": 404,
    "resource_type": "dm_event",
    "value": MESSAGE,
}
# ... and X's other way to say it: HTTP 200, and the fault beside an absent `data`.
GONE = {"errors": [PROBLEM]}
FORBIDDEN = {
    "title": "Forbidden",
    "type": "https://api.twitter.com/2/problems/client-forbidden",
    "status": 403,
}


def withdrawn(answer: httpx.Response) -> bool:
    x = FakePlatform().on("GET", PATH, answer)
    return connector.is_withdrawn(x.context(connector, ACCOUNT), MESSAGE)


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        (json_answer(GONE), True),
        (json_answer(PROBLEM, 404), True),
        (json_answer({"data": {"id": MESSAGE, "event_type": "MessageCreate"}}), False),
        (json_answer({**GONE, "data": {"id": MESSAGE}}), False),
        (json_answer({}), False),
    ],
)
def test_only_what_x_says_it_cannot_find_is_gone(answer: httpx.Response, gone: bool) -> None:
    assert withdrawn(answer) is gone


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"title": "Too Many Requests"}, 429),
        json_answer({"title": "Service Unavailable"}, 503),
        json_answer(FORBIDDEN, 403),
    ],
)
def test_an_x_that_cannot_say_settles_nothing(answer: httpx.Response) -> None:
    with pytest.raises(ConnectorError):
        withdrawn(answer)


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (json_answer(PROBLEM, 404), True),
        (json_answer({"data": {"id": MESSAGE, "event_type": "MessageCreate"}}), True),
        (json_answer({}, headers={"x-rate-limit-remaining": "7"}), False),
        (json_answer(PROBLEM, 404, {"x-rate-limit-remaining": "7"}), False),
        (json_answer({"title": "Service Unavailable"}, 503), False),
    ],
)
def test_a_look_at_one_message_counts_against_the_reads_of_xs_pages_where_its_answer_tells_no_limit(
    answer: httpx.Response, counts: bool
) -> None:
    x, told = FakePlatform().on("GET", PATH, answer), list[RateNotice]()

    with suppress(ConnectorError):
        connector.is_withdrawn(x.context(connector, ACCOUNT, heard=told.extend), MESSAGE)

    quotas = [each.expected for each in told if each.bucket == "message" and each.expected]
    assert quotas == ([connector.manifest.quotas["message"]] if counts else [])
    assert connector.manifest.quotas["message"].calls == 15


def said(number: int, minute: int) -> dict[str, Any]:
    return {
        "id": str(number), "event_type": "MessageCreate", "text": "Hi", "sender_id": "1587200000000000042",
        "dm_conversation_id": "2244994945-1587200000000000042", "created_at": f"2026-08-06T10:{minute:02d}:00.000Z",
    }  # fmt: skip


def test_the_first_page_speaks_nearly_to_now_and_a_later_one_to_its_newest() -> None:
    first = {"data": [said(4, 40), said(3, 30)], "meta": {"next_token": "N"}}
    x = FakePlatform().on(
        "GET", "/2/dm_events", json_answer(first), json_answer({"data": [said(2, 20), said(1, 10)]})
    )
    ctx = x.context(connector, ACCOUNT)
    newest = connector.history(ctx, "")
    older = connector.history(ctx, newest.cursor)

    assert newest.stretch is not None and older.stretch is not None
    at = datetime(2026, 8, 6, 10, tzinfo=UTC)
    assert (newest.stretch.since, newest.stretch.until) == (at + timedelta(minutes=30), NOW - history.LAG)
    assert (older.stretch.since, older.stretch.until) == (
        at + timedelta(minutes=10),
        at + timedelta(minutes=20),
    )
    assert not newest.stretch.ours  # what we deleted is gone from our side alone


def test_a_page_without_messages_speaks_of_no_time() -> None:
    x = FakePlatform().on("GET", "/2/dm_events", json_answer({"meta": {"result_count": 0}}))

    assert connector.history(x.context(connector, ACCOUNT), "").stretch is None
