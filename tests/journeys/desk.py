"""Agents who answer a lot, through the same doors as the page and without a browser: their words, and what became of them."""

import json
import random
import re
import time
from typing import Any
from uuid import uuid4

import httpx

from tests.journeys.outside import PLATFORMS, Outside
from tests.journeys.running import PASSWORD, Demo
from tests.journeys.waiting import eventually

UNDER_WAY = (
    "SELECT id, state, state_reason FROM inbox_message WHERE state IN ('queued', 'sending', 'uncertain')"
)
# LinkedIn's log proves that a reply is missing only once it has gone past the attempt: somebody must go on writing.
UNKNOWN_BY_THE_LOG = """SELECT 1 FROM inbox_message message JOIN inbox_channel channel ON channel.id = message.channel_id
                          WHERE message.state = 'uncertain' AND channel.platform = 'linkedin'"""
# What earlier tests found wrong in the demo they share, or waited for in vain: told once, by the test that is red.
_told: set[tuple[str, str, str]] = set()
_given_up: set[int] = set()


class Desk:
    def __init__(self, demo: Demo, email: str = "agent@parley.test") -> None:
        self.demo = demo
        self.client = httpx.Client(base_url=demo.url, trust_env=False, timeout=60)
        page = self.client.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text[:500]
        form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = self.client.post(
            "/accounts/login/", data=form, headers={"Referer": f"{demo.url}/accounts/login/"}
        )
        assert answer.status_code == 302, answer.text[:500]

    def close(self) -> None:
        self.client.close()

    def conversation_with(self, message: str) -> str:
        """The public id of the conversation that holds this message of the platform, once it is there."""
        query = """SELECT conversation.public_id FROM inbox_message message
                     JOIN inbox_conversation conversation ON conversation.id = message.conversation_id
                    WHERE message.external_id = %s"""
        [(public_id,)] = eventually(
            lambda: self.demo.sql(query, [message]), within=90, told=f"message {message}"
        )
        return str(public_id)

    def is_unsent(self, message: str) -> bool:
        query = "SELECT deleted_at IS NOT NULL FROM inbox_message WHERE external_id = %s"
        return self.demo.sql(query, [message]) == [(True,)]

    def reply(self, message: str, text: str, *, client_id: str = "") -> httpx.Response:
        """Answers this message without looking for news, as somebody does who has read everything."""
        address = f"/b/acme/conversations/{self.conversation_with(message)}/replies/"
        body = {
            "client_id": client_id or str(uuid4()),
            "text": text,
            "written_against": "0",
            "send_anyway": "on",
        }
        headers = {"X-CSRFToken": self._csrf(), "Referer": self.demo.url, "X-Parley-Fragment": "1"}
        answer = self.client.post(address, data=body, headers=headers)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
        return answer

    def _csrf(self) -> str:
        return next(value for name, value in self.client.cookies.items() if name.startswith("parley_csrf"))


def busy(
    outside: Outside, desk: Desk | None, label: str, *, seed: int, count: int = 100, every: int = 10
) -> list[str]:
    """Customers on all platforms write, correct themselves, unsend and react; every so often an agent answers one of them.

    Without a desk they only write. Returns what the agents wrote. Same seed, same day.
    """
    dice = random.Random(seed)
    people = [(platform, f"{label} {platform} {number}") for platform in PLATFORMS for number in range(5)]
    written: list[tuple[str, dict[str, Any]]] = []
    replies = []
    for number in range(count):
        platform, name = dice.choice(people)
        written.append((platform, outside.dm(platform, f"{label}, message {number}", who=name)))
        if desk and dice.random() < 0.15:
            _change_mind(outside, dice, *dice.choice(written), number=number)
        if desk and number % every == every - 1:
            replies.append(f"{label}, answer {number}")
            desk.reply(written[-1][1]["id"], replies[-1])
    return replies


def _change_mind(
    outside: Outside, dice: random.Random, platform: str, message: dict[str, Any], *, number: int
) -> None:
    target = message["id"]
    [row] = [row for row in outside.ledger(platform=platform) if row["id"] == target]
    if row["deleted"]:
        return
    kind = dice.choice(["edit", "unsend", "react"])
    more = {"text": f"{row['text']} (corrected {number})"} if kind == "edit" else {}
    outside.event(platform, kind, target=target, **more, allow_refusal=True)


def cut_off(demo: Demo) -> list[int]:
    """The replies that were being sent by whoever has just died."""
    return [row[0] for row in demo.sql("SELECT id FROM inbox_message WHERE state = 'sending'")]


def let_claims_run_out(demo: Demo, replies: list[int]) -> None:
    """Two minutes pass at once for the claims of a dead worker on these replies."""
    demo.sql(
        "UPDATE inbox_message SET lease_until = now() WHERE id = ANY(%s) AND state = 'sending'", [replies]
    )


def calm(demo: Demo, outside: Outside, *, within: float = 60.0) -> None:
    """Until nothing is on its way any more, in either direction."""

    def under_way() -> list[tuple[Any, ...]]:
        return [row for row in demo.sql(UNDER_WAY) if row[0] not in _given_up]

    def quiet() -> bool:
        if outside.pending():
            outside.hurry()
            return False
        waiting = demo.sql("SELECT count(*) FROM connectors_receipt WHERE state = 'new'")[0][0]
        if demo.sql(UNKNOWN_BY_THE_LOG) and time.monotonic() - spoken[-1] > 3:
            spoken.append(time.monotonic())
            outside.dm("linkedin", f"And another thing, {len(spoken)}", who="Somebody who writes on")
        return not waiting and not under_way()

    spoken = [time.monotonic()]
    try:
        eventually(quiet, within=within)
    except AssertionError:
        left = under_way()
        _given_up.update(row[0] for row in left)
        raise AssertionError(
            f"Not calm after {within:g} s: {outside.pending()} deliveries to come, under way: {left}"
        ) from None


def assert_complete(
    demo: Demo, outside: Outside, replies: list[str] | None = None, *, within: float = 60.0
) -> None:
    """The inbox holds what happened on the platforms, in order and once; and each of these replies reached its customer once."""
    calm(demo, outside, within=within)
    compared = demo.manage("completeness", "--json", "--show", "10000", "--wait", "20")
    assert compared.stdout, f"{compared.returncode}\n{compared.stderr[-1000:]}"
    found = json.loads(compared.stdout)
    assert found["messages"], "nothing was compared"
    assert compared.returncode == bool(found["named"]) == any(found["differences"].values()), compared.stdout
    differences = {(each["kind"], each["platform"], each["id"]): each for each in found["named"]}
    fresh = [each for key, each in differences.items() if key not in _told]
    _told.update(differences)
    assert not fresh, f"{len(fresh)} differences: {fresh[:20]}"
    arrived = [row["text"] for row in outside.ledger() if row["direction"] == "out"]
    not_once = {text: arrived.count(text) for text in replies or [] if arrived.count(text) != 1}
    assert not not_once, f"replies that did not arrive exactly once: {not_once}; {states_of(demo, not_once)}"


def states_of(demo: Demo, texts: dict[str, int]) -> list[tuple[Any, ...]]:
    query = "SELECT text, state, state_reason, attempts FROM inbox_message WHERE direction = 'out' AND text = ANY(%s)"
    return demo.sql(query, [list(texts)])
