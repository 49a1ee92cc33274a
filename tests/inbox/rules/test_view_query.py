"""The text of the query bar: read into a query, said again, and refused in words that help."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.rules import who_words
from inbox.rules.view_query import (
    FLAGS,
    KINDS,
    MOODS,
    PRIORITIES,
    STATES,
    Name,
    Names,
    Query,
    QueryError,
    Term,
    Words,
    canonical,
    say,
    span,
)
from inbox.rules.view_reading import parse

NAMES = Names(
    platforms={"instagram": ("ig", "instagram"), "x": ("x", "twitter"), "linkedin": ("li", "linkedin")},
    channels=(Name(4, "lumen.and.oak"), Name(9, "Lumen & Oak")),
    people=(
        Name(7, "Jo Harper", ("jo", "jo@lumen.test")),
        Name(8, "Jo Miller", ("jo", "jo.m@lumen.test")),
        Name(11, "Ana", ("ana@lumen.test",)),
    ),
    teams=(Name(2, "Returns"),),
    tags=("refund", "Late parcel", "spam", "#gold", "gold", "two  gaps"),
)


def read(text: str) -> Query:
    return parse(text, NAMES)


def test_the_query_of_the_manual_is_read() -> None:
    query = read('channel:ig is:unread due<1h tag:refund -tag:spam assignee:none "late parcel"')

    assert query == canonical(
        ["open"],
        [
            Term("channel", ":", ("instagram",)),
            Term("is", ":", ("unread",)),
            Term("due", "<", ("1h",)),
            Term("tag", ":", ("refund",)),
            Term("tag", ":", ("spam",), negated=True),
            Term("assignee", ":", ("none",)),
        ],
        [Words("late parcel")],
    )
    assert say(query, NAMES) == 'channel:ig assignee:none tag:refund -tag:spam due<1h is:unread "late parcel"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("  is:open ", ""),
        ("is:any", "is:any"),
        ("is:open is:snoozed", "is:open,snoozed"),
        ("-is:resolved", "is:open,pending,snoozed,spam"),
        ("channel:ig channel:x", "channel:ig,x"),
        ("platform:twitter", "channel:x"),
        ('channel:"lumen & oak"', 'channel:"Lumen & Oak"'),
        ("channel:@lumen.and.oak", "channel:lumen.and.oak"),
        ("tag:refund tag:spam", "tag:refund tag:spam"),
        ("tag:REFUND,spam", "tag:refund,spam"),
        ("-tag:refund,spam", "-tag:refund,spam"),
        ("-tag:spam -tag:refund", "-tag:refund,spam"),
        ('tag:"late parcel"', 'tag:"Late parcel"'),
        ("tag:new-thing", "tag:new-thing"),
        ("tag:#refund", "tag:refund"),
        ("tag:#gold", "tag:#gold"),
        ('tag:"#GOLD"', "tag:#gold"),
        ("tag:gold", "tag:gold"),
        ('tag:"two  gaps"', 'tag:"two  gaps"'),
        ("assignee:me", "assignee:me"),
        ("is:unassigned", "assignee:none"),
        ("is:assigned", "-assignee:none"),
        ("assignee:ana,none", "assignee:Ana,none"),
        ("assignee:jo@lumen.test", 'assignee:"Jo Harper"'),
        ("assignee:#99", "assignee:#99"),
        ("team:returns", "team:Returns"),
        ("is:public", "kind:comment"),
        ("kind:dm", "kind:direct"),
        ("is:read", "-is:unread"),
        ("is:late -is:vip is:waiting", "is:late is:waiting -is:vip"),
        ("due:late", "is:late"),
        ("due:<90m", "due<1h30m"),
        ("due<1,5h waiting>0.5d2h", "due<1h30m waiting>14h"),
        ("due:<1,5h -waiting>=1,5w", "due<1h30m -waiting>1w3d12h"),
        ("waiting>=1d12h", "waiting>1d12h"),
        ("due:today due:none", "due:none due:today"),
        ("created<2d updated>1w", "created<2d updated>1w"),
        ("created:2026-11-01", "created<2026-11-02 created>=2026-11-01"),
        ("created:2026-11-01..2026-11-05", "created<2026-11-06 created>=2026-11-01"),
        ("created>2026-11-01", "created>=2026-11-02"),
        ("created<=2026-11-01", "created<2026-11-02"),
        ("created:..2026-11-05", "created<2026-11-06"),
        ("priority:high,urgent", "priority:high,urgent"),
        ("lang:de mood:negative", "language:de mood:negative"),
        ("from:Anna", "from:anna"),
        ("from:Köhler,@Íñigo", "from:inigo,kohler"),
        ('from:"D’Angelo"', "from:d'angelo"),
        ('late -broken "late  parcel"', 'late -broken "late parcel"'),
        (
            "“late  parcel” tag:„late parcel“ -”is:open \\o/”",
            'tag:"Late parcel" "late parcel" -"is:open \\\\o/"',
        ),
        ('"he said “hi there” twice" it”s', '"he said “hi there” twice" "it”s"'),
        ("“an unfinished", '"“an" unfinished'),
        ('"-" - 10:30', '"-" "10:30"'),
        ('"an unfinished', '"an unfinished"'),
        ("CHANNEL:IG", "channel:ig"),
        ("late,parcel, lost", "late parcel lost"),
        ("-late,parcel lost", "-late -parcel lost"),
        ('-"late parcel",lost, broken', '-"late parcel" -lost broken'),
        ("-late,tag:spam x", "-tag:spam -late x"),
        ("-tag:spam,refund late", "-tag:refund,spam late"),
        ("19,99 -1,200", '"19,99" -"1,200"'),
        ("1001,1002 5,x", "1001 1002 5 x"),
        ("tag:1,2", "tag:1,2"),
    ],
)
def test_it_says_what_it_has_understood(text: str, said: str) -> None:
    query = read(text)

    assert say(query, NAMES) == said
    assert read(said) == query


@pytest.mark.parametrize(
    ("text", "word", "told"),
    [
        ("tga:refund", "tga:refund", "Did you mean “tag”?"),
        ("colour:red", "colour:red", "You may write channel, assignee"),
        ("is:unred", "is:unred", "Did you mean “is:unread”?"),
        ("is:", "is:", "is:open"),
        ("channel:tiktok", "channel:tiktok", "There is no channel “tiktok”. You may write channel:lumen.and.oak"),
        ("assignee:jo", "assignee:jo", "may be “Jo Harper” or “Jo Miller”. Say which."),
        ("assignee:zoe", "assignee:zoe", "There is no colleague “zoe”."),
        ("due<soon", "due<soon", "Write due<30m, 2h, 1d or 1h30m."),
        ("created:2026-11-05..2026-11-01", "created:2026-11-05..2026-11-01", "Write created:2026-11-01..2026-11-05."),
        ("due<1,5", "due<1,5", "takes one time"),
        ("due<1h,2h", "due<1h,2h", "takes one time"),
        ("due<1,30h", "due<1,30h", "takes one time"),
        ("due:", "due:", "due<1h"),
        ("due:1h", "due:1h", "names no time"),
        ("created:2026-02-30", "created:2026-02-30", "There is no day 2026-02-30."),
        ("waiting:none created:none", "created:none", "Every conversation was created"),
        ("priority:hihg", "priority:hihg", "Did you mean “high”?"),
        ("priority<3", "priority<3", "takes a colon"),
        ("language:german", "language:german", "language:de"),
        ("is:open -is:open", "is:", "Leave one"),
        ("from:@", "from:@", "names nobody"),
        ("is:unread,late", "is:unread,late", "both must hold: is:unread is:late"),
        ("due<9999999d", "due<9999999d", "is no length of time"),
        ("x" * 501, "", "longer than 500"),
        (" ".join(f"w{n}" for n in range(31)), "", "more than 30"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_word_and_says_what_may_stand_there(text: str, word: str, told: str) -> None:
    with pytest.raises(QueryError) as refused:
        read(text)

    assert refused.value.word == word
    assert told in str(refused.value)


spans = st.integers(0, 3650 * 24 * 60).map(lambda minutes: span(minutes * 60))
days = st.dates(min_value=date(1971, 1, 2)).filter(lambda day: day.year <= 2999).map(str)
values = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12)


def one_of(field: str, allowed: tuple[str, ...], *, most: int = 3) -> st.SearchStrategy[Term]:
    some = st.lists(st.sampled_from(allowed), min_size=1, max_size=most).map(tuple)
    return st.builds(Term, st.just(field), st.just(":"), some, st.booleans())


terms = st.one_of(
    one_of("channel", ("instagram", "x", "#4", "#9", "#55")),
    one_of("assignee", ("me", "none", "#7", "#8", "#11", "#99")),
    one_of("team", ("#2", "none")),
    one_of("tag", ("refund", "Late parcel", "spam", "none", "new one")),
    one_of("priority", PRIORITIES),
    one_of("mood", (*MOODS, "none")),
    one_of("kind", KINDS),
    one_of("language", ("de", "en", "none")),
    one_of("is", FLAGS, most=1),
    st.builds(Term, st.just("from"), st.just(":"), st.tuples(values.map(who_words.wanted).filter(bool)), st.booleans()),
    st.builds(Term, st.sampled_from(["due", "waiting", "created", "updated"]), st.sampled_from("<>"), st.tuples(spans), st.booleans()),
    st.builds(Term, st.sampled_from(["due", "created", "updated"]), st.sampled_from(["<", ">="]), st.tuples(days), st.booleans()),
    st.builds(Term, st.sampled_from(["due", "created", "updated"]), st.just(":"), st.just(("today",)), st.booleans()),
    st.builds(Term, st.just("due"), st.just(":"), st.just(("none",)), st.booleans()),
)  # fmt: skip
queries = st.builds(
    canonical,
    st.lists(st.sampled_from(STATES), min_size=1),
    st.lists(terms, max_size=8),
    st.lists(st.builds(Words, values, st.booleans()), max_size=4),
)


def test_of_two_tags_that_differ_in_case_each_can_be_asked_for() -> None:
    names = Names(tags=("Refund", "refund"))
    for tag in names.tags:
        query = parse(f"tag:{tag}", names)
        assert query.terms[0].values == (tag,)
        assert parse(say(query, names), names) == query
    assert parse("tag:REFUND", names).terms[0].values == ("Refund",)


@settings(max_examples=60, deadline=None)
@given(queries)
def test_what_a_query_says_is_read_as_that_query(query: Query) -> None:
    assert read(say(query, NAMES)) == query
    assert Query.from_json(json.loads(json.dumps(query.as_json()))) == query


@settings(max_examples=60, deadline=None)
@given(st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(
        ["tag", "is", "due", "created", "assignee", "channel", "from", ":", "<", ">", "=", "-", ",", '"', " ", "\\", "1h", "me", "none",
         "2026-11-01", "..", "refund", "any", "today", "İ", "\0", "#7", "9" * 7, "."]), max_size=14).map("".join),
))  # fmt: skip
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        query = read(text)
    except QueryError:
        return
    assert read(say(query, NAMES)) == query
