"""Conversations that had news while the list was read. Each moved from the part that was still to come to the part already read, and a walk
that ended there would have passed it by: what was written in it before the walk began would count as seen.

The list is newest first, so they stand above what stood first when the walk began. They are listed quickly and then read; what moves while
several pages of them are listed is listed again, until one page holds all that is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from connectors import wire
from connectors.contract import Page, RateNotice

MOVED: Final = "moved"


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list: ids and when each had its last news, newest first. `after` leads on."""

    conversations: tuple[tuple[str, datetime | None], ...]
    after: str
    rates: tuple[RateNotice, ...]


def begin(found: Listed) -> dict[str, Any]:
    """What the first page of a walk says of where it began, for `start`. Empty where the platform tells no times."""
    if not found.conversations or (told := found.conversations[0][1]) is None:
        return {}
    return {"since": told.isoformat(), "first": found.conversations[0][0]}


def start(began: Mapping[str, Any], then: str) -> str:
    """The cursor of this part of the walk; `then` is the cursor of the next."""
    if not began:
        return then
    return wire.pack({"of": MOVED, **began, "then": then, "known": [began["first"]]})


def page(state: Mapping[str, Any], listing: Callable[[str], Listed], reading: Callable[[str], Page]) -> Page:
    """One call: a page of the list while there is more of it to look at, and then one conversation."""
    then = wire.text(state.get("then"))
    waiting = [each for each in state.get("waiting", []) if isinstance(each, str)]
    if not state.get("listed"):
        found = listing(wire.text(state.get("after")))
        state = _looked(state, found)
        answer = Page((), rates=found.rates)
    else:
        answer = reading(waiting[0])
        state = {**state, "waiting": waiting[1:]}
    is_over = state.get("listed") and not state["waiting"]
    following = then if is_over else wire.pack(state)
    return replace(answer, cursor=following, more=bool(following), beyond=then, unordered=True)


def _looked(state: Mapping[str, Any], found: Listed) -> dict[str, Any]:
    since = wire.when(state.get("since"))
    known = {each for each in state.get("known", []) if isinstance(each, str)}
    news = [name for name, at in found.conversations if at is None or at >= since]
    fresh = [name for name in news if name not in known]
    looked = {
        **state, "known": sorted(known.union(fresh)), "waiting": [*state.get("waiting", []), *fresh], "after": "",
    }  # fmt: skip
    look = {**_beginning(found), **wire.mapping(state.get("look"))}
    look["fresh"] = bool(look.get("fresh") or fresh)
    if found.after and len(news) == len(found.conversations):  # a page may be empty and still not the last
        return {**looked, "after": found.after, "look": look}
    is_one_page = not state.get("after")
    if is_one_page or (state.get("again") and not look["fresh"]):
        return {**looked, "known": [], "look": {}, "listed": True}
    # What moved while these pages were listed stands above the first of them.
    return {**looked, "since": look.get("since", state["since"]), "look": {}, "again": True}


def _beginning(found: Listed) -> dict[str, Any]:
    began = begin(found)
    return {"since": began["since"]} if began else {}
