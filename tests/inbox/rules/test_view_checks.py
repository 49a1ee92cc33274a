"""Whether a row belongs to a view, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.rules.view_checks import holds, judge
from tests.inbox.rules.cases import CASES, DAY, NOW, Case, checks_of, facts

by_name = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.query or 'nothing'} {case.holds}"[:40]
)


@by_name
def test_a_row_is_judged_as_the_table_says(case: Case) -> None:
    assert judge(case.checks, case.facts, now=NOW, day=DAY) == (case.holds, case.until)
    assert holds(case.checks, case.facts, now=NOW, day=DAY) == case.holds


QUERIES = ["due<1h", "-due<1h", "due>30m", "is:late", "waiting>20m", "waiting<20m -is:late", "due<1h waiting>10m", "updated>15m due>5m",
           "due<1h -waiting<10m is:unread"]  # fmt: skip
minutes = st.one_of(st.none(), st.integers(-90, 90))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(QUERIES), minutes, minutes, st.booleans(), st.integers(0, 120))
def test_until_then_time_alone_changes_nothing(
    query: str, due: int | None, waiting: int | None, unread: bool, later: int
) -> None:
    def at(offset: int | None) -> str | None:
        return None if offset is None else (NOW + timedelta(minutes=offset)).isoformat()

    row = facts(due=at(due), waiting=at(waiting), updated=at(waiting or 0), unread=unread)
    checks = checks_of(query)

    verdict, until = judge(checks, row, now=NOW, day=DAY)

    then = NOW + timedelta(minutes=later)
    if until is None or then < until:
        assert holds(checks, row, now=then, day=DAY) == verdict


def test_what_comes_after_a_midnight_is_certain_until_that_midnight() -> None:
    row = facts(due=(DAY.ends + timedelta(hours=3)).isoformat())

    assert judge(checks_of("due:today"), row, now=NOW, day=DAY) == (False, DAY.ends)
