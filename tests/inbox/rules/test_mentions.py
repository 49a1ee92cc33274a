"""Who is meant by an @."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules import mentions

TEAM = {1: "Mara", 2: "Mara Lindt", 3: "Jo", 4: "Zoë Ö", 5: "李雷"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Mara please", [1]),
        ("ask @mara lindt, or @Jo.", [2, 3]),
        ("@Mara Linder", [1]),
        ("@Marathon is on", []),
        ("write to help@Jo", []),
        ("(@zoë ö)", [4]),
        ("@李雷 看一下", [5]),
        ("@Jo @Jo @Jo", [3]),
        ("@@Jo @", [3]),
        ("@Nobody", []),
        ("", []),
    ],
)
def test_those_are_meant_whose_whole_name_stands_after_the_sign(text: str, meant: list[int]) -> None:
    assert mentions.mentioned(text, TEAM) == meant


def test_who_shares_a_name_is_told_apart_by_the_address() -> None:
    people = [
        (1, "Sam", "sam.a@x.test"),
        (2, "sam", "sam.b@x.test"),
        (3, "", "kim@x.test"),
        (4, "Ada  L", "a@x.test"),
    ]
    found = mentions.handles(people)

    assert found == {1: "Sam (sam.a@x.test)", 2: "sam (sam.b@x.test)", 3: "kim", 4: "Ada L"}
    assert mentions.mentioned("@Sam (sam.b@x.test) and @kim", found) == [2, 3]


WORDS = st.text(alphabet="@Ma ra(ö.ſß", max_size=20)


@given(WORDS, st.lists(WORDS.filter(bool), max_size=3).map(lambda names: dict(enumerate(names))))
def test_any_text_is_read(text: str, handles: dict[int, str]) -> None:
    found = mentions.mentioned(text, handles)
    assert len(found) == len(set(found)) and set(found) <= set(handles)


@given(st.sampled_from(sorted(TEAM)), st.text(alphabet=" .,!\n"))
def test_whom_the_picker_writes_is_whom_the_note_means(pk: int, rest: str) -> None:
    assert mentions.mentioned(f"@{TEAM[pk]} {rest}", TEAM) == [pk]
