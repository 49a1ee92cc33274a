"""What is typed into the search field: the query bar's language (rules.view_query), and what only messages have: who wrote it and when.

Unlike in the bar, who says no state means any, and the last word may be the beginning of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from inbox.rules import view_reading
from inbox.rules.view_query import STATES, Names, QueryError
from inbox.rules.view_query import Query as Asked

LONGEST = 300
SIDES = {"customer": "in", "us": "out", "notes": "note", "note": "note"}
_SIDE = re.compile(rf"(?<!\S)from:({'|'.join(SIDES)})(?!\S)", re.I)
_NOT_A_SIDE = re.compile(rf"(?<!\S)-from:(?:{'|'.join(SIDES)})(?!\S)", re.I)
_DAY = re.compile(r"(?<!\S)(before|after):(\S*)", re.I)
_ADDRESS = re.compile(r'(?<!\S)(?:https?|ftp)://[^\s"]+', re.I)
_ASKS_STATE = re.compile(r"(?<!\S)-?(?:is|state):", re.I)
_STATE = re.compile(rf"\"?(?:{'|'.join(STATES)})", re.I)
_QUOTED = re.compile(
    r'"(?:[^"\\]|\\.)*"?', re.DOTALL
)  # as view_reading reads them: one that nobody closed ends with the text
_ENDS_IN_A_WORD = re.compile(r"(?:^|\s)[^\s:\"<>-][^\s:\"<>]*$")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    asked: Asked  # of the conversation, and the words
    side: str = ""  # a Direction
    before: date | None = None
    after: date | None = None
    narrows: bool = False  # asks anything of the conversation
    goes_on: bool = False

    @property
    def words(self) -> list[str]:
        return [words.text for words in self.asked.words if not words.negated]

    @property
    def without(self) -> list[str]:
        return [words.text for words in self.asked.words if words.negated]

    @property
    def has_filters(self) -> bool:
        return bool(self.narrows or self.side or self.before or self.after)


def parse(text: str, names: Names) -> SearchQuery:
    """Raises QueryError, and nothing else, whatever the text."""
    if len(text) > LONGEST:
        raise QueryError(f"Search for at most {LONGEST} characters; this is {len(text)}.")
    rest = _replace(_ADDRESS, view_reading.straightened(text), '"{}"')
    sides = [SIDES[found[1].lower()] for found in _SIDE.finditer(_unquoted(rest))]
    if _NOT_A_SIDE.search(_unquoted(rest)):
        raise QueryError("Say whose you want: from:customer, from:us or from:notes.", word="-from:")
    if len(set(sides)) > 1:
        raise QueryError("A message is from one side: keep one “from:”.", word="from:")
    days = {
        found[1].lower(): _day(found[1].lower(), rest[found.start(2) : found.end(2)])
        for found in _DAY.finditer(_unquoted(rest))
    }
    rest = _replace(_DAY, _replace(_SIDE, rest, " "), " ")
    asked = view_reading.parse(rest, names)
    says_state = any(_STATE.match(rest, found.end()) for found in _ASKS_STATE.finditer(_unquoted(rest)))
    if not says_state:
        asked = replace(asked, states=STATES)
    return SearchQuery(
        asked,
        side=sides[0] if sides else "",
        before=days.get("before"),
        after=days.get("after"),
        narrows=says_state or bool(asked.terms),
        goes_on=bool(_ENDS_IN_A_WORD.search(text)),
    )


def _unquoted(text: str) -> str:
    """As long as the text, and nothing to be found where quotes stand: what they hold is words, whatever it says."""
    return _QUOTED.sub(lambda found: '"' * len(found[0]), text)


def _replace(pattern: re.Pattern[str], text: str, by: str) -> str:
    """What the pattern finds outside of quotes; `by` may hold it."""
    parts, at = [], 0
    for found in pattern.finditer(_unquoted(text)):
        parts += [text[at : found.start()], by.replace("{}", text[found.start() : found.end()])]
        at = found.end()
    return "".join([*parts, text[at:]])


def _day(key: str, value: str) -> date:
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise QueryError(f"“{value}” is no day. Write it as {key}:2026-11-28.", word=f"{key}:") from None
    if not 1971 <= found.year <= 2999:
        raise QueryError(f"{value} is too far away to mean anything here.", word=f"{key}:")
    return found
