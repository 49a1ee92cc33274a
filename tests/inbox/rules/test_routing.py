"""Who gets a conversation: what always holds, and the words for everybody else."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules.routing import FOREIGN, Candidate, Need, Presence, Takes, decide, team_of, weight_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LANGUAGES, SKILLS = ("en", "de", "es"), ("refund", "legal")

some = st.frozensets
candidates = st.lists(
    st.builds(
        Candidate,
        id=st.integers(1, 12),
        name=st.sampled_from(["Ada", "Jo", "Sam"]),
        presence=st.sampled_from(Presence),
        silent=st.sampled_from([False, False, True]),
        load=st.integers(0, 9),
        capacity=st.integers(0, 9),
        languages=some(st.sampled_from(LANGUAGES)),
        skills=some(st.sampled_from(SKILLS)),
        last_turn=st.none() | st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    ),
    max_size=8,
    unique_by=lambda candidate: candidate.id,
)
needs = st.builds(
    Need,
    language=st.sampled_from(["", *LANGUAGES]),
    skills=some(st.sampled_from(SKILLS), max_size=1),
    weight=st.integers(1, 3),
    known_by=st.none() | st.integers(1, 12),
    known_why=st.just("answered an hour ago"),
    not_to=st.frozensets(st.integers(1, 12), max_size=2),
)


def able(need: Need, people: list[Candidate]) -> list[Candidate]:
    """The contract in other words than the rule's."""
    could = [each for each in people if could_take(need, each)]
    others = [each for each in people if each.id not in need.not_to]
    soon = [each for each in others if could_take(need, replace(each, load=0, silent=False))]
    return [each for each in could if each.id not in need.not_to] if soon else could


def could_take(need: Need, candidate: Candidate) -> bool:
    return (
        candidate.presence is Presence.ONLINE
        and not candidate.silent
        and (need.language in candidate.languages or not need.language or not candidate.languages)
        and need.skills <= candidate.skills
        and candidate.capacity > 0
        and (candidate.load == 0 or candidate.load + need.weight <= candidate.capacity)
    )


@given(need=needs, people=candidates)
def test_only_somebody_who_can_gets_it_and_somebody_does_if_anybody_can(
    need: Need, people: list[Candidate]
) -> None:
    verdict = decide(need, people)

    if verdict.chosen:
        assert verdict.chosen in able(need, people)
    else:
        assert not able(need, people)


@given(need=needs, people=candidates)
def test_everybody_else_is_told_why_not(need: Need, people: list[Candidate]) -> None:
    verdict = decide(need, people)

    told = [each.id for each, _ in verdict.passed] + ([verdict.chosen.id] if verdict.chosen else [])
    assert sorted(told) == sorted(each.id for each in people)
    assert verdict.why and all(why for _, why in verdict.passed)


@given(need=needs, people=candidates)
def test_whoever_knows_the_customer_wins_while_they_can_take_it(need: Need, people: list[Candidate]) -> None:
    knows = next((each for each in able(need, people) if each.id == need.known_by), None)

    verdict = decide(need, people)

    if knows:
        assert verdict.chosen == knows
        assert "knows this customer" in verdict.why


@given(need=needs, people=candidates)
def test_else_the_least_loaded_for_what_they_can_take_then_the_longest_without_a_turn(
    need: Need, people: list[Candidate]
) -> None:
    need = replace(need, known_by=None)

    chosen = decide(need, people).chosen

    for other in able(need, people):
        assert chosen is not None
        if other.id == chosen.id:
            continue
        least, load = Fraction(chosen.load, chosen.capacity), Fraction(other.load, other.capacity)
        assert least <= load
        if least == load and other.last_turn is None:
            assert chosen.last_turn is None
        elif least == load and chosen.last_turn and other.last_turn:
            assert chosen.last_turn <= other.last_turn


@given(need=needs, people=candidates, seed=st.integers(0, 99))
def test_the_order_in_which_people_are_named_does_not_matter(
    need: Need, people: list[Candidate], seed: int
) -> None:
    shuffled = random.Random(seed).sample(people, len(people))

    assert decide(need, shuffled).chosen == decide(need, people).chosen


@given(capacities=st.lists(st.integers(1, 6), min_size=1, max_size=5), work=st.integers(0, 40))
def test_work_is_shared_by_what_people_can_take_and_ends_where_all_are_full(
    capacities: list[int], work: int
) -> None:
    people = {n: Candidate(n, f"P{n}", capacity=capacity) for n, capacity in enumerate(capacities)}

    given_out = 0
    for turn in range(work):
        if chosen := decide(Need(), list(people.values())).chosen:
            people[chosen.id] = replace(
                chosen, load=chosen.load + 1, last_turn=NOON + timedelta(minutes=turn)
            )
            given_out += 1

    assert given_out == min(work, sum(capacities))
    assert all(each.load <= each.capacity for each in people.values())
    if work <= sum(capacities):
        lows, highs = [Fraction(p.load, p.capacity) for p in people.values()], people.values()
        assert all(Fraction(p.load - 1, p.capacity) <= min(lows) for p in highs if p.load)


