"""Many pages of a few people, folded to what colleagues are told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from inbox.rules.visits import Doing, Hold, Visit, changed, together

visits = some.lists(
    some.builds(
        Visit,
        some.sampled_from(["a", "b"]),
        some.integers(1, 3),
        some.just("Bea"),
        some.sampled_from(list(Doing)),
    )
)


def test_two_pages_of_one_person_are_one_entry_and_what_says_more_is_told() -> None:
    told = together(
        [Visit("a", 1, "Bea"), Visit("a", 1, "Bea", Doing.REPLY), Visit("a", 1, "Bea", Doing.NOTE)]
    )

    assert told == {"a": [(1, "Bea", "reply", False)]}


def test_who_has_it_in_focus_is_told_with_what_they_do_or_alone() -> None:
    assert together([Visit("a", 1, "Bea", Doing.NOTE)], [Hold("a", 1, "Bea"), Hold("b", 2, "Al")]) == {
        "a": [(1, "Bea", "note", True)],
        "b": [(2, "Al", "", True)],
    }


def test_where_somebody_left_nobody_is_told() -> None:
    before = together([Visit("a", 1, "Bea"), Visit("b", 1, "Bea")])

    assert changed(before, together([Visit("b", 1, "Bea")])) == {"a": []}


@given(visits, some.randoms(use_true_random=False))
def test_the_order_of_the_pages_cannot_matter(found: list[Visit], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert together(found) == together(shuffled)


@given(visits, visits)
def test_what_is_told_brings_whoever_knew_the_one_to_know_the_other(
    before: list[Visit], now: list[Visit]
) -> None:
    known = together(before)

    known |= changed(known, together(now))

    assert {conversation: people for conversation, people in known.items() if people} == together(now)
