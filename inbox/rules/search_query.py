"""What is typed into the search field: words, "phrases", and filters such as `channel:instagram tag:refund from:notes before:2026-11-01`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

LONGEST = 300
KEYS = ("channel", "tag", "is", "from", "before", "after")
STATES = {"open": "open", "snoozed": "snoozed", "pending": "pending", "resolved": "resolved", "closed": "resolved", "spam": "spam"}  # fmt: skip
SIDES = {"customer": "in", "us": "out", "me": "out", "notes": "note", "note": "note"}
_PART = re.compile(r'(?:(?P<key>[a-z]+):)?(?:"(?P<quoted>[^"]*)(?:"|$)|(?P<plain>[^\s"]+))', re.I)


class BadQuery(ValueError):
    """A search that cannot be understood. The message says what to type instead."""


@dataclass(frozen=True, slots=True)
class Query:
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    side: str = ""  # a Direction
    handle: str = ""  # of whom one looks for messages
    before: date | None = None
    after: date | None = None
    goes_on: bool = False  # the last word may be the beginning of one

    @property
    def has_words(self) -> bool:
        return bool(self.words or self.phrases)

    @property
    def has_filters(self) -> bool:
        return bool(
            self.channels or self.tags or self.states or self.side or self.handle or self.before or self.after
        )


def parse(text: str) -> Query:
    if len(text) > LONGEST:
        raise BadQuery(f"Search for at most {LONGEST} characters; this is {len(text)}.")
    found: dict[str, list[str]] = {"words": [], "phrases": [], **{key: [] for key in KEYS}}
    ends_in_word = False
    for key, value, is_phrase in _parts(text):
        ends_in_word = not key and not is_phrase
        found[key or ("phrases" if is_phrase else "words")].append(value)
    states = tuple(_one_of(STATES, "is", value) for value in found["is"])
    side, handle = _from(found["from"])
    return Query(
        words=tuple(found["words"]), phrases=tuple(found["phrases"]), channels=tuple(found["channel"]), tags=tuple(found["tag"]),
        states=states, side=side, handle=handle, before=_day("before", found["before"]), after=_day("after", found["after"]),
        goes_on=ends_in_word and not text[-1:].isspace(),
    )  # fmt: skip


def _parts(text: str) -> Iterator[tuple[str, str, bool]]:
    """(key or empty, value, whether it was quoted). What only looks like a filter, as in `https://…`, is words."""
    for part in _PART.finditer(text):
        key, quoted, plain = (part["key"] or "").lower(), part["quoted"], part["plain"]
        value = plain if quoted is None else quoted
        if key and key not in KEYS:
            yield "", f"{part['key']}:{value}", quoted is not None
        elif (key and not value.strip()) or (plain and plain[:-1].lower() in KEYS and plain[-1] == ":"):
            raise BadQuery(f"Say what after “{key or plain[:-1]}:”, or leave it out.")
        elif value.strip():
            yield key, value.strip(), quoted is not None


def _one_of(known: dict[str, str], key: str, value: str) -> str:
    try:
        return known[value.lower()]
    except KeyError:
        raise BadQuery(f"“{key}:” knows {', '.join(known)}; not “{value}”.") from None


def _from(values: list[str]) -> tuple[str, str]:
    if not values:
        return "", ""
    if len(values) > 1:
        raise BadQuery("A message is from one side: keep one “from:”.")
    [value] = values
    if side := SIDES.get(value.lower()):
        return side, ""
    if value.startswith("@"):
        return "in", value
    raise BadQuery(f"“from:” takes customer, us, notes, or a handle such as @{value.lstrip('@')}.")


def _day(key: str, values: list[str]) -> date | None:
    if not values:
        return None
    try:
        return date.fromisoformat(values[-1])
    except ValueError:
        raise BadQuery(f"“{values[-1]}” is no day. Write it as {key}:2026-11-28.") from None
