"""Names as `from:` compares them: the same whether they are folded or asked for by a pattern."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from inbox.rules import who_words

# What is read as another letter or two, what is silent, and what only looks so.
LETTERS = "aAàÅ𝓐eéÉѐЕoØœŒsSßẞſtThHþÞæÆǽiİıíΊίᾳσςΣжЖйИ'’ʼ`´ \u00a0\u00a8\u0301\u0345\u200d\u00ad3٣½㎏ﬁﬀǱかが\u3099ガｶﾞ각ᄀ商क़@._-\\[]*%"
ALL = [chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("kohler", "Köhler"), ("Köhler", "KOHLER"), ("inigo", "Íñigo"), ("iñigo", "Inigo"), ("δημητρα", "Δήμητρα"), ("елка", "Ёлка"),
        ("d’angelo", "D'Angelo"), ("d'angelo", "D’Angelo"), ("strasse", "Straße"), ("stras", "Straße"), ("sin", "Straßin"), ("oslo s", "Oslo S."),
        ("soren", "Søren"), ("anna", "𝓐𝓷𝓷𝓪"), ("anna", "ＡＮＮＡ"), ("istanbul", "İSTANBUL"), ("thor", "Þór"), ("zoe", "Zoë"), ("zoe", "Zoe\u0308"),
        ("@mara.k", "mara.k"), ("anna k", "Anna\u00a0K"),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_found(typed: str, name: str) -> None:
    assert who_words.wanted(typed) in who_words.folded(name)


@pytest.mark.parametrize(
    ("typed", "name"), [("か", "が"), ("kohler", "Koehler"), ("anna", "Ana"), ("fi", "ﬁ")]
)
def test_what_is_another_letter_is_not(typed: str, name: str) -> None:
    assert who_words.wanted(typed) not in who_words.folded(name)


def test_what_is_folded_is_folded_to_itself() -> None:
    assert [letter for letter in ALL if who_words.folded(who_words.folded(letter)) != who_words.folded(letter)] == []  # fmt: skip


def agreeing(pairs: list[tuple[str, str]]) -> list[bool]:
    """Whether the pattern of each holds for its name, as PostgreSQL says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name ~ pattern FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (name, pattern, nth) ORDER BY nth",
            [[name for _, name in pairs], [who_words.pattern(words) for words, _ in pairs]],
        )
        return [holds for (holds,) in cursor]


@pytest.mark.django_db
def test_the_pattern_holds_where_the_folded_name_has_the_words() -> None:
    dice = random.Random(7)
    pairs = []
    for _ in range(4000):
        name = "".join(dice.choices(LETTERS, k=dice.randint(1, 12)))
        begins = dice.randrange(len(name))
        part = name[begins : begins + dice.randint(1, 5)]
        other = "".join(dice.choices(LETTERS, k=dice.randint(1, 3)))
        pairs.append((who_words.wanted(dice.choice([part, who_words.folded(part)[1:], other])) or "@", name))

    expected = [words in who_words.folded(name) for words, name in pairs]

    assert 500 < sum(expected) < 3500
    assert [pair for pair, is_in, holds in zip(pairs, expected, agreeing(pairs), strict=True) if is_in is not holds] == []  # fmt: skip


@pytest.mark.django_db
def test_every_letter_is_found_by_what_it_is_read_as() -> None:
    pairs = [(who_words.wanted(letter), letter) for letter in ALL if letter.casefold() != letter or who_words.folded(letter) != letter]  # fmt: skip
    pairs = [(words, letter) for words, letter in pairs if words]

    assert len(pairs) > 4000
    assert [pair for pair, holds in zip(pairs, agreeing(pairs), strict=True) if not holds] == []


@pytest.mark.django_db
def test_what_was_kept_unfolded_is_asked_for_alike() -> None:
    assert agreeing([("@", "a@b"), ("\u0301", "e\u0301"), ("É", "É"), ("", "a")]) == [
        True,
        False,
        False,
        False,
    ]
