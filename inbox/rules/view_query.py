"""What a view holds, as a value: the text of the query bar is read into it, and it can say that text again.

A query is canonical: whatever means the same is equal. `reading(text, names)` gives one or raises QueryError, which names the word
at fault and what may stand there; `say(query, names)` gives the shortest text for it. `parse(say(q)) == q` for every query.

* All terms must hold. Between the values of a field a comma means *or* (`channel:ig,x`), a minus means *not* (`-tag:spam`).
* Between words a comma is a mark like any other: `late,parcel` is `late parcel`, and `-late,parcel` is `-late -parcel`.
* Who says no state means what is open. `is:any` means every state.
* A time is told by how long (`due<1h`: due within the hour; `created<2d`: younger than two days), by a day or by two (`created:2026-11-01..2026-11-05`).
* People and accounts are kept by number, so that a name may change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

STATES = ("open", "pending", "snoozed", "resolved", "spam")
PRIORITIES = ("urgent", "high", "normal", "low")
MOODS = ("negative", "neutral", "positive")
KINDS = ("direct", "group", "comment")
FLAGS = ("unread", "waiting", "vip", "late")
ONE_OF = (
    "channel",
    "assignee",
    "team",
    "priority",
    "language",
    "mood",
    "kind",
)  # a conversation has one of these
TIMES = ("due", "waiting", "created", "updated")
FIELDS = (*ONE_OF[:3], "tag", *ONE_OF[3:], "from", *TIMES, "is")  # in the order in which a query says them

ME, NONE, ANY = "me", "none", "any"
MOST_TERMS, LONGEST = 30, 500

_MINUTE = 60
_UNITS = (("w", 7 * 24 * 60 * _MINUTE), ("d", 24 * 60 * _MINUTE), ("h", 60 * _MINUTE), ("m", _MINUTE))
_BARE = re.compile(r"[\w.@#+/'’&]+(?:-[\w.@#+/'’&]+)*")
# Tenths of all but minutes: those are whole minutes.
_SPAN = re.compile(
    r"(?:(\d{1,6}(?:[.,]\d)?)w)?(?:(\d{1,6}(?:[.,]\d)?)d)?(?:(\d{1,6}(?:[.,]\d)?)h)?(?:(\d{1,6})m)?"
)


class QueryError(ValueError):
    """What was typed cannot be read. `word` is where; the message says what may stand there."""

    def __init__(self, message: str, *, word: str = "") -> None:
        super().__init__(message)
        self.word = word


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """One condition. `op` is ":" (is one of), "<", ">" or ">=" (of times)."""

    field: str
    op: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Something that is said in the conversation: a word, or words next to one another."""

    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    states: tuple[str, ...] = ("open",)
    terms: tuple[Term, ...] = ()
    words: tuple[Words, ...] = ()

    @property
    def asks_words(self) -> bool:
        return bool(self.words)

    @property
    def asks_me(self) -> bool:
        """Whether it holds something else for each viewer."""
        return any(term.field == "assignee" and ME in term.values for term in self.terms)

    @property
    def asks_days(self) -> bool:
        """Whether it holds something else where days begin at another hour."""
        values = (value for term in self.terms if term.field in TIMES for value in term.values)
        return any(value != NONE and seconds_of(value) is None for value in values)

    def as_json(self) -> dict[str, Any]:
        return {
            "states": list(self.states),
            "terms": [[term.field, term.op, list(term.values), term.negated] for term in self.terms],
            "words": [[words.text, words.negated] for words in self.words],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Query:
        return canonical(
            kept.get("states", ("open",)),
            [Term(name, op, tuple(values), negated) for name, op, values, negated in kept.get("terms", ())],
            [Words(text, negated) for text, negated in kept.get("words", ())],
        )


@dataclass(frozen=True, slots=True)
class Name:
    """Somebody or something that has a number: what is said for it, and what else may be typed."""

    number: int
    said: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What a brand calls its channels, people and tags. `platforms`: key -> what may be typed for it, the shortest first."""

    platforms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels: tuple[Name, ...] = ()
    people: tuple[Name, ...] = ()
    teams: tuple[Name, ...] = ()
    tags: tuple[str, ...] = ()

    def of(self, name: str) -> tuple[Name, ...]:
        return {"channel": self.channels, "assignee": self.people, "team": self.teams}.get(name, ())


def canonical(states: Iterable[str], terms: Iterable[Term], words: Iterable[Words]) -> Query:
    """One way for each meaning: merged, sorted, without repetitions."""
    named = set(states)
    merged: dict[tuple[str, bool], Term] = {}
    rest: set[Term] = set()
    for term in terms:
        # What a conversation has one of is one of all that were named; and "none of these" is one thing, too.
        joins = term.op == ":" and (term.field in ONE_OF or (term.negated and term.field in ("tag", "is")))
        if not joins:
            rest.add(replace(term, values=tuple(sorted(set(term.values)))))
            continue
        key = (term.field, term.negated)
        before = merged[key].values if key in merged else ()
        merged[key] = replace(term, values=tuple(sorted({*before, *term.values})))
    found = sorted({*merged.values(), *rest}, key=lambda term: (FIELDS.index(term.field), term.negated, term))
    return Query(
        tuple(state for state in STATES if state in named) or ("open",),
        tuple(found),
        tuple(dict.fromkeys(words)),
    )


def say(query: Query, names: Names) -> str:
    """The text of the query bar."""
    found = []
    if query.states == STATES:
        found.append("is:any")
    elif query.states != ("open",):
        found.append(f"is:{','.join(query.states)}")
    found += [_say_term(term, names) for term in query.terms]
    found += [f"{'-' if words.negated else ''}{_say_words(words.text)}" for words in query.words]
    return " ".join(found)


def span(seconds: int) -> str:
    """90 minutes are "1h30m"."""
    said = ""
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        said += f"{count}{unit}" if count else ""
    return said or "0m"


def seconds_of(text: str) -> int | None:
    """None: that is no length of time."""
    match = _SPAN.fullmatch(text)
    if not text or match is None:
        return None
    return sum(
        _tenths(count) * size // 10
        for count, (_, size) in zip(match.groups(default="0"), _UNITS, strict=True)
    )


def _tenths(count: str) -> int:
    whole, _, tenth = count.replace(",", ".").partition(".")
    return int(whole) * 10 + int(tenth or 0)


def _say_term(term: Term, names: Names) -> str:
    values = ",".join(quoted(_value_said(term, value, names)) for value in term.values)
    return f"{'-' if term.negated else ''}{term.field}{term.op}{values}"


def _value_said(term: Term, value: str, names: Names) -> str:
    if term.field == "channel" and value in names.platforms:
        return names.platforms[value][0] if names.platforms[value] else value
    if value.startswith("#"):
        return next((each.said for each in names.of(term.field) if f"#{each.number}" == value), value)
    return value


def quoted(value: str) -> str:
    """As it is where that is plain, else in quotes."""
    return value if _BARE.fullmatch(value) else _in_quotes(value)


def _in_quotes(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _say_words(text: str) -> str:
    return text if re.fullmatch(r"[^\W_][\w.'’]*", text) else _in_quotes(text)
