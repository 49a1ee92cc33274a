"""Variables are looked up and never run; no letter of a text is lost, whatever somebody writes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules import order_numbers, variables
from inbox.rules.variables import InvalidText, Slot

ROOT = Path(__file__).parents[3]
NAMES = [variable.name for variable in variables.VARIABLES]
texts = st.text() | st.lists(
    st.sampled_from(
        ["{{", "}}", "{", "}", "|", " ", "contact.name", "agent.first_name", "{{brand.name}}", "{{ contact.name | you }}", "{{agent.name|}}", "a\n"]
    ),
    max_size=12,
).map("".join)  # fmt: skip
values = st.dictionaries(st.sampled_from(NAMES), texts)


def as_written(text: str) -> str:
    return "".join(part.written if isinstance(part, Slot) else part for part in variables.parse(text))


@given(texts)
def test_parts_put_together_are_the_text(text: str) -> None:
    assert as_written(text) == text


@given(texts, values)
def test_words_outside_of_variables_stay_and_values_are_put_in_as_they_are(
    text: str, values: dict[str, str]
) -> None:
    parts = variables.parse(text)
    rendered = variables.render(text, values)

    expected = [
        part
        if isinstance(part, str)
        else values.get(part.name) or (part.written if part.fallback is None else part.fallback)
        for part in parts
    ]
    assert rendered == "".join(expected)


@given(texts)
def test_what_is_not_known_stands_as_it_was_written(text: str) -> None:
    if all(not isinstance(part, Slot) or part.fallback is None for part in variables.parse(text)):
        assert variables.render(text, {}) == text


@given(texts, values)
def test_a_value_is_never_read_again(text: str, values: dict[str, str]) -> None:
    tricky = dict.fromkeys(NAMES, "{{agent.name}} {% now %} {{ 7*7 }}")
    once = variables.render("{{contact.name}}", tricky)
    assert once == "{{agent.name}} {% now %} {{ 7*7 }}"


@given(texts)
def test_a_text_that_is_kept_has_only_variables_that_there_are(text: str) -> None:
    with suppress(InvalidText):
        variables.check(text)
        assert all(part.name in NAMES for part in variables.parse(text) if isinstance(part, Slot))
        assert not any("{{" in part for part in variables.parse(text) if isinstance(part, str))


def test_a_name_is_filled_in_and_a_fallback_stands_where_nobody_knows_it() -> None:
    text = "Hello {{ contact.first_name | there }}, this is {{agent.first_name}} of {{brand.name}}."

    known = {"contact.first_name": "Anna", "agent.first_name": "Mara", "brand.name": "Lumen & Oak"}
    assert variables.render(text, known) == "Hello Anna, this is Mara of Lumen & Oak."
    assert variables.render(text, {}) == "Hello there, this is {{agent.first_name}} of {{brand.name}}."


@pytest.mark.parametrize("text", ["Hello{{contact.first_name|}}, hi", "Hello{{ contact.first_name | }}, hi"])
def test_where_nothing_is_to_stand_nothing_stands(text: str) -> None:
    assert variables.render(text, {}) == "Hello, hi"
    assert variables.render(text, {"contact.first_name": " Anna"}) == "Hello Anna, hi"


def test_what_is_left_to_fill_is_named_once() -> None:
    assert variables.unfilled(
        "{{contact.name}} and {{ Brand.x }} and {{contact.name}} {not} {{ }} {{1}}"
    ) == [
        "{{contact.name}}",
        "{{ Brand.x }}",
    ]


def test_braces_that_are_none_of_ours_are_words() -> None:
    assert variables.unfilled("You wrote “Hi {{first_name}}”, {{x.y}} {{contacts.name}} {{ brands }}") == []


def test_the_composer_looks_for_the_same_ones() -> None:
    composer = (ROOT / "static/js/lib/triggers.js").read_text()
    assert rf"\{{\{{[ \t]*(?:{'|'.join(sorted(variables.ROOTS))})(?:" in composer


@given(texts, st.sampled_from(NAMES))
def test_a_value_never_looks_like_something_to_fill(said: str, name: str) -> None:
    told = variables.render(f"Hi {{{{{name}}}}}, hello.", {name: variables.as_value(said) or "you"})
    assert variables.unfilled(told) == []
    assert told.replace("{ ", "{") == f"Hi {said or 'you'}, hello.".replace("{ ", "{")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi {{contact.firstname}}", "Did you mean {{contact.first_name}}?"),
        ("Hi {{nonsense}}", "The list beside the text"),
        ("Hi {{contact.name", "“{{contact.name” is no variable"),
        ("{{ 7*7 }}", "is no variable"),
    ],
)
def test_a_variable_that_there_is_not_is_refused_with_what_to_write(text: str, words: str) -> None:
    with pytest.raises(InvalidText, match=words.replace("?", r"\?").replace("{", r"\{")):
        variables.check(text)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Anna Kowalski", "Anna"),
        ("✨ Zoë ✨", "Zoë"),
        ("Dr. No", "Dr"),
        ("🎈", ""),
        ("", ""),
        ("李 雷", "李"),
    ],
)
def test_people_are_called_by_their_first_word_with_letters(name: str, called: str) -> None:
    assert variables.first_name(name) == called


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Where is my order #10423?", "10423"),
        ("my order number is LO-20391, thanks", "LO-20391"),
        ("Bestellnummer: 77120", "77120"),
        ("commande n° A-4711", "A-4711"),
        ("First #1001, then order 1002", "1002"),
        ("I ordered 3 lamps", ""),
        ("call me at 0171 2345678", ""),
        ("#sale is on", ""),
        ("in order to win 1000 euros", ""),
        ("order12345", "12345"),
        ("order_1234", "1234"),
        ("My order\n\n#\n9876", "9876"),
        ("order 12345abc", ""),
    ],
)
def test_an_order_number_is_found_in_words(text: str, number: str) -> None:
    assert order_numbers.find(text) == number


def test_the_newest_message_with_a_number_counts() -> None:
    assert order_numbers.last(iter(["thanks!", "it is #2002", "order 1001"])) == "2002"
    assert order_numbers.last([]) == ""
