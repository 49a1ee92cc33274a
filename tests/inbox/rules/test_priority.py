"""Priorities that explain themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.rules import priority
from inbox.rules.priority import HIGH, LOW, NORMAL, URGENT, Facts

NOON = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
WEIGHTS = priority.complete({})

times = st.none() | st.integers(-3 * 86400, 3 * 86400).map(lambda seconds: NOON + timedelta(seconds=seconds))
facts = st.builds(
    Facts,
    due_at=times,
    due_what=st.sampled_from(["", "first response", "promise"]),
    window_closes_at=times,
    waiting_since=times,
    unread=st.integers(0, 9),
    contacts=st.integers(1, 9),
    negative_words=st.lists(st.sampled_from(["scam", "lawyer", "angry"]), max_size=4, unique=True),
    sentiment=st.sampled_from(["", "negative", "neutral", "positive"]),
    tags=st.lists(st.tuples(st.sampled_from(["refund", "spam"]), st.integers(-200, 200)), max_size=2),
    vip=st.booleans(),
    verified=st.booleans(),
    followers=st.none() | st.integers(0, 10**7),
    public=st.booleans(),
    pinned=st.none() | st.sampled_from([URGENT, HIGH, NORMAL, LOW]),
    broken=st.booleans(),
)
weights = st.fixed_dictionaries({key: st.integers(-100, 100) for key in priority.DEFAULTS})


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def whys(verdict: priority.Verdict) -> list[str]:
    return [each.why for each in verdict.contributions]


@given(facts=facts, weights=weights)
def test_the_reasons_add_up_to_the_score(facts: Facts, weights: dict[str, int]) -> None:
    verdict = priority.score(facts, weights, NOON)

    assert sum(int(points) for points, _ in verdict.reasons) == verdict.score
    assert abs(verdict.score) <= 32767
    assert all(points for points, _ in verdict.reasons)


@given(facts=facts, weights=weights, share=st.floats(0, 1, exclude_max=True))
def test_nothing_about_it_changes_before_the_next_change(
    facts: Facts, weights: dict[str, int], share: float
) -> None:
    change = priority.next_change(facts, NOON)
    later = NOON + ((change - NOON) * share if change else minutes(100_000 * share))
    if change:
        later = min(
            later, change - timedelta(microseconds=1)
        )  # a share just below one is rounded to the whole

    assert priority.score(facts, weights, later) == priority.score(facts, weights, NOON)
    assert change is None or change > NOON


@given(facts=facts)
def test_walking_from_change_to_change_comes_to_rest(facts: Facts) -> None:
    now, steps = NOON, 0
    while change := priority.next_change(facts, now):
        now, steps = change, steps + 1

    assert steps <= 12
    assert priority.score(facts, WEIGHTS, now) == priority.score(facts, WEIGHTS, now + timedelta(days=400))


@given(facts=facts, weights=weights)
def test_a_list_sorted_by_score_has_its_priorities_in_order(facts: Facts, weights: dict[str, int]) -> None:
    verdict = priority.score(facts, weights, NOON)

    for score, kind in ((verdict.score + 1, -1), (verdict.score - 1, 1)):
        other = priority._priority_of(score, weights)
        assert (other - priority._priority_of(verdict.score, weights)) * kind >= 0
    assert verdict.priority == priority._priority_of(verdict.score, weights)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (minutes(241), None),
        (minutes(240), "first response due within 4 hours"),
        (minutes(60), "first response due within the hour"),
        (minutes(15), "first response due within 15 minutes"),
        (minutes(0), "late: first response was due"),
        (minutes(-3000), "late: first response was due"),
    ],
)
def test_a_due_time_counts_more_as_it_comes_nearer(left: timedelta, said: str | None) -> None:
    verdict = priority.score(
        Facts(due_at=NOON + left, due_what="first response", waiting_since=NOON), WEIGHTS, NOON
    )

    assert whys(verdict) == ([said] if said else [])


def test_a_closing_window_matters_only_where_somebody_waits() -> None:
    closing = NOON + minutes(50)
    waits = Facts(window_closes_at=closing, waiting_since=NOON)
    served = Facts(window_closes_at=closing)

    assert priority.score(waits, WEIGHTS, NOON).reasons == [[38, "window closes within the hour"]]
    assert priority.score(served, WEIGHTS, NOON).reasons == [[-15, "the customer waits for nothing"]]
    assert priority.next_change(served, NOON) is None


@pytest.mark.parametrize(
    ("fact", "points", "why"),
    [
        ({"unread": 1}, 2, "an unread message"),
        ({"unread": 3}, 6, "3 unread messages"),
        ({"unread": 40}, 10, "5 unread messages or more"),
        ({"contacts": 2}, 4, "second contact in seven days"),
        ({"contacts": 3}, 12, "third contact in seven days"),
        ({"contacts": 30}, 12, "sixth or later contact in seven days"),
        ({"negative_words": ["scam", "lawyer"]}, 8, "writes “scam”, “lawyer”"),
        ({"sentiment": "negative"}, 10, "negative mood"),
        ({"sentiment": "positive"}, -4, "positive mood"),
        ({"tags": [("refund", 7)]}, 7, "tagged refund"),
        ({"vip": True}, 20, "VIP"),
        ({"verified": True}, 4, "verified by the platform"),
        ({"followers": 10_001}, 6, "more than 10,000 followers"),
        ({"followers": 2_000_000}, 12, "more than 100,000 followers"),
        ({"public": True}, 8, "everybody can read it"),
    ],
)
def test_each_fact_says_what_it_adds(fact: dict[str, Any], points: int, why: str) -> None:
    assert priority.score(Facts(waiting_since=NOON, **fact), WEIGHTS, NOON).reasons == [[points, why]]


@pytest.mark.parametrize("chosen", [URGENT, HIGH, NORMAL, LOW])
@given(facts=facts)
def test_what_a_person_chose_stands_and_says_so(chosen: int, facts: Facts) -> None:
    pinned = priority.score(_with(facts, pinned=chosen), WEIGHTS, NOON)
    free = priority.score(_with(facts, pinned=None, broken=False), WEIGHTS, NOON)

    assert pinned.priority == chosen
    if free.priority != chosen:
        assert f"a colleague made it {priority.NAMES[chosen]}" in whys(pinned)


def test_a_broken_promise_makes_it_urgent_unless_a_person_says_otherwise() -> None:
    broken = Facts(broken=True)

    assert priority.score(broken, WEIGHTS, NOON).priority == URGENT
    assert priority.score(_with(broken, pinned=LOW), WEIGHTS, NOON).priority == LOW


def test_a_weight_of_nothing_is_not_mentioned() -> None:
    assert priority.score(Facts(), {**WEIGHTS, "answered": 0}, NOON).reasons == []


@pytest.mark.parametrize("nonsense", ["12", None, 1.5, True, [3]])
def test_saved_nonsense_counts_as_the_default(nonsense: object) -> None:
    assert priority.complete({"late": nonsense, "no_such_fact": 3}) == WEIGHTS


def test_an_angry_late_customer_stands_above_a_happy_one() -> None:
    late = Facts(due_at=NOON - minutes(1), waiting_since=NOON - minutes(11), unread=2, sentiment="negative")
    happy = Facts(waiting_since=NOON - minutes(11), unread=1, sentiment="positive")

    assert priority.score(late, WEIGHTS, NOON).priority == HIGH
    assert priority.score(_with(late, contacts=3), WEIGHTS, NOON).priority == URGENT
    assert priority.score(happy, WEIGHTS, NOON).priority == LOW
    assert priority.score(_with(happy, sentiment=""), WEIGHTS, NOON).priority == NORMAL


def _with(facts: Facts, **changed: Any) -> Facts:
    return Facts(**{name: getattr(facts, name) for name in Facts.__slots__} | changed)
