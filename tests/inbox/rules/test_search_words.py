"""Whatever is written can be found by its own words, however they are typed; and the words of the index say the same as the text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules import eras, people_words, search_query, search_words, wanted_words
from inbox.rules.view_query import STATES, Names, QueryError
from inbox.rules.wanted_words import NothingToFind

# Letters of many scripts with what hangs on them, signs that join, digits, spaces, and what hostile people paste.
TEXTS = st.text(
    st.sampled_from("aAzéÉßøİıΣς09٤ñйЁאَع漢字かナﾊ한글ไทย่मेँ#-_./:@'’,!? \n\t\u200c\u0301\u0345ŉﷺ½ﬁ👋\ue000"),
    max_size=60,
)


def brings(text: str, clause: str) -> bool:
    """Whether the index would bring the text for a clause, judged as PostgreSQL does."""
    have = search_words.lexemes(text)
    alternatives = clause.strip("()").split(" | ")
    return any(all(_has(have, part) for part in each.strip("()").split(" & ")) for each in alternatives)


def _has(have: set[str], part: str) -> bool:
    begins = part.endswith(":*")
    lexeme = part.removesuffix(":*").strip("'").replace("''", "'").replace("\\\\", "\\")
    return any(word.startswith(lexeme) for word in have) if begins else lexeme in have


@given(TEXTS)
def test_a_text_is_found_by_each_of_its_words_and_by_all_of_them(text: str) -> None:
    for typed in [*text.split(), text.strip()]:
        try:
            wanted = wanted_words.wanted([typed])
        except NothingToFind:
            assert not search_words.pieces(typed)
            continue
        assert wanted.find(text) is not None
        assert all(brings(text, term.clause) for term in wanted.terms)


@given(TEXTS, TEXTS)
def test_what_the_text_says_the_index_brings(text: str, typed: str) -> None:
    for goes_on in (False, True):
        try:
            wanted = wanted_words.wanted(typed.split(), goes_on=goes_on)
        except NothingToFind:
            continue
        if wanted.find(text) is not None:
            assert all(brings(text, term.clause) for term in wanted.terms)


@given(TEXTS)
def test_spans_lie_in_order_within_the_text(text: str) -> None:
    try:
        spans = wanted_words.wanted(text.split()[:3]).find(text) or []
    except NothingToFind:
        return
    ends = [place for span in spans for place in span]

    assert ends == sorted(ends) and all(0 <= place <= len(text) for place in ends)


@given(st.text(max_size=300))
def test_no_word_of_the_index_can_be_taken_for_two_or_for_a_mark(text: str) -> None:
    for word in search_words.lexemes(text):
        assert word and " " not in word and "\x00" not in word and not word.startswith("@")
        assert len(word.encode()) < 2046  # what PostgreSQL takes


def test_an_order_number_is_found_whole_and_in_pieces() -> None:
    assert {"ab1234", "ab", "1234"} <= search_words.lexemes("Order #AB-1234!")


@pytest.mark.parametrize("typed", ["AB1234", "AB-1234", "#AB-1234", "ab/1234", "AB-12*"])
@pytest.mark.parametrize(
    "written", ["ab1234", "my order AB-1234 is late", "#AB1234?", "AB1234/2", "late: ab.1234"]
)
def test_an_order_number_is_found_with_its_signs_and_without_whichever_was_written(
    typed: str, written: str
) -> None:
    wanted = wanted_words.wanted([typed])

    assert all(brings(written, term.clause) for term in wanted.terms)
    assert wanted.find(written) is not None


@given(TEXTS, TEXTS)
def test_what_the_index_brings_for_a_number_the_text_says(text: str, typed: str) -> None:
    for word in typed.split():
        try:
            [term] = wanted_words.wanted([word]).terms
        except NothingToFind:
            continue
        if term.whole in search_words.lexemes(text):
            assert term.find(search_words.pieces(text))


def test_nothing_is_joined_where_nothing_is_counted() -> None:
    assert "email" not in search_words.lexemes("an e-mail")


def test_a_long_text_is_found_by_its_beginning_and_costs_no_more() -> None:
    words = search_words.lexemes("x " * search_words.LONGEST_TEXT + "behind")

    assert words == {"x", search_words.pair("x", "x")}


def test_a_short_last_word_is_meant_whole() -> None:
    assert not wanted_words.wanted(["my", "pa"], goes_on=True).terms[-1].open
    assert wanted_words.wanted(["my", "par"], goes_on=True).terms[-1].open
    assert not wanted_words.wanted(["my", "par"]).terms[-1].open
    assert wanted_words.wanted(["par*"]).terms[-1].open


def test_beginnings_of_words_do_not_lead_where_a_whole_word_can() -> None:
    wanted = wanted_words.wanted(["zeugma", "par"], goes_on=True)

    assert wanted.leading == "('zeugma')"
    assert wanted.every == "('zeugma') & ('par':*)"


@given(st.datetimes(min_value=datetime(1970, 2, 1), max_value=datetime(2090, 1, 1)), st.floats(0, 3000))
def test_a_span_that_is_complete_from_a_moment_on_holds_everything_since(
    until: datetime, days: float
) -> None:
    until = until.replace(tzinfo=UTC)
    said = until - timedelta(days=days)
    marks = eras.marks(7, said)
    for clause, reaches in eras.windows(7, until):
        if said >= reaches:
            assert any(f"'{mark}'" in clause for mark in marks)
    lengths = [until - reaches for _, reaches in eras.windows(7, until)]
    assert lengths == sorted(lengths)


def test_spans_of_brands_are_apart() -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)

    assert not set(eras.marks(1, at)) & set(eras.marks(11, at))


NAMES = Names(platforms={"instagram": ("ig", "instagram")}, tags=("late parcel",))


def test_a_query_is_words_and_filters() -> None:
    query = search_query.parse(
        'late "blue parcel" -red tag:"late parcel" is:resolved channel:ig from:us https://x.example/a #AB-1',
        NAMES,
    )

    assert query.words == ["late", "blue parcel", "https://x.example/a", "#AB-1"]
    assert (query.without, query.side, query.asked.states) == (["red"], "out", ("resolved",))
    assert [term.field for term in query.asked.terms] == ["channel", "tag"]


@pytest.mark.parametrize(
    "words",
    [
        "call me after: five",
        "not before:friday",
        "mail from:us today",
        "parcel is:open now",
        "see https://x.example/a now",
    ],
)
@pytest.mark.parametrize("closed", ['"', ""])
def test_what_stands_in_quotes_is_words_whatever_it_says(words: str, closed: str) -> None:
    query = search_query.parse(f'from:notes after:2026-11-01 "{words}{closed}', NAMES)

    assert query.words == [words]
    assert (query.side, query.before, query.after) == ("note", None, date(2026, 11, 1))
    assert (query.asked.states, query.narrows) == (STATES, False)


def test_curly_quotes_are_quotes() -> None:
    query = search_query.parse("“late after: parcel” -„kaputt ist“ from:us", NAMES)

    assert (query.words, query.without, query.side) == (["late after: parcel"], ["kaputt ist"], "out")


def test_a_state_in_quotes_is_one() -> None:
    assert search_query.parse('is:"resolved" parcel', NAMES).asked.states == ("resolved",)


def test_who_says_no_state_means_any() -> None:
    assert search_query.parse("late", NAMES).asked.states == STATES
    assert not search_query.parse("late", NAMES).narrows
    assert search_query.parse("late is:open", NAMES).asked.states == ("open",)
    assert search_query.parse("late -is:spam", NAMES).asked.states == tuple(s for s in STATES if s != "spam")


@pytest.mark.parametrize(
    ("typed", "goes_on"),
    [
        ("par", True),
        ("par ", False),
        ('"par', False),
        ("par is:open", False),
        ("is:open par", True),
        ("a -par", False),
    ],
)
def test_only_a_last_word_that_may_still_be_typed_goes_on(typed: str, goes_on: bool) -> None:
    assert search_query.parse(typed, NAMES).goes_on is goes_on


@given(st.text(max_size=320))
def test_whatever_is_typed_is_understood_or_refused_in_words(typed: str) -> None:
    try:
        query = search_query.parse(typed, NAMES)
        wanted_words.wanted(query.words, query.without, goes_on=query.goes_on)
        people_words.beginning(1, query.words)
        people_words.exact(1, query.words)
    except (QueryError, NothingToFind):
        return
