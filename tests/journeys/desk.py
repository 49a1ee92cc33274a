"""Agents who answer a lot, through the same doors as the page and without a browser: their words, and what became of them."""

import json
import os
import random
import re
import sys
import time
from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from uuid import uuid4

import httpx

from tests.journeys.outside import PLATFORMS, Outside
from tests.journeys.running import PASSWORD, Demo
from tests.journeys.waiting import eventually
from tests.retrying import Incomplete

T = TypeVar("T")
TOO_BUSY = {"timeout", 503}
MOST_LEFT_OUT = 3  # messages that a busy machine may not have let in; a door that hangs keeps out more
UNDER_WAY = """SELECT public_id::text, state, state_reason FROM inbox_message
                WHERE state IN ('queued', 'sending', 'uncertain')"""
# What was delivered and is not read yet, and pictures that are being copied. One that failed twice waits for long.
TO_COME = """SELECT (SELECT count(*) FROM connectors_receipt WHERE state = 'new') + (SELECT count(*) FROM inbox_attachment
              WHERE message_id IS NOT NULL AND fetch_state = 'pending' AND fetch_at < now() + interval '20 seconds')"""
# LinkedIn's log proves that a reply is missing only once it has gone past the attempt: somebody must go on writing.
UNKNOWN_BY_THE_LOG = """SELECT 1 FROM inbox_message message JOIN inbox_channel channel ON channel.id = message.channel_id
                          WHERE message.state = 'uncertain' AND channel.platform = 'linkedin'"""


class Told(Generic[T]):
    """What was found wrong in the demo that all tests share, by the test that found it first. It makes that one red, each time it is
    tried, and no other: a loss does not heal by being looked at twice."""

    def __init__(self) -> None:
        self.by: dict[T, str] = {}

    def mine(self, found: Iterable[T]) -> list[T]:
        """What no other test has told."""
        test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        return [each for each in found if self.by.setdefault(each, test) == test]


_differences = Told[tuple[str, str, str]]()
_unknowable = Told[tuple[str, str, str]]()
_given_up = Told[str]()  # replies that were waited for in vain


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
            "written_against": str(sys.maxsize),
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
    """Customers on all platforms write, alone and in groups, in public and with pictures; they correct themselves, unsend and react;
    every so often an agent answers one of them.

    Without a desk they only write. Returns what the agents wrote. Same seed, same day.
    """
    dice = random.Random(seed)
    people = [(platform, f"{label} {platform} {number}") for platform in PLATFORMS for number in range(5)]
    written: list[tuple[str, dict[str, Any]]] = []
    replies = []
    for number in range(count):
        platform, name = dice.choice(people)
        written.append((platform, outside.dm(platform, f"{label}, message {number}", who=name)))
        if more := _special(number, platform, label):  # by others, so that no answer waits for what they say
            outside.dm(platform, f"{label}, beside {number}", who=f"{label} {platform} passing by", **more)
        if desk and dice.random() < 0.15:
            _change_mind(outside, dice, *dice.choice(written), number=number)
        if desk and number % every == every - 1:
            replies.append(f"{label}, answer {number}")
            desk.reply(written[-1][1]["id"], replies[-1])
    return replies


def _special(number: int, platform: str, label: str) -> dict[str, str]:
    """Beside every ten comes a picture, a comment, and something said in a group, where the platform has any."""
    match number % 10:
        case 3 if platform != "instagram":
            return {"kind": "group", "title": f"Friends of {label}"}
        case 5:
            return {"kind": "image"}
        case 7:
            return {"kind": "comment"}
    return {}


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
        rows = {row[0]: row for row in demo.sql(UNDER_WAY)}
        return [row for key, row in rows.items() if _is_mine(key)]

    def quiet() -> bool:
        if outside.pending():
            outside.hurry()
            return False
        waiting = demo.sql(TO_COME)[0][0]
        if demo.sql(UNKNOWN_BY_THE_LOG) and time.monotonic() - spoken[-1] > 3:
            spoken.append(time.monotonic())
            outside.dm("linkedin", f"And another thing, {len(spoken)}", who="Somebody who writes on")
        return not waiting and not under_way()

    spoken = [time.monotonic()]
    try:
        eventually(quiet, within=within)
    except AssertionError:
        left = under_way()
        _given_up.mine(row[0] for row in left)
        raise AssertionError(
            f"Not calm after {within:g} s: {outside.pending()} deliveries to come, under way: {left}"
        ) from None


