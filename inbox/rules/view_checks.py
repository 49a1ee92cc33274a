"""Whether a conversation belongs to a view now, and until when that is certain.

A query becomes a list of checks that know no names any more: numbers, instants and spans. The database reads them as conditions
(queries.view_rows), the counters judge rows by them here, and the page judges pushed rows by the same list as JSON
(static/js/lib/view-checks.js). `tests/inbox/rules/view_cases.json` is one table of cases for all three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.rules import who_words
from inbox.rules.view_query import ME, NONE, PRIORITIES, Query, Term, seconds_of

_TIMES = ("due", "waiting", "created", "updated")
_AGES = ("waiting", "created", "updated")  # told by how long ago; what is due, by how long from now


@dataclass(frozen=True, slots=True)
class Day:
    """The brand's own today: what is "today" must be the same for everybody, or a counter could not be."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks ask of a conversation."""

    state: str
    kind: str
    platform: str
    channel: int
    assignee: int | None
    team: int | None
    tags: tuple[str, ...]
    priority: int
    language: str
    mood: str
    unread: bool
    vip: bool
    who: str  # name and username of the person, as who_words.folded
    waiting: datetime | None
    due: datetime | None
    created: datetime
    updated: datetime

    def as_json(self) -> dict[str, Any]:
        """As a row carries them: times in milliseconds."""
        times = {name: _millis(getattr(self, name)) for name in _TIMES}
        return {
            "state": self.state, "kind": self.kind, "platform": self.platform, "channel": self.channel, "assignee": self.assignee,
            "team": self.team, "tags": list(self.tags), "priority": self.priority, "language": self.language, "mood": self.mood,
            "unread": self.unread, "vip": self.vip, "who": self.who, **times,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """`kind`: "in" (one of `values`), "tags" (at least one of them), "yes" (the fact is so), "says" (the words are in it),
    "by" and "after" (a time up to an instant or up to `now + span`, or after it), "today"."""

    kind: str
    of: str
    values: tuple[Any, ...] = ()
    span: int | None = None  # seconds from now
    at: datetime | None = None
    negated: bool = False

    @property
    def by_time(self) -> bool:
        """Whether time alone can change the answer."""
        return self.kind == "today" or self.span is not None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"kind": self.kind, "of": self.of}
        if self.values:
            found["values"] = list(self.values)
        if self.span is not None:
            found["span"] = self.span
        if self.at is not None:
            found["at"] = _millis(self.at)
        return found | {"not": True} if self.negated else found


Checks = tuple[Check, ...]


def of_query(query: Query, *, me: int, midnight: Callable[[str], datetime]) -> Checks:
    """`me`: who looks. `midnight`: when a day of the brand begins, said as 2026-11-01. Words are not among them: rows do not carry what was said."""
    found = [Check("in", "state", query.states)]
    for term in query.terms:
        found += _of_term(term, me, midnight)
    # What is cheap and known stands first.
    return tuple(sorted(found, key=lambda check: check.by_time))


def holds(checks: Iterable[Check], facts: Facts, *, now: datetime, day: Day) -> bool:
    return all(_holds(check, facts, now, day) for check in checks)


def judge(checks: Iterable[Check], facts: Facts, *, now: datetime, day: Day) -> tuple[bool, datetime | None]:
    """Whether all hold now, and when time alone may change that at the earliest; None: never, as long as the row stays as it is."""
    verdict, until = True, None
    for check in checks:
        so = _holds(check, facts, now, day)
        if not check.by_time:
            if not so:
                return False, None
            continue
        verdict = verdict and so
        turns = _turns(check, facts, now, day)
        if turns is not None and (until is None or turns < until):
            until = turns
    return verdict, until


def _of_term(term: Term, me: int, midnight: Callable[[str], datetime]) -> list[Check]:
    values, negated = term.values, term.negated
    match term.field:
        case "is":
            late = Check("by", "due", span=0, negated=negated)
            return [late if each == "late" else Check("yes", each, negated=negated) for each in values]
        case "tag":
            return [Check("tags", "tags", tuple("" if each == NONE else each for each in values), negated=negated)]  # fmt: skip
        case "from":
            said = tuple(
                who_words.wanted(each) or each for each in values
            )  # some were kept before names were folded
            return [Check("says", "who", said, negated=negated)]
        case "channel":
            named = tuple(int(each[1:]) if each.startswith("#") else each for each in values)
            return [Check("in", "channel", named, negated=negated)]
        case "assignee" | "team":
            numbers = tuple(me if each == ME else None if each == NONE else int(each[1:]) for each in values)
            return [Check("in", term.field, numbers, negated=negated)]
        case "priority":
            return [Check("in", "priority", tuple(PRIORITIES.index(each) + 1 for each in values), negated=negated)]  # fmt: skip
        case "mood" | "language":
            return [Check("in", term.field, tuple("" if each == NONE else each for each in values), negated=negated)]  # fmt: skip
        case "kind":
            return [Check("in", "kind", values, negated=negated)]
    return _of_time(term, midnight)


def _of_time(term: Term, midnight: Callable[[str], datetime]) -> list[Check]:
    [value], name, negated = term.values, term.field, term.negated
    if value == NONE:
        return [Check("yes", name, negated=not negated)]
    if value == "today":
        return [Check("today", name, negated=negated)]
    seconds = seconds_of(value)
    if seconds is None:
        # What is before a midnight is at most a microsecond before it.
        at = midnight(value) - timedelta(microseconds=1)
        return [Check("by" if term.op == "<" else "after", name, at=at, negated=negated)]
    if name in _AGES:
        # Younger than two days is after the instant two days ago.
        return [Check("after" if term.op == "<" else "by", name, span=-seconds, negated=negated)]
    return [Check("by" if term.op == "<" else "after", name, span=seconds, negated=negated)]


def _holds(check: Check, facts: Facts, now: datetime, day: Day) -> bool:
    return _is(check, facts, now, day) is not check.negated


def _is(check: Check, facts: Facts, now: datetime, day: Day) -> bool:
    value = getattr(facts, check.of)
    match check.kind:
        case "in":
            return value in check.values or (check.of == "channel" and facts.platform in check.values)
        case "tags":
            return any(tag in value for tag in check.values) or ("" in check.values and not value)
        case "yes":
            return value is not None and value is not False
        case "says":
            return any(words in value for words in check.values)
        case "today":
            return value is not None and day.begins <= value < day.ends
    limit = check.at if check.span is None else now + timedelta(seconds=check.span)
    assert limit is not None
    return value is not None and (value <= limit) is (check.kind == "by")


def _turns(check: Check, facts: Facts, now: datetime, day: Day) -> datetime | None:
    value = getattr(facts, check.of)
    if value is None:
        return None
    if check.kind == "today":
        return day.ends if value >= day.begins else None
    assert check.span is not None
    at: datetime = value - timedelta(seconds=check.span)
    return at if at > now else None


def _millis(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)
