"""How long somebody was at work, told from the moments at which they did something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

PAUSE = timedelta(minutes=5)  # what lies further apart is no longer one stretch of work
LAST = timedelta(seconds=30)  # what the last thing done took


@dataclass(frozen=True, slots=True)
class Work:
    person_id: int
    began: datetime
    ended: datetime
    source: int  # number of the event that it began with


def stretches(done: Iterable[tuple[int, datetime, int]]) -> list[Work]:
    """`done`: (person, when, number of the event), in any order."""
    found: list[Work] = []
    for person_id, at, seq in sorted(done):
        last = found[-1] if found else None
        if last is not None and last.person_id == person_id and at <= last.ended - LAST + PAUSE:
            found[-1] = Work(person_id, last.began, max(last.ended, at + LAST), last.source)
        else:
            found.append(Work(person_id, at, at + LAST, seq))
    return found
