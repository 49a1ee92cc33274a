from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inbox.rules.amendments import Amended, fold

START = datetime(2026, 8, 6, 12, tzinfo=UTC)

amendments = st.lists(
    st.builds(
        Amended,
        kind=st.sampled_from(["edit", "unsend", "reaction"]),
        at=st.integers(0, 5).map(lambda n: START + timedelta(seconds=n)),
        version=st.integers(0, 3),
        text=st.sampled_from(["a", "b"]),
        actor=st.sampled_from(["mara", "jon"]),
        emoji=st.sampled_from(["❤️", "👍"]),
        removed=st.booleans(),
    ),
    max_size=8,
)


@given(told=amendments, data=st.data())
def test_order_and_repetition_do_not_matter(told: list[Amended], data: st.DataObject) -> None:
    again = data.draw(st.permutations(told + told[: len(told) // 2]))

    assert fold("first", again) == fold("first", told)


@given(told=amendments)
def test_after_an_unsend_nothing_is_left_to_read(told: list[Amended]) -> None:
    shown = fold("first", [*told, Amended("unsend", START)])

    assert (shown.text, shown.reactions) == ("", ())


def test_the_edit_with_the_highest_number_wins_even_if_its_clock_is_behind() -> None:
    shown = fold(
        "first",
        [Amended("edit", START, 2, "second edit"), Amended("edit", START + timedelta(1), 1, "first edit")],
    )

    assert (shown.text, shown.edit_count) == ("second edit", 2)


def test_edits_that_never_reached_us_are_counted() -> None:
    assert fold("first", [Amended("edit", START, 5, "fifth")]).edit_count == 5


def test_each_person_has_one_reaction_and_may_take_it_back() -> None:
    heart = Amended("reaction", START, actor="mara", emoji="❤️")
    thumb = Amended("reaction", START + timedelta(seconds=1), actor="mara", emoji="👍")
    back = Amended("reaction", START + timedelta(seconds=2), actor="mara", removed=True)

    assert [r[0] for r in fold("", [thumb, heart]).reactions] == ["👍"]
    assert fold("", [back, heart, thumb]).reactions == ()


def test_an_edit_whose_words_were_not_told_marks_the_message_and_keeps_its_words() -> None:
    untold = Amended("edit", START + timedelta(1), 2, removed=True)

    for earlier, words in (([], "first"), ([Amended("edit", START, 1, "second")], "second")):
        shown = fold("first", [*earlier, untold])
        assert (shown.text, shown.edited_at, shown.edit_count) == (words, untold.at, 2)

    told_later = Amended("edit", START + timedelta(2), 2, "third")
    shown = fold("first", [untold, told_later])
    assert (shown.text, shown.edited_at, shown.edit_count) == ("third", told_later.at, 2)
    assert fold("first", [Amended("edit", START, removed=True)]).edit_count == 1
