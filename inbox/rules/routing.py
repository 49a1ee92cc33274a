"""Who gets a conversation, and in words why everybody else was passed over. The same facts give the same answer.

Whoever is there, speaks the language, has the skills and has room (or nothing at all to do) may take it. Among them: the one who knows the
customer, while that holds; else the least loaded for what they can take; among equally loaded the one whose last turn is longest ago.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from inbox.rules import language_names

# What a conversation weighs, where the brand says nothing else. By kind, and what a priority adds.
WEIGHTS = {"direct": 1, "group": 2, "comment": 1, "urgent": 1, "high": 0, "normal": 0, "low": 0}
FOREIGN = "foreign"  # the language of what is in none of the brand's: no team can ask for it
PRIORITIES = {1: "urgent", 2: "high", 3: "normal", 4: "low"}


class Presence(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Takes:
    """What a team takes: all that it asks must hold, and what is empty asks nothing."""

    id: int
    channels: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def fits(self, *, channel: int, tags: Collection[str], language: str | None, kind: str) -> bool:
        """`language`: empty where it is not known; None leaves it aside."""
        return (
            (not self.channels or channel in self.channels)
            and (not self.tags or not self.tags.isdisjoint(tags))
            and (not self.languages or language is None or language in self.languages)
            and (not self.kinds or kind in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Need:
    """What a conversation asks of whoever takes it."""

    language: str = ""  # empty: not known, so nobody is asked for it
    skills: frozenset[str] = frozenset()
    weight: int = 1
    known_by: int | None = None  # who last took care of this customer, while that counts
    known_why: str = ""
    not_to: frozenset[int] = frozenset()  # taken from them as late: theirs only where nobody else could


@dataclass(frozen=True, slots=True)
class Candidate:
    id: int
    name: str
    presence: Presence = Presence.ONLINE
    silent: bool = False  # no open page has been heard of for a while; perhaps it comes back
    load: int = 0
    capacity: int = 8
    languages: frozenset[str] = frozenset()  # empty: every language
    skills: frozenset[str] = frozenset()
    last_turn: datetime | None = None

    @property
    def full(self) -> str:
        return f"{self.load} of {self.capacity}"


@dataclass(frozen=True, slots=True)
class Verdict:
    chosen: Candidate | None
    why: str  # in words; of nobody: why nobody could
    passed: Sequence[tuple[Candidate, str]] = field(default=())  # everybody else, and why


def weight_of(kind: str, priority: int, weights: Mapping[str, int] | None = None) -> int:
    """At least 1, so that nobody gets conversations without end."""
    told = {**WEIGHTS, **(weights or {})}
    return max(1, told.get(kind, 1) + told.get(PRIORITIES.get(priority, "normal"), 0))


def team_of(
    teams: Iterable[Takes], *, channel: int, tags: Collection[str], language: str, kind: str
) -> int | None:
    """The first in the order that takes such a conversation. Where its language is not known yet: the first that takes every language, else the
    first that takes the rest of it, for somebody has to read the words that will tell. What is FOREIGN only a team takes that takes every language."""
    teams = list(teams)
    for asked in [language] if language else ["", None]:
        for team in teams:
            if team.fits(channel=channel, tags=tags, language=asked, kind=kind):
                return team.id
    return None


def decide(need: Need, candidates: Sequence[Candidate]) -> Verdict:
    refused = {candidate.id: why for candidate in candidates if (why := _why_not(need, candidate))}
    able = [candidate for candidate in candidates if candidate.id not in refused]
    # With whom it was late is better than with nobody; but whoever is full or reads a page anew may have it in a minute, and keeps it then.
    if not able and need.not_to and not any(_only_for_now(need, each) for each in candidates):
        return decide(replace(need, not_to=frozenset()), candidates)
    if not able:
        return Verdict(None, _nobody(candidates), [(each, refused[each.id]) for each in candidates])
    ranked = sorted(able, key=_by_load_then_turn)
    knows = next((each for each in able if each.id == need.known_by), None)
    chosen = knows or ranked[0]
    why = f"knows this customer: {need.known_why}" if knows else _why(chosen, able)
    passed = [
        (each, refused.get(each.id) or _why_after(each, chosen, knows=bool(knows)))
        for each in candidates
        if each.id != chosen.id
    ]
    return Verdict(chosen, why, passed)


def _why_not(need: Need, candidate: Candidate) -> str:
    """The first thing that keeps them from it; empty: nothing does."""
    if candidate.presence != Presence.ONLINE:
        return str(candidate.presence)
    if candidate.silent:
        return "left a moment ago"
    if candidate.id in need.not_to:
        return "had it, and it was late"
    if need.language and candidate.languages and need.language not in candidate.languages:
        return f"does not speak {language_names.named(need.language)}"
    if missing := sorted(need.skills - candidate.skills):
        return f"not skilled in {', '.join(missing)}"
    if candidate.capacity == 0:
        return "takes nothing by routing"
    # Nobody with nothing to do is full: what weighs more than a whole desk could else be given to nobody, ever.
    if candidate.load and candidate.load + need.weight > candidate.capacity:
        weighs = f", and this weighs {need.weight}" if candidate.load < candidate.capacity else ""
        return f"full: {candidate.full}{weighs}"
    return ""


def _only_for_now(need: Need, candidate: Candidate) -> bool:
    """Whether nothing but what they have in hand, or a silence that may be none, keeps them from it."""
    return not _why_not(need, replace(candidate, load=0, silent=False))


def _load(candidate: Candidate) -> Fraction:
    return Fraction(candidate.load, candidate.capacity)


def _by_load_then_turn(candidate: Candidate) -> tuple[Fraction, float, int]:
    turn = candidate.last_turn.timestamp() if candidate.last_turn else float("-inf")
    return _load(candidate), turn, candidate.id


def _why(chosen: Candidate, able: Sequence[Candidate]) -> str:
    if len(able) == 1:
        return f"the only one who can take it now, with {chosen.full}"
    equal = [each for each in able if _load(each) == _load(chosen)]
    if len(equal) > 1:
        return f"next in turn of {len(equal)} with the least work, {chosen.full}"
    return f"the least work of {len(able)}, {chosen.full}"


def _why_after(candidate: Candidate, chosen: Candidate, *, knows: bool) -> str:
    if knows:
        return f"does not know this customer as {chosen.name} does"
    if _load(candidate) > _load(chosen):
        return f"has more to do: {candidate.full}"
    return "had a turn more recently" if candidate.last_turn else "comes after in turn"


def _nobody(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "the team has no members"
    there = [each for each in candidates if each.presence == Presence.ONLINE and not each.silent]
    if not there:
        return "nobody in the team is there"
    return "nobody who is there can take it now"
