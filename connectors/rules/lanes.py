"""Which of the schedules that are due may start, so that a channel that is slow or poisoned never delays another.

There are as many places as workers, less two: the tick itself needs one, and so does the watch over the channels, which may wait for a mail
server. Long work (walks through history, and whatever was slow the last time) gets half of them, two where there are three. What was slow or died
the last time gets one of those, so that there is one left for the walks of the others; and those that are quick always find a place. In the one
for the slow whoever is quick by its nature goes first after each walk, and behind that whoever fell due first; but a walk that hung lets all others
go first, until it has waited for a quarter of an hour. So a poll, which takes seconds there, waits for one walk however many there are, and a walk has
its turn however many polls there are.

A platform that hangs is slow only when its first turns are over, and until then it would have filled the house with its quick ones. So the last
free place is kept for a quick turn of a platform that has none: while one platform hangs, the others go on. Where there are no others, or two
places in all, it is for whoever comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

KEPT_FREE = 2
EVER = datetime.min.replace(tzinfo=UTC)
LETS_OTHERS_FIRST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Turn:
    schedule: int
    channel: int
    platform: str
    is_long: bool = False  # by its nature
    is_suspect: bool = False  # it was slow, or its job died
    has_failed: bool = False  # since it succeeded
    due: datetime = EVER

    @property
    def lane(self) -> str:
        return "long" if self.is_long or self.is_suspect else "quick"

    @property
    def in_line(self) -> datetime:
        """Whoever is first here is first."""
        hung = self.is_long and self.is_suspect and self.has_failed
        return self.due + LETS_OTHERS_FIRST if hung else self.due


def room(workers: int) -> tuple[int, int]:
    """Places in all, and how many of them long work may take."""
    places = max(1, workers - KEPT_FREE)
    return places, min(max(2, places // 2), max(1, places - 1))


def choose(
    due: Sequence[Turn],
    running: Sequence[Turn],
    *,
    workers: int,
    one_platform: bool = False,
    after_walk: bool = True,
) -> list[int]:
    """Of what fell due at the same moment the first is first. Each channel has one turn at a time in each lane. `one_platform`: there is no
    other, also among what is not due. `after_walk`: the last turn in the place of the slow was one."""
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

    for turn in _line(due, after_walk=after_walk):
        if fits(turn) and not (turn.is_suspect and any(each.is_suspect for each in busy)):
            busy.append(turn)
    return [turn.schedule for turn in busy[len(running) :]]


def _line(due: Sequence[Turn], *, after_walk: bool) -> list[Turn]:
    line = sorted(due, key=lambda turn: turn.in_line)
    suspects = [turn for turn in line if turn.is_suspect]
    if after_walk:
        suspects.sort(key=lambda turn: turn.is_long)
    in_turn = iter(suspects)
    return [next(in_turn) if turn.is_suspect else turn for turn in line]
