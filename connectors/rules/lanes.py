"""Which of the schedules that are due may start, so that a channel that is slow or poisoned never delays another.

There are as many places as workers, less two: the tick itself needs one, and so does the watch over the channels, which may wait for a mail
server. Long work (walks through history, and whatever was slow the last time) gets half of them, two where there are three. What was slow or died
the last time gets one of those, so that there is one left for the walks of the others; and those that are quick always find a place. What is
quick by its nature and was slow once does not wait for a walk that hangs: it may have that other one for a turn, where nobody healthy wants it.

A platform that hangs is slow only when its first turns are over, and until then it would have filled the house with its quick ones. So the last
free place is kept for a quick turn of a platform that has none: while one platform hangs, the others go on. Where there are no others, or two
places in all, it is for whoever comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

KEPT_FREE = 2


@dataclass(frozen=True, slots=True)
class Turn:
    schedule: int
    channel: int
    platform: str
    is_long: bool = False  # by its nature
    is_suspect: bool = False  # it was slow, or its job died
    is_chronic: bool = False  # and has failed more than once since it succeeded

    @property
    def lane(self) -> str:
        return "long" if self.is_long or self.is_suspect else "quick"


def room(workers: int) -> tuple[int, int]:
    """Places in all, and how many of them long work may take."""
    places = max(1, workers - KEPT_FREE)
    return places, min(max(2, places // 2), max(1, places - 1))


def choose(
    due: Sequence[Turn], running: Sequence[Turn], *, workers: int, one_platform: bool = False
) -> list[int]:
    """`due` in the order in which they fell due. Each channel has one turn at a time in each lane. `one_platform`: there is no other, also
    among what is not due."""
    places, places_for_long = room(workers)
    keeps_one = places > 2 and not one_platform
    busy = list(running)

    def fits(turn: Turn) -> bool:
        if len(busy) >= places or any(
            (each.channel, each.lane) == (turn.channel, turn.lane) for each in busy
        ):
            return False
        if turn.lane == "long" and sum(each.lane == "long" for each in busy) >= places_for_long:
            return False
        is_last = keeps_one and len(busy) == places - 1
        same = any(each.lane == "quick" and each.platform == turn.platform for each in busy)
        return not (is_last and (turn.lane == "long" or same))

    for turn in due:
        if fits(turn) and not (turn.is_suspect and any(each.is_suspect for each in busy)):
            busy.append(turn)
    # Whoever is healthy has chosen.
    for turn in due:
        was_once = turn.is_suspect and not turn.is_long and not turn.is_chronic
        if was_once and all(each.is_long or not each.is_suspect for each in busy) and fits(turn):
            busy.append(turn)
    return [turn.schedule for turn in busy[len(running) :]]
