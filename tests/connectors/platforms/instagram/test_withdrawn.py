"""What Instagram tells of a message that may be gone, and of which time a thread's newest messages speak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.contract import Account, ConnectorError
from connectors.platforms.instagram import history
from connectors.platforms.instagram.connector import connector
from tests.connectors.helpers import NOW, FakePlatform, json_answer

ACCOUNT = Account("17841400000000001", "acme.shop")
MID = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE"


def refused(code: int, status: int = 400, **more: Any) -> httpx.Response:
    body = {"message": "(#100) No", "type": "OAuthException", "code": code, "fbtrace_id": "Abc", **more}
    return json_answer({"error": body}, status)


def withdrawn(answer: httpx.Response) -> bool:
    instagram = FakePlatform().on("GET", f"/v25.0/{MID}", answer)
    return connector.is_withdrawn(instagram.context(connector, ACCOUNT), MID)


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        # The simulator's own words for it.
        (
            refused(9000001, message="This message has been deleted by the user or is no longer available."),
            True,
        ),
        (refused(9000001, error_subcode=1), True),
        (json_answer({"id": MID, "created_time": "2026-08-06T10:00:00+0000"}), False),
        (refused(100, error_subcode=33), False),
    ],
)
def test_only_what_instagram_calls_deleted_is_gone(answer: httpx.Response, gone: bool) -> None:
    assert withdrawn(answer) is gone


@pytest.mark.parametrize("answer", [refused(4), refused(190, 401), refused(2, 500)])
def test_an_instagram_that_cannot_say_is_asked_again(answer: httpx.Response) -> None:
    with pytest.raises(ConnectorError):
        withdrawn(answer)


def said(number: int, minute: int) -> dict[str, Any]:
    return {
        "id": f"m{number}", "created_time": f"2026-08-06T10:{minute:02d}:00+0000", "message": "Hi",
        "from": {"id": "927364500000011", "username": "mara.k"}, "to": {"data": [{"id": ACCOUNT.external_id}]},
    }  # fmt: skip


def thread(*messages: dict[str, Any]) -> FakePlatform:
    instagram = FakePlatform()
    instagram.on("GET", "/v25.0/me/conversations", json_answer({"data": [{"id": "t1"}]}))
    return instagram.on("GET", "/v25.0/t1/messages", json_answer({"data": list(messages)}))


def test_the_newest_messages_speak_from_a_second_after_the_oldest_nearly_to_now() -> None:
    ctx = thread(said(2, 20), said(1, 10)).context(connector, ACCOUNT)

    stretch = connector.history(ctx, "", "927364500000011").stretch

    assert stretch is not None and stretch.ours
    # Of its first second nobody can say whether the list holds everything.
    assert stretch.since == datetime(2026, 8, 6, 10, 10, 1, tzinfo=UTC)
    assert stretch.until == NOW - history.LAG


def test_a_thread_that_shows_nothing_speaks_of_no_time() -> None:
    assert connector.history(thread().context(connector, ACCOUNT), "", "927364500000011").stretch is None