def _compared(demo: Demo) -> dict[str, Any]:
    compared = demo.manage("completeness", "--json", "--show", "10000", "--wait", "20")
    assert compared.stdout, f"{compared.returncode}\n{compared.stderr[-1000:]}"
    found: dict[str, Any] = json.loads(compared.stdout)
    assert found["messages"], "nothing was compared"
    assert compared.returncode == bool(found["named"]) == any(found["differences"].values()), compared.stdout
    return found


def _door_was_too_slow(outside: Outside, named: list[dict[str, Any]]) -> bool:
    """A platform that comes once and waits for ten seconds was not let in by a machine that does ten other things, or was told after five that
    nothing could be stored: a comparison brings that. Whatever else keeps a message away is a fault."""
    missing = {each["id"] for each in named}
    if len(missing) > MOST_LEFT_OUT or any(each["kind"] != "missing" for each in named):
        return False
    told = [row["deliveries"] for row in outside.ledger() if row["id"] in missing]
    return len(told) == len(missing) > 0 and all(
        tries and {each["status"] for each in tries} <= TOO_BUSY for tries in told
    )


def assert_complete(
    demo: Demo,
    outside: Outside,
    replies: list[str] | None = None,
    *,
    within: float = 60.0,
    some_is_lost: bool = False,
) -> None:
    """The inbox holds what happened on the platforms, in order and once; and each of these replies reached its customer once. Unless a
    platform lost something by itself, there is nothing that nobody could know any more."""
    calm(demo, outside, within=within)
    found = _compared(demo)
    if _door_was_too_slow(outside, found["named"]):
        synced = demo.manage("sync", "--all", "--task", "reconcile", within=600)
        assert synced.returncode == 0, synced.stdout + synced.stderr
        found = _compared(demo)
    differences = {(each["kind"], each["platform"], each["id"]): each for each in found["named"]}
    # A reply that another test waited for in vain never left, and was told there.
    waited_for = {key for key in differences if key[0] == "never left" and not _is_mine(key[2])}
    fresh = [differences[key] for key in _differences.mine(differences.keys() - waited_for)]
    if fresh:
        told = {row["id"]: row["deliveries"] for row in outside.ledger()}
        raise Incomplete(f"{len(fresh)} differences: {[(each, told.get(each['id'])) for each in fresh[:20]]}")
    excused = {(each["kind"], each["platform"], each["id"]): each for each in found["gone"]}
    fresh = [excused[key] for key in _unknowable.mine(excused)]
    if fresh and not some_is_lost:
        raise Incomplete(f"{len(fresh)} are excused: {fresh[:20]}")
    arrived = [row["text"] for row in outside.ledger() if row["direction"] == "out"]
    not_once = {text: arrived.count(text) for text in replies or [] if arrived.count(text) != 1}
    if not_once:
        raise Incomplete(f"replies that did not arrive exactly once: {not_once}; {states_of(demo, not_once)}")


def _is_mine(reply: str) -> bool:
    return reply not in _given_up.by or bool(_given_up.mine([reply]))


def states_of(demo: Demo, texts: dict[str, int]) -> list[tuple[Any, ...]]:
    query = "SELECT text, state, state_reason, attempts FROM inbox_message WHERE direction = 'out' AND text = ANY(%s)"
    return demo.sql(query, [list(texts)])
