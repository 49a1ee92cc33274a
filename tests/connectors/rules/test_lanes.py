"""A channel that is slow or poisoned never delays another."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connectors.rules.lanes import Turn, choose, room

SYNC_WORKERS = 6  # as it comes
turns = st.builds(
    Turn,
    st.integers(1, 10**6),
    st.integers(1, 6),
    st.sampled_from("abc"),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
some = st.lists(turns, max_size=20, unique_by=lambda turn: turn.schedule)


def quick(schedule: int, channel: int, platform: str = "a") -> Turn:
    return Turn(schedule, channel, platform)


def walk(schedule: int, channel: int) -> Turn:
    return Turn(schedule, channel, "a", is_long=True)


def suspect(schedule: int, channel: int) -> Turn:
    return Turn(schedule, channel, "a", is_suspect=True)


def test_walks_through_history_leave_room_for_polls() -> None:
    due = [walk(number, channel=number) for number in range(10)] + [quick(99, channel=99)]

    assert choose(due, [], workers=6) == [0, 1, 99]


def test_a_healthy_walk_starts_beside_one_that_hangs() -> None:
    hanging = Turn(1, channel=1, platform="a", is_long=True, is_suspect=True)

    assert choose([walk(2, channel=2)], [hanging], workers=SYNC_WORKERS) == [2]
    assert choose([suspect(3, channel=3), walk(2, channel=2)], [hanging], workers=SYNC_WORKERS) == [2]


def test_what_was_slow_takes_no_place_of_the_healthy() -> None:
    hanging = Turn(1, channel=1, platform="a", is_long=True, is_suspect=True)

    assert choose([suspect(3, channel=3)], [hanging], workers=SYNC_WORKERS) == []
    assert choose([walk(2, channel=2)], [suspect(3, channel=3)], workers=SYNC_WORKERS) == [2]


def test_a_poll_does_not_wait_for_its_own_channels_backfill() -> None:
    assert choose([quick(2, channel=1)], [walk(1, channel=1)], workers=6) == [2]


def test_poisoned_channels_share_one_place_however_many_they_are() -> None:
    due = [suspect(number, channel=number) for number in range(50)] + [quick(99, channel=99)]

    assert choose(due, [], workers=8) == [0, 99]


def test_quick_turns_of_one_platform_never_take_the_last_place() -> None:
    """That it hangs is known only when these have come to their end."""
    hanging = [quick(number, channel=number) for number in range(10)]
    others = [quick(98, channel=98, platform="b"), quick(99, channel=99, platform="b")]

    assert choose([*hanging, *others], [], workers=SYNC_WORKERS) == [0, 1, 2, 98]
    assert choose([walk(50, channel=50), *hanging[3:], *others], hanging[:3], workers=SYNC_WORKERS) == [98]


def test_where_there_is_one_platform_no_place_stays_empty() -> None:
    due = [quick(number, channel=number) for number in range(10)]

    assert choose(due, [], workers=SYNC_WORKERS, one_platform=True) == [0, 1, 2, 3]


def test_with_four_workers_the_quick_turns_of_two_platforms_starve_no_walk() -> None:
    assert choose(
        [walk(1, channel=1), quick(2, channel=2)], [quick(3, channel=3, platform="b")], workers=4
    ) == [1]


def test_of_two_places_either_is_for_whoever_comes_first() -> None:
    for turn in (quick(1, channel=1), walk(1, channel=1)):
        assert choose([turn], [], workers=3) == choose([turn], [], workers=4) == [1]


@given(due=some, workers=st.integers(SYNC_WORKERS, 12))
def test_while_a_platform_hangs_another_finds_a_place(due: list[Turn], workers: int) -> None:
    waiting, running = [replace(turn, platform="a") for turn in due], list[Turn]()
    for _ in range(3):
        chosen = choose(waiting, running, workers=workers)
        running += [turn for turn in waiting if turn.schedule in chosen]
        waiting = [turn for turn in waiting if turn.schedule not in chosen]

    assert choose([quick(10**7, channel=10**7, platform="b")], running, workers=workers) == [10**7]


@given(due=some, running=some, workers=st.integers(1, 12))
def test_places_are_never_given_twice(due: list[Turn], running: list[Turn], workers: int) -> None:
    chosen = set(choose(due, running, workers=workers))
    begun = [turn for turn in due if turn.schedule in chosen]

    places, places_for_long = room(workers)
    if begun:
        assert len(running) + len(begun) <= places
    if any(turn.lane == "long" for turn in begun):
        assert sum(turn.lane == "long" for turn in [*running, *begun]) <= places_for_long
    assert len({(turn.channel, turn.lane) for turn in begun}) == len(begun)


@given(due=some, running=some, workers=st.integers(SYNC_WORKERS, 12))
def test_no_two_that_were_slow_run_at_a_time(due: list[Turn], running: list[Turn], workers: int) -> None:
    before = [turn for turn in running if not turn.is_suspect]
    chosen = set(choose(due, before, workers=workers))

    assert sum(turn.schedule in chosen and turn.is_suspect for turn in due) <= 1


@given(due=some, workers=st.integers(SYNC_WORKERS, 12))
def test_a_healthy_poll_always_finds_a_place_beside_the_slow(due: list[Turn], workers: int) -> None:
    slow = [turn for turn in due if turn.lane == "long"]

    assert 10**7 in choose([*slow, quick(10**7, channel=10**7)], [], workers=workers)