@pytest.mark.parametrize(
    ("candidate", "need", "why"),
    [
        (Candidate(1, "Sam", Presence.AWAY), Need(), "away"),
        (Candidate(1, "Sam", Presence.OFFLINE), Need(), "offline"),
        (Candidate(1, "Sam", silent=True), Need(), "left a moment ago"),
        (Candidate(1, "Sam", languages=frozenset({"en"})), Need(language="es"), "does not speak Spanish"),
        (Candidate(1, "Sam"), Need(skills=frozenset({"legal", "refund"})), "not skilled in legal, refund"),
        (Candidate(1, "Sam", load=8), Need(), "full: 8 of 8"),
        (Candidate(1, "Sam", load=7), Need(weight=2), "full: 7 of 8, and this weighs 2"),
        (Candidate(1, "Sam", capacity=0), Need(), "takes nothing by routing"),
        (Candidate(1, "Sam"), Need(not_to=frozenset({1})), "had it, and it was late"),
        (Candidate(1, "Sam", load=5), Need(), "has more to do: 5 of 8"),
        (Candidate(1, "Sam", load=0, last_turn=NOON), Need(), "had a turn more recently"),
        (Candidate(1, "Sam"), Need(known_by=9), "does not know this customer as Ada does"),
    ],
)
def test_what_is_said_of_somebody_who_is_passed_over(candidate: Candidate, need: Need, why: str) -> None:
    ada = Candidate(9, "Ada", skills=frozenset(SKILLS), capacity=20)

    verdict = decide(need, [candidate, ada])

    assert verdict.chosen == ada
    assert verdict.passed == [(candidate, why)]


def test_whoever_has_nothing_may_take_one_however_much_it_weighs_and_nothing_beside_it() -> None:
    ada = Candidate(1, "Ada", capacity=1)
    urgent_group = Need(weight=weight_of("group", 1))

    assert decide(urgent_group, [ada]).chosen == ada
    for busy, need in ((replace(ada, load=3), Need()), (replace(ada, load=1), urgent_group)):
        assert decide(need, [busy]).chosen is None
    assert decide(urgent_group, [replace(ada, capacity=0)]).chosen is None


@pytest.mark.parametrize(
    ("jo", "who"),
    [
        (Candidate(2, "Jo", load=8), None),
        (Candidate(2, "Jo", silent=True), None),
        (Candidate(2, "Jo", Presence.AWAY), "Ada"),
        (Candidate(2, "Jo", Presence.OFFLINE, silent=True), "Ada"),
        (Candidate(2, "Jo", load=8, languages=frozenset({"en"})), "Ada"),
        (Candidate(2, "Jo", capacity=0), "Ada"),
    ],
)
def test_what_was_late_waits_for_who_is_full_or_just_left_and_goes_back_where_nobody_will_take_it(
    jo: Candidate, who: str | None
) -> None:
    verdict = decide(Need(language="de", not_to=frozenset({1})), [Candidate(1, "Ada"), jo])

    assert (verdict.chosen.name if verdict.chosen else None) == who


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ([], "the team has no members"),
        ([Candidate(1, "Sam", Presence.OFFLINE)], "nobody in the team is there"),
        ([Candidate(1, "Sam", load=8)], "nobody who is there can take it now"),
    ],
)
def test_what_nobody_can_take_says_so(people: list[Candidate], why: str) -> None:
    verdict = decide(Need(), people)

    assert (verdict.chosen, verdict.why) == (None, why)


def test_the_first_team_that_takes_such_a_conversation_gets_it() -> None:
    teams = [
        Takes(1, tags=frozenset({"refund"}), languages=frozenset({"es"})),
        Takes(2, tags=frozenset({"refund"})),
        Takes(3, channels=frozenset({7}), kinds=frozenset({"comment"})),
    ]

    def taken_by(**facts: object) -> int | None:
        asked = {"channel": 1, "tags": [], "language": "en", "kind": "direct", **facts}
        return team_of(teams, **asked)  # type: ignore[arg-type]

    assert taken_by(tags=["refund", "x"], language="es") == 1
    assert taken_by(tags=["refund"], language="") == 2
    assert taken_by(tags=["refund"], language="it") == 2
    assert taken_by(channel=7, kind="comment") == 3
    assert taken_by(channel=7) is None


def test_a_conversation_whose_language_is_not_known_is_some_teams_where_all_ask_for_one() -> None:
    teams = [
        Takes(1, tags=frozenset({"refund"}), languages=frozenset({"es"})),
        Takes(2, languages=frozenset({"de"})),
        Takes(3, languages=frozenset({"en"})),
    ]

    def taken_by(language: str, *tags: str) -> int | None:
        return team_of(teams, channel=1, tags=tags, language=language, kind="direct")

    assert [taken_by(""), taken_by("", "refund"), taken_by("en"), taken_by("it")] == [2, 1, 3, None]
    assert taken_by(FOREIGN) is None

    teams.append(Takes(4))
    assert [taken_by(""), taken_by(FOREIGN)] == [4, 4]


def test_a_conversation_weighs_by_kind_and_priority_and_never_nothing() -> None:
    assert weight_of("direct", 3) == 1
    assert weight_of("group", 1) == 3
    assert weight_of("comment", 3, {"comment": 0}) == 1
    assert weight_of("direct", 2, {"high": 4}) == 5
