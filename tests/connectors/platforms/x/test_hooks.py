"""X allows an app few webhooks: all accounts of an app are delivered to one of them, at the address of whichever channel was the first."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.contract import Account, ConnectorError, RateNotice
from connectors.platforms.x.connector import connector
from tests.connectors.helpers import NOW, FakePlatform, json_answer, sent_json

ACCOUNT = Account("2244994945", "acme")
OURS, OTHERS = "https://parley.example/webhooks/x/our-channel/", "https://parley.example/webhooks/x/first/"
DEAD = "https://parley.example/webhooks/x/of-an-older-database/"
STRANGERS = "https://elsewhere.example/webhooks/x/first/"
COPYS = "https://old.example/webhooks/x/our-channel/"


def hook(number: str, url: str, *, valid: bool = True) -> dict[str, Any]:
    return {"id": number, "url": url, "valid": valid}


def delivers(number: str, *, to: Account = ACCOUNT) -> list[dict[str, Any]]:
    return [
        {"event_type": each, "filter": {"user_id": to.external_id}, "webhook_id": number}
        for each in ("dm.received", "dm.sent")
    ]


def x_with(*hooks: dict[str, Any], asked: list[dict[str, Any]] | None = None) -> FakePlatform:
    x = FakePlatform()
    x.on("GET", "/2/webhooks", json_answer({"data": list(hooks)}))
    x.on("GET", "/2/activity/subscriptions", json_answer({"data": asked or []}))
    x.on("POST", "/2/activity/subscriptions", json_answer({"data": {"id": "1"}}))
    for each in hooks:
        leads_to_us = each["url"] != DEAD
        x.on("PUT", f"/2/webhooks/{each['id']}", json_answer({"data": {"valid": leads_to_us}}))
    return x.on("POST", "/2/webhooks", json_answer({"data": hook("new", OURS)}))


def subscribed_at(x: FakePlatform) -> set[str]:
    connector.subscribe(x.context(connector, ACCOUNT), OURS)
    asked = [r for r in x.asked if r.method == "POST" and r.url.path == "/2/activity/subscriptions"]
    return {sent_json(each)["webhook_id"] for each in asked}


def registered(x: FakePlatform) -> bool:
    return any(r.method == "POST" and r.url.path == "/2/webhooks" for r in x.asked)


def test_a_second_account_is_delivered_to_the_webhook_that_the_first_one_has() -> None:
    x = x_with(hook("1976", OTHERS), asked=delivers("1976", to=Account("1")))

    assert subscribed_at(x) == {"1976"}
    assert not registered(x)


def test_a_webhook_that_leads_elsewhere_is_none_of_ours() -> None:
    x = x_with(hook("1976", STRANGERS))

    assert subscribed_at(x) == {"new"}


def test_an_account_stays_with_the_webhook_that_it_is_delivered_to() -> None:
    x = x_with(hook("1976", OTHERS), hook("1977", OURS), asked=delivers("1976"))

    assert subscribed_at(x) == {"1976"}
    found = connector.subscription(x.context(connector, ACCOUNT), OURS)
    assert (found.is_active, found.at) == (True, OTHERS)  # whether a channel lies behind it we know ourselves


def test_one_that_proves_nothing_any_more_gives_way_to_one_that_does() -> None:
    x = x_with(hook("1976", OTHERS, valid=False), asked=delivers("1976"))
    x.on("PUT", "/2/webhooks/1976", json_answer({"data": {"valid": False}}))

    assert subscribed_at(x) == {"new"}


def test_one_that_x_gave_up_is_proven_again_whosever_address_it_bears() -> None:
    x = x_with(hook("1976", OTHERS, valid=False))
    x.on("PUT", "/2/webhooks/1976", json_answer({"data": {"valid": True}}))

    assert subscribed_at(x) == {"1976"}
    assert not registered(x)


@pytest.mark.parametrize("asked", [[], delivers("1976")], ids=["new here", "delivered there before"])
def test_that_x_counts_an_address_as_valid_does_not_say_that_a_channel_lies_behind_it(
    asked: list[dict[str, Any]],
) -> None:
    x = x_with(hook("1976", DEAD), asked=asked)

    assert subscribed_at(x) == {"new"}
    assert not any(request.method == "DELETE" for request in x.asked)


def test_the_accounts_own_address_needs_no_further_proof() -> None:
    x = x_with(hook("1977", OURS))

    assert subscribed_at(x) == {"1977"}
    assert not any(request.method == "PUT" for request in x.asked)


@pytest.mark.parametrize(("shown", "at"), [(True, "1976"), (False, "new")])
def test_where_a_proof_is_only_said_to_be_attempted_the_list_says_what_came_of_it(
    shown: bool, at: str
) -> None:
    x = x_with(hook("1976", OTHERS, valid=not shown))

    def attempt(_: httpx.Request) -> httpx.Response:
        x.on("GET", "/2/webhooks", json_answer({"data": [hook("1976", OTHERS, valid=shown)]}))
        return json_answer({"data": {"attempted": True}})

    x.on("PUT", "/2/webhooks/1976", attempt)

    assert subscribed_at(x) == {at}


def test_a_webhook_that_others_are_delivered_to_is_never_deleted() -> None:
    x = x_with(hook("1976", DEAD), asked=delivers("1976", to=Account("1")))
    x.on(
        "POST", "/2/webhooks", json_answer({"errors": [{"message": "WebhookLimitExceeded: too many."}]}, 400)
    )

    with pytest.raises(ConnectorError) as caught:
        subscribed_at(x)

    assert "delete one" in caught.value.reason
    assert not any(request.method == "DELETE" for request in x.asked)


@pytest.mark.parametrize(
    "fails",
    [
        json_answer({"data": {"valid": False}}),
        json_answer({"errors": [{"message": "CrcValidationFailed: nobody there."}]}, 400),
    ],
    ids=["says so", "refuses"],
)
def test_where_there_is_no_room_one_of_ours_that_leads_to_nobody_makes_it(fails: httpx.Response) -> None:
    x = x_with(hook("1976", DEAD), hook("1975", STRANGERS))
    x.on("PUT", "/2/webhooks/1976", fails)
    gone = []

    def delete(request: httpx.Request) -> httpx.Response:
        gone.append(request.url.path)
        return json_answer({"data": {"deleted": True}})

    def register(request: httpx.Request) -> httpx.Response:
        full = json_answer({"errors": [{"message": "WebhookLimitExceeded: too many."}]}, 400)
        return json_answer({"data": hook("new", OURS)}) if gone else full

    x.on("DELETE", "/2/webhooks/1976", delete).on("POST", "/2/webhooks", register)

    assert subscribed_at(x) == {"new"}
    assert gone == ["/2/webhooks/1976"]


@pytest.mark.parametrize(
    "url", [STRANGERS, COPYS], ids=["a stranger's", "of a copy of ours, or where we were"]
)
def test_where_there_is_no_room_for_another_x_says_what_to_do_and_none_elsewhere_is_touched(url: str) -> None:
    x = x_with(hook("1976", url), asked=delivers("1976"))
    touched = []

    def touch(request: httpx.Request) -> httpx.Response:
        touched.append(request.method)
        return json_answer({"data": {"valid": False, "deleted": True}})

    full = json_answer({"errors": [{"message": "WebhookLimitExceeded: too many."}]}, 400)
    x.on("PUT", "/2/webhooks/1976", touch).on("DELETE", "/2/webhooks/1976", touch).on(
        "POST", "/2/webhooks", full
    )

    with pytest.raises(ConnectorError) as caught:
        connector.subscribe(x.context(connector, ACCOUNT), OURS)

    assert "delete one" in caught.value.reason
    assert touched == []


@pytest.mark.parametrize("heard", [True, False], ids=["heard", "not heard"])
def test_the_accounts_own_posts_are_asked_for_where_anybody_is_heard_in_public(heard: bool) -> None:
    """X bills each of them, also those that answer nobody."""
    x = x_with(hook("1977", OURS))

    def subscribe(request: httpx.Request) -> httpx.Response:
        is_said_to_us = sent_json(request)["event_type"] in (
            "post.mention.create",
            "post.reply.create",
            "post.quote.create",
        )
        refused = json_answer({"title": "Forbidden", "detail": "Forbidden"}, 403)
        return refused if is_said_to_us and not heard else json_answer({"data": {"id": "1"}})

    x.on("POST", "/2/activity/subscriptions", subscribe)

    subscribed_at(x)

    asked = [sent_json(each)["event_type"] for each in x.asked if each.method == "POST"]
    assert ("post.create" in asked) is heard


def test_each_way_to_ask_for_a_webhook_has_its_own_limit() -> None:
    used_up = {"x-rate-limit-limit": "15", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1786018000"}
    x = x_with(hook("1976", DEAD, valid=False))
    unproven = {"data": {"valid": False}}
    x.on("PUT", "/2/webhooks/1976", json_answer(unproven, headers=used_up))
    x.on("POST", "/2/webhooks", json_answer({"data": hook("new", OURS)}, headers=used_up))
    asked, told = list[str](), list[RateNotice]()

    connector.subscribe(x.context(connector, ACCOUNT, ahead=asked.append, heard=told.extend), OURS)

    assert asked[:4] == ["subscriptions", "webhooks", "webhook proof", "webhook registration"]
    assert [each.bucket for each in told if each.remaining == 0] == asked[2:4]


def test_what_an_account_is_delivered_is_looked_for_on_every_page() -> None:
    x = x_with(hook("1976", OTHERS))

    def page(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("pagination_token") == "next":
            return json_answer({"data": delivers("1976"), "meta": {}})
        return json_answer({"data": delivers("1976", to=Account("1")), "meta": {"next_token": "next"}})

    x.on("GET", "/2/activity/subscriptions", page)

    assert connector.subscription(x.context(connector, ACCOUNT), OURS).is_active


def test_the_webhook_of_the_account_is_the_one_that_delivers_again() -> None:
    x = x_with(hook("1977", OURS), hook("1976", OTHERS), asked=delivers("1976"))
    x.on("POST", "/2/webhooks/replay", json_answer({"data": {"job_id": "2001"}}))

    connector.deliver_again(x.context(connector, ACCOUNT), OURS, NOW, NOW)

    assert sent_json(x.asked[-1])["webhook_id"] == "1976"
