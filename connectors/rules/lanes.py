"""Which of the schedules that are due may start, so that a channel that is slow or poisoned never delays another.

There are as many places as workers, less one that the tick itself needs. Long work (walks through history, and whatever was slow the
last time) gets half of them, and what was slow or died the last time gets one: the others always find a place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    schedule: int
    channel: int
    is_long: bool = False  # by its nature
    is_suspect: bool = False  # it was slow, or its job died

    @property
    def lane(self) -> str:
        return "long" if self.is_long or self.is_suspect else "quick"


def choose(due: Iterable[Turn], running: Sequence[Turn], *, workers: int) -> list[int]:
    """`due` in the order in which they fell due. Each channel has one turn at a time in each lane."""
    room = max(1, workers - 1)
    room_for_long = max(1, room // 2)
    busy = len(running)
    busy_long = sum(turn.lane == "long" for turn in running)
    suspects = sum(turn.is_suspect for turn in running)
    of_channel = Counter((turn.channel, turn.lane) for turn in running)
    chosen: list[int] = []
    for turn in due:
        if busy >= room or of_channel[turn.channel, turn.lane]:
            continue
        if turn.lane == "long" and busy_long >= room_for_long:
            continue
        if turn.is_suspect and suspects:
            continue
        chosen.append(turn.schedule)
        busy += 1
        busy_long += turn.lane == "long"
        suspects += turn.is_suspect
        of_channel[turn.channel, turn.lane] += 1
    return chosen
