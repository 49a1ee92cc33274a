"""A walk through the list of conversations reads each of them, whatever moves to its top meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from connectors import wire
from connectors.contract import Account, Page
from connectors.platforms.instagram import moved
from connectors.platforms.instagram.connector import connector
from connectors.platforms.instagram.moved import Listed
from tests.connectors.helpers import NOW, FakePlatform, json_answer

ACCOUNT = Account("17841400000000001", "acme.shop")
PAGE = 3


class Moving(FakePlatform):
    """A list newest first, of few to a page, counted from its top. `moves` says of each after which calls it has news."""

    def __init__(self, size: int, moves: dict[int, list[int]]) -> None:
        super().__init__()
        self.moves, self.now = moves, NOW
        self.updated = {number: NOW - timedelta(minutes=number) for number in range(size)}
        self.read: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answer(request)
        self.now += timedelta(milliseconds=400)
        for number, calls in self.moves.items():
            if number in self.updated and len(self.asked) in calls:
                self.updated[number] = self.now.replace(microsecond=0)
        return answer

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/me/media"):
            return json_answer({"data": []})
        if path.endswith("/me/conversations"):
            return json_answer(self._listed(int(request.url.params.get("after", "0"))))
        number = int(path.split("/")[2].removeprefix("conv"))
        self.read.append(number)
        return json_answer({"data": [message(number)]})

    def _listed(self, start: int) -> dict[str, Any]:
        newest = sorted(self.updated.items(), key=lambda each: each[1], reverse=True)
        shown = [
            {"id": f"conv{number}", "updated_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000")}
            for number, at in newest[start : start + PAGE]
        ]
        if start + PAGE >= len(newest):
            return {"data": shown}
        following = f"https://graph.instagram.com/v25.0/me/conversations?after={start + PAGE}"
        return {"data": shown, "paging": {"cursors": {"after": str(start + PAGE)}, "next": following}}


def message(number: int) -> dict[str, Any]:
    return {
        "id": f"m{number}", "created_time": "2026-08-06T10:00:00+0000", "message": "Hi",
        "from": {"id": f"9273645{number:04d}"}, "to": {"data": [{"id": ACCOUNT.external_id}]},
    }  # fmt: skip


def walk(instagram: Moving) -> None:
    ctx = instagram.context(connector, ACCOUNT)
    cursor = ""
    for _ in range(1000):
        page = connector.history(ctx, cursor)
        cursor = page.cursor
        if not page.more:
            return
    raise AssertionError("the walk does not end")


@given(
    st.integers(0, 14),
    st.dictionaries(st.integers(0, 13), st.lists(st.integers(1, 40), max_size=2)),
)
def test_every_conversation_is_read_whatever_moves(size: int, moves: dict[int, list[int]]) -> None:
    """Each up to twice: what moves thrice, each time at the one wrong moment, is left to the next walk."""
    instagram = Moving(size, moves)

    walk(instagram)

    assert set(instagram.read) == set(range(size))


def test_what_moves_out_of_the_part_still_to_come_is_read_once() -> None:
    instagram = Moving(7, {6: [2]})

    walk(instagram)

    assert instagram.read.count(6) == 1
    assert set(instagram.read) == {0, 1, 2, 3, 4, 5, 6}


def test_where_nothing_moves_it_costs_one_call() -> None:
    instagram = Moving(7, {})

    walk(instagram)

    assert instagram.read == [0, 1, 2, 3, 4, 5, 6]
    lists = [each for each in instagram.asked if each.url.path.endswith("/me/conversations")]
    assert len(lists) == 3 + 1


def test_old_news_lead_on_to_what_moved() -> None:
    """The rest of the list is left out; what moved out of it is not."""
    instagram = Moving(7, {6: [2]})
    ctx = instagram.context(connector, ACCOUNT)
    page = connector.history(ctx, connector.history(ctx, "").cursor)

    cursor = page.beyond
    while cursor:
        following = connector.history(ctx, cursor)
        cursor = following.cursor if following.more else ""

    assert instagram.read == [0, 6]


def test_an_empty_page_that_leads_on_ends_no_look() -> None:
    later, since = NOW + timedelta(seconds=5), NOW
    cursor = moved.start({"since": since.isoformat(), "first": "top"}, then="")
    pages = {
        "": Listed((), "x", ()),
        "x": Listed((("new", later), ("untimed", None), ("old", NOW - timedelta(days=1))), "y", ()),
    }
    read: list[str] = []

    def reading(name: str) -> Page:
        read.append(name)
        return Page(())

    for _ in range(20):
        page = moved.page(wire.unpack(cursor), pages.__getitem__, reading)
        if not page.more:
            break
        cursor = page.cursor

    assert sorted(read) == ["new", "untimed"]
