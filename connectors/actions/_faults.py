"""What ended a turn and is no platform's answer: the weather of the database, its own time, a fault of ours. Told in words, and for the run's
log where it was. What an exception says of itself may hold words of customers and secrets: it stays in the log of the process, which is cleaned."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from connectors.actions import _arriving
from connectors.rules.remedies import FAULT, NO_ROOM, OVERTIME, WEATHER

_OURS = Path(__file__).parents[2]
_FRAMES = 6  # the innermost say where it was
_HELD = "Somebody else held for too long what it was to write in the database."
_AWAY = "The database was away, or took nobody in."
_LATE = "The database took too long for an answer."
_LACKS = {
    "53100": "The database has no room left on its disk.",
    "53200": "The database has no memory left.",
    "58": "The database cannot read or write its files.",
}
_OVERTIME = "The turn took longer than it may, and was ended."
CutOff = tuple[type[Exception], ...]


class Fault(NamedTuple):
    said: str
    remedy: str
    lines: tuple[str, ...]  # of the log


def of(failure: Exception, *, cut_off: CutOff) -> Fault:
    """`cut_off`: what is raised in a job whose time is over."""
    chain = list(_chain(failure))
    lines = tuple(_line(each, is_cause=number > 0) for number, each in enumerate(chain))
    if any(isinstance(each, cut_off) for each in chain):
        return Fault(_OVERTIME, OVERTIME, lines)
    if _arriving.is_weather(failure):
        sqlstate = getattr(failure.__cause__, "sqlstate", None) or ""
        lacks = _LACKS.get(sqlstate) or _LACKS.get(sqlstate[:2])
        return Fault(lacks, NO_ROOM, lines) if lacks else Fault(_weather(sqlstate), WEATHER, lines)
    return Fault(f"It broke off {_where(failure)} ({type(failure).__name__}).", FAULT, lines)


def _weather(sqlstate: str) -> str:
    if sqlstate == "55P03" or sqlstate.startswith("40"):
        return _HELD
    return _LATE if sqlstate == "57014" else _AWAY


def _chain(failure: BaseException) -> Iterator[BaseException]:
    """It, and what it came of."""
    seen: set[int] = set()
    each: BaseException | None = failure
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _line(failure: BaseException, *, is_cause: bool) -> str:
    kind = type(failure).__name__
    if sqlstate := getattr(failure, "sqlstate", None):
        kind = f"{kind} (SQLSTATE {sqlstate})"
    frames = _frames(failure)[: -_FRAMES - 1 : -1]
    at = ", from ".join(f"{path}:{line} in {name}" for path, line, name in frames)
    return f"{'Caused by ' if is_cause else ''}{kind}{' at ' if at else ''}{at}"


def _where(failure: BaseException) -> str:
    frames = _frames(failure)
    return f"in {frames[-1][0]}, line {frames[-1][1]}" if frames else "nobody knows where"


def _frames(failure: BaseException) -> list[tuple[str, int, str]]:
    """Through our own code, the innermost last; through all of it where none is ours, as in a connector that came with another package."""
    walked: list[tuple[FrameType, int]] = list(traceback.walk_tb(failure.__traceback__))
    told = [(Path(frame.f_code.co_filename), line, frame.f_code.co_name) for frame, line in walked]
    ours = [
        (str(path.relative_to(_OURS)), line, name)
        for path, line, name in told
        if path.is_relative_to(_OURS) and "site-packages" not in path.parts
    ]
    return ours or [("/".join(path.parts[-3:]), line, name) for path, line, name in told]
