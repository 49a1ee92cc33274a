"""What Parley asks of X when something was not delivered, and what it makes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.abilities import Redelivers
from connectors.contract import Account, ConnectorError, Redelivery, Remedy
from connectors.platforms.x.connector import connector
from tests.connectors.helpers import NOW, FakePlatform, json_answer, sent_json

ACCOUNT = Account("2244994945", "acme")
DOOR = "https://parley.example/hook"
PATH = "/2/webhooks/replay"
SINCE, UNTIL = NOW - timedelta(hours=3, seconds=10), NOW - timedelta(minutes=13, seconds=20)
LIMIT = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "449", "x-rate-limit-reset": "1786018000"}


@pytest.fixture
def x() -> FakePlatform:
    platform = FakePlatform()
    hook = {"id": "1976", "url": DOOR, "valid": True}
    return platform.on("GET", "/2/webhooks", json_answer({"data": [hook]}))


def ask(x: FakePlatform) -> Redelivery:
    return connector.deliver_again(x.context(connector, ACCOUNT), DOOR, SINCE, UNTIL)


def refusal(x: FakePlatform, answer: Any) -> ConnectorError:
    x.on("POST", PATH, answer)
    with pytest.raises(ConnectorError) as caught:
        ask(x)
    return caught.value


@pytest.mark.parametrize("body", [{"data": {"job_id": "2001"}}, {"job_id": "2001", "created_at": "now"}])
def test_whole_minutes_that_hold_all_of_the_time_are_asked_for_with_the_apps_token(
    x: FakePlatform, body: dict[str, Any]
) -> None:
    x.on("POST", PATH, json_answer(body, 200, LIMIT))

    agreed = ask(x)

    assert isinstance(connector, Redelivers)
    assert sent_json(x.asked[-1]) == {
        "webhook_id": "1976", "from_date": "202608060859", "to_date": "202608061148",
    }  # fmt: skip
    assert {each.headers["authorization"] for each in x.asked} == {"Bearer app-bearer"}
    assert agreed.job == "2001"
    assert [(each.bucket, each.remaining) for each in agreed.rates] == [("redelivery", 449)]


def test_what_lies_within_the_bounds_is_within_those_of_x_after_the_minutes_are_made_whole(
    x: FakePlatform,
) -> None:
    x.on("POST", PATH, json_answer({"job_id": "1"}))
    bounds = connector.redelivery
    for seconds in (0, 1, 59):
        now = NOW + timedelta(seconds=seconds)
        context = x.context(connector, ACCOUNT, now=now)
        connector.deliver_again(context, DOOR, now - bounds.reach, now - bounds.ended)
        asked = sent_json(x.asked[-1])
        since, until = (
            datetime.strptime(asked[name], "%Y%m%d%H%M").replace(tzinfo=UTC)
            for name in ("from_date", "to_date")
        )
        assert now - timedelta(hours=24) < since
        assert until < now - timedelta(minutes=10)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"title": "ReplayConflictError", "status": 409}, 409),
        json_answer({"errors": [{"message": "ReplayConflictError: a job is in progress"}]}, 400),
    ],
)
def test_while_another_job_is_under_way_it_is_asked_later(x: FakePlatform, answer: Any) -> None:
    error = refusal(x, answer)

    later = NOW + timedelta(minutes=10)
    assert (error.remedy, error.retry_at) == (Remedy.RETRY, later)
    assert [(each.bucket, each.remaining, each.resets_at) for each in error.rates] == [
        ("redelivery", 0, later)
    ]


def test_a_limit_is_waited_for_as_the_headers_say(x: FakePlatform) -> None:
    resets = NOW + timedelta(minutes=7)
    spent = LIMIT | {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(resets.timestamp()))}

    error = refusal(x, json_answer({"title": "Too Many Requests", "type": "about:blank"}, 429, spent))

    assert (error.remedy, error.retry_at) == (Remedy.RETRY, resets)
    assert [each.bucket for each in error.rates] == ["redelivery"]


def test_an_app_that_may_not_ask_is_told_so(x: FakePlatform) -> None:
    forbidden = {"title": "Forbidden", "type": "https://api.x.com/2/problems/client-forbidden", "status": 403}

    assert refusal(x, json_answer(forbidden, 403)).remedy is Remedy.RECONNECT


def test_nothing_is_asked_of_a_webhook_that_x_has_given_up(x: FakePlatform) -> None:
    x.on("GET", "/2/webhooks", json_answer({"data": [{"id": "1976", "url": DOOR, "valid": False}]}))

    with pytest.raises(ConnectorError) as caught:
        ask(x)

    assert caught.value.remedy is Remedy.RETRY
    assert [each.method for each in x.asked] == ["GET"]
