"""Which of the schedules that are due may start, so that a channel that is slow or poisoned never delays another.

There are as many places as workers, less two: the tick itself needs one, and so does the watch over the channels, which may wait for a mail
server. Long work (walks through history, and whatever was slow the last time) gets half of them, two where there are three. What was slow or died
the last time gets one of those, so that there is one left for the walks of the others; and those that are quick always find a place.

A platform that hangs is slow only when its first turns are over, and until then it would have filled the house with its quick ones. So the last
free place is kept for a quick turn of a platform that has none: while one platform hangs, the others go on. Where there are no others, or two
places in all, it is for whoever comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

KEPT_FREE = 2


@dataclass(frozen=True, slots=True)
class Turn:
    schedule: int
    channel: int
    platform: str
    is_long: bool = False  # by its nature
    is_suspect: bool = False  # it was slow, or its job died

    @property
    def lane(self) -> str:
        return "long" if self.is_long or self.is_suspect else "quick"


def room(workers: int) -> tuple[int, int]:
    """Places in all, and how many of them long work may take."""
    places = max(1, workers - KEPT_FREE)
    return places, min(max(2, places // 2), max(1, places - 1))


def choose(
    due: Iterable[Turn], running: Sequence[Turn], *, workers: int, one_platform: bool = False
) -> list[int]:
    """`due` in the order in which they fell due. Each channel has one turn at a time in each lane. `one_platform`: there is no other, also
    among what is not due."""
    places, places_for_long = room(workers)
    keeps_one = places > 2 and not one_platform
    busy = len(running)
    busy_long = sum(turn.lane == "long" for turn in running)
    suspects = sum(turn.is_suspect for turn in running)
    of_channel = Counter((turn.channel, turn.lane) for turn in running)
    quick_of = Counter(turn.platform for turn in running if turn.lane == "quick")
    chosen: list[int] = []
    for turn in due:
        if busy >= places or of_channel[turn.channel, turn.lane]:
            continue
        if turn.lane == "long" and busy_long >= places_for_long:
            continue
        if turn.is_suspect and suspects:
            continue
        if keeps_one and busy == places - 1 and (turn.lane == "long" or quick_of[turn.platform]):
            continue
        chosen.append(turn.schedule)
        busy += 1
        busy_long += turn.lane == "long"
        suspects += turn.is_suspect
        of_channel[turn.channel, turn.lane] += 1
        quick_of[turn.platform] += turn.lane == "quick"
    return chosen
