"""Who is where: many pages, each of one person, folded to what colleagues are told. One entry a person, not one a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Doing(StrEnum):
    """What somebody does in a conversation; a later one says more than an earlier one."""

    LOOKS = "looks"
    NOTE = "note"  # writes one
    REPLY = "reply"  # writes one


_SAYS_LEAST_FIRST = tuple(doing.value for doing in Doing)


def _weight(doing: str) -> int:
    """What another version of us says and we do not know is looking."""
    return _SAYS_LEAST_FIRST.index(doing) if doing in _SAYS_LEAST_FIRST else 0


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """One page of somebody, on one conversation."""

    conversation: str
    person: int
    name: str
    doing: str = Doing.LOOKS


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody works through a view and has this conversation to themselves for now."""

    conversation: str
    person: int
    name: str


# Conversation -> (person, name, what they do, whether they have it in focus), by name.
Company = dict[str, list[tuple[int, str, str, bool]]]


def together(visits: Iterable[Visit], holds: Iterable[Hold] = ()) -> Company:
    """What somebody does in two pages is told once, as the one that says more."""
    found: dict[str, dict[int, tuple[int, str, str, bool]]] = defaultdict(dict)
    for visit in visits:
        before = found[visit.conversation].get(visit.person)
        if before is None or _weight(visit.doing) > _weight(before[2]):
            found[visit.conversation][visit.person] = (visit.person, visit.name, visit.doing, False)
    for hold in holds:
        doing = found[hold.conversation].get(hold.person, (0, "", "", False))[2]
        found[hold.conversation][hold.person] = (hold.person, hold.name, doing, True)
    return {
        conversation: sorted(people.values(), key=lambda each: (each[1], each[0]))
        for conversation, people in found.items()
    }


def changed(before: Mapping[str, object], now: Company) -> Company:
    """Each conversation where it is otherwise now, whole; nobody is an empty list."""
    gone: Company = {conversation: [] for conversation in before if conversation not in now}
    return gone | {
        conversation: people for conversation, people in now.items() if before.get(conversation) != people
    }
