"""What went wrong, and the one thing to do about it, in words for the person who runs the channels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where the fix is done."""

    NOWHERE = ""
    CONNECTION = "connection"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Fix:
    text: str
    place: Place = Place.NOWHERE


THROTTLED = (
    "throttled"  # no remedy of the contract: to be asked again later, and the platform does not say when
)
NOT_READY = "not ready"  # no remedy of the contract: the process that was to ask lacks a key or a connector
RESTRICTED = "restricted"  # no remedy of the contract: the account is, for a while, and the grant holds
OF_APP = "of app"  # no remedy of the contract: our app is refused, and the grant may be good
WEATHER = "weather"  # no remedy of the contract: the database was away, or somebody held it
NO_ROOM = "no room"  # no remedy of the contract: the database lacks a disk or memory
OF_DATABASE = frozenset({WEATHER, NO_ROOM})
OVERTIME = "overtime"  # no remedy of the contract: the turn did not end by itself
DIED = "died"  # no remedy of the contract: its process is gone
FAULT = "fault"  # no remedy of the contract: it is Parley's own
PASSING = frozenset({"retry", "unknown", DIED, WEATHER, OVERTIME})  # once, nobody need do anything
_FIXES = {
    "retry": Fix("Nothing to do: it is tried again by itself, when the platform allows it."),
    THROTTLED: Fix(
        "Nothing to do: the account has asked too much, and is asked again by itself, later each time."
    ),
    "unknown": Fix("Nothing to do: it is tried again by itself."),
    "wait": Fix("Nothing to do: it goes on when the customer has written."),
    NOT_READY: Fix(
        "Give the sync process the key or the package that it lacks, and restart it. The account need not be connected again."
    ),
    RESTRICTED: Fix(
        "Nothing to do here: replies wait, and go out when the platform lifts it; to connect again lifts nothing. Where the account is free again"
        " there and replies still wait, connect it again."
    ),
    OF_APP: Fix(
        "Put the registration of Parley's app right, at the platform or with manage.py register_app. Then it goes on by itself, and no account"
        " need be connected again."
    ),
    "refresh": Fix("Connect the account again.", Place.CONNECTION),
    "reconnect": Fix("Connect the account again.", Place.CONNECTION),
    "tell": Fix(
        "The platform refuses this for good: compare the scopes on the connection page, then run it again.",
        Place.CONNECTION,
    ),
    "bug": Fix("Parley asked wrongly. Report it with this run's log; it began anew meanwhile.", Place.RUN),
    FAULT: Fix("A fault of Parley's own. Report it with this run's log; it is tried again.", Place.RUN),
    DIED: Fix("Nothing to do once. If it happens again and again, give the sync process more memory."),
    WEATHER: Fix(
        "Nothing to do once: it is tried again by itself, and goes on where it stood. If it lasts, manage.py doctor says how the database is.",
        Place.RUN,
    ),
    NO_ROOM: Fix(
        "Look at the disk and the memory of the machine of the database: its own log says what it lacks. Then it goes on by itself, where it stood.",
        Place.RUN,
    ),
    OVERTIME: Fix(
        "Nothing to do once: it goes on where it stood. If it happens again and again on a machine that is not busy, report it with this run's log.",
        Place.RUN,
    ),
}
# Of each of these people are asked the same.
_ALIKE = (
    frozenset({"retry", "unknown", "wait"}),
    frozenset({"refresh", "reconnect"}),
    frozenset({"bug", FAULT}),
)
_UNKNOWN = Fix("It is tried again by itself. If it lasts, read the run's log.", Place.RUN)


def fix_for(remedy: str) -> Fix:
    return _FIXES.get(remedy, _UNKNOWN)


def asks_the_same(one: str, other: str) -> bool:
    """Whether who was told what to do about one knows what to do about the other."""
    return one == other or any({one, other} <= alike for alike in _ALIKE)
