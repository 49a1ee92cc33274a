"""Hours of turns, second by second: whom the channels that are slow or hang keep from a place, and whom they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.actions import scheduling
from connectors.rules.lanes import Turn, choose

BEGAN = datetime(2026, 12, 1, tzinfo=UTC)
SYNC_WORKERS = 6  # as it comes


@dataclass(slots=True)
class Sync:
    """`every`: seconds until the next run; 0: it goes on at once, as a walk that has not come to its end."""

    turn: Turn
    takes: int
    every: int
    hangs: bool = False
    ends: int | None = None
    turns: int = 0
    waited: list[int] = field(default_factory=list)


def play(syncs: list[Sync], *, hours: int = 3) -> None:
    after_walk = True
    for second in range(hours * 3600):
        now = BEGAN + timedelta(seconds=second)
        for each in syncs:
            if each.ends == second:
                each.ends = None
                failures = each.turns if each.hangs else 0
                pause = scheduling.back_off(failures).total_seconds() if failures else each.every
                each.turn = replace(each.turn, due=now + timedelta(seconds=pause), has_failed=failures > 0)
        due = [each.turn for each in syncs if each.ends is None and each.turn.due <= now]
        if not due:
            continue
        running = [each.turn for each in syncs if each.ends is not None]
        chosen = choose(due, running, workers=SYNC_WORKERS, after_walk=after_walk)
        for each in syncs:
            if each.turn.schedule in chosen:
                after_walk = each.turn.is_long if each.turn.is_suspect else after_walk
                each.ends, each.turns = second + each.takes, each.turns + 1
                each.waited.append(int((now - each.turn.due).total_seconds()))


def sync(schedule: int, platform: str, *, takes: int, every: int, hangs: bool = False, **how: bool) -> Sync:
    return Sync(Turn(schedule, schedule, platform, due=BEGAN, **how), takes, every, hangs)


def slow_polls() -> list[Sync]:
    """Of a platform that answers in six seconds, and has done so for long. One after the other they take more than all of their time."""
    return [sync(number, "linkedin", takes=6, every=30, is_suspect=True) for number in range(10, 16)]


def walks_that_hang() -> list[Sync]:
    """And have hung before."""
    how = {"is_long": True, "is_suspect": True, "has_failed": True}
    return [sync(number, "instagram", takes=50, every=900, hangs=True, **how) for number in range(20, 40)]


def slow_walks(number: int, **how: Any) -> list[Sync]:
    return [
        sync(each, "instagram", takes=20, is_long=True, is_suspect=True, **how)
        for each in range(100, 100 + number)
    ]


def healthy() -> tuple[Sync, Sync]:
    return sync(1, "linkedin", takes=1, every=30), sync(2, "x", takes=15, every=900, is_long=True)


OTHERS: dict[str, Callable[[], list[Sync]]] = {
    "walks that hang": walks_that_hang,
    "polls that are slow": slow_polls,
    "both": lambda: walks_that_hang() + slow_polls(),
}


@pytest.mark.parametrize("others", OTHERS)
def test_who_is_healthy_never_waits(others: str) -> None:
    poll, walk = healthy()

    play([*OTHERS[others](), poll, walk])

    assert max(poll.waited) == max(walk.waited) == 0


def test_a_walk_that_is_answered_slowly_gets_its_share_beside_polls_that_are() -> None:
    backfill = sync(1, "linkedin", takes=20, every=0, is_long=True, is_suspect=True)
    polls = slow_polls()

    play([backfill, *polls])

    once_around = sum(each.takes for each in polls) + backfill.takes
    assert max(backfill.waited) <= once_around and max(max(each.waited) for each in polls) <= once_around


def test_a_poll_that_was_slow_once_does_not_wait_for_all_walks_that_hang() -> None:
    """For the one under way, and for one that has waited for long."""
    hanging, poll = walks_that_hang(), sync(1, "linkedin", takes=1, every=30, is_suspect=True)

    play([*hanging, poll])

    assert max(poll.waited) <= 2 * hanging[0].takes


@pytest.mark.parametrize(
    "how", [{"every": 0}, {"every": 1}, {"every": 900, "hangs": True, "has_failed": True}]
)
@pytest.mark.parametrize("walks", [10, 60])
def test_a_poll_that_is_slow_waits_for_one_walk_however_many_are_slow_or_hang(
    walks: int, how: dict[str, Any]
) -> None:
    """Those that are answered slowly go on at once, and so do those that hang after a page."""
    slow, poll = slow_walks(walks, **how), sync(1, "linkedin", takes=6, every=30, is_suspect=True)

    play([*slow, poll])

    assert max(poll.waited) <= slow[0].takes
    assert min(each.turns for each in slow) >= 4


def test_many_polls_and_many_walks_that_are_slow_have_turn_and_turn_about() -> None:
    walks, polls = slow_walks(20, every=0), slow_polls()

    play([*walks, *polls])

    both = walks[0].takes + polls[0].takes
    assert max(max(each.waited) for each in polls) <= len(polls) * both
    assert max(max(each.waited) for each in walks) <= len(walks) * both
    assert max(each.turns for each in walks) - min(each.turns for each in walks) <= 1


@pytest.mark.parametrize("polls", [slow_polls, list])
def test_a_walk_that_hung_has_its_turn_all_the_same(polls: Callable[[], list[Sync]]) -> None:
    hanging = walks_that_hang()

    play([*hanging, *polls()])

    assert min(each.turns for each in hanging) >= 3
