"""What was lost in a part makes every claim of it fall, and what went badly for a while is not made up for by the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from celery import current_app

from bench import door, ingest, live, naive, search, sweep
from bench.pages import Pages
from bench.report import Claim, Findings

LOST = ["accepted 100 deliveries and stored 99"]


def of_the_door(faults: Sequence[str]) -> list[Claim]:
    rates = {"door": 16_000.0, "ordinary": 300.0, "bare": 32_000.0}
    return door.claims({name: [{"rate": rate, "p95_ms": 2.0}] for name, rate in rates.items()}, faults)


def of_ingest(faults: Sequence[str]) -> list[Claim]:
    return ingest.claims({"drain": [3400.0], "pgbench": [700.0], "naive": [50.0]}, faults)


def of_search(faults: Sequence[str]) -> list[Claim]:
    return search.claims([20.0], {"rare": {"stored": 60.0}}, faults, amount=search.FULL, slowest="prefix")


@pytest.mark.parametrize("claims_of", [of_the_door, of_ingest, of_search])
def test_a_loss_makes_every_claim_of_the_part_fall(
    claims_of: Callable[[Sequence[str]], list[Claim]],
) -> None:
    whole, lossy = claims_of([]), claims_of(LOST)

    assert [claim.holds for claim in whole] == [True, True]
    assert [claim.holds for claim in lossy] == [False, False]


def test_a_verdict_against_the_worst_form_of_the_naive_search_tells_those_it_would_not_hold_against() -> None:
    by_form = {"rare": {"stored": 3.0, "worked out, index new": 30.0}, "phrase": {"stored": 5.0}}

    [_, claim] = search.claims([20.0], by_form, [], amount=search.FULL, slowest="prefix")

    assert (claim.against, claim.holds) == (30_000, True)
    assert "1/250, TOO MUCH (stored); 1/1,500 (worked out, index new)" in claim.says


def heard(*milliseconds: float) -> tuple[Pages, dict[int, float]]:
    """One page that heard message after message so late."""
    told: dict[str, Any] = {"seen": {str(mark): [late / 1000] for mark, late in enumerate(milliseconds)}}
    return Pages(None, told), dict.fromkeys(range(len(milliseconds)), 0.0)  # type: ignore[arg-type]


def test_a_slow_third_of_a_stream_is_not_made_up_for_by_two_that_were_quick() -> None:
    assert live.claim_of(*heard(*[100] * 30), []).holds
    slow = live.claim_of(*heard(*[100] * 20, *[900] * 10), [])
    assert not slow.holds
    assert "p95 of each third 100, 100, 900 ms" in slow.says


def test_a_browser_alone_has_a_line_of_its_own_and_makes_no_bench_fall() -> None:
    quick, slow = (live.beside_in_a_browser([late] * 20, 25) for late in (100.0, 400.0))

    assert quick.verdict == "within, told beside"
    assert slow.verdict == "NOT WITHIN, told beside"
    assert "20 of 25 messages" in slow.says
    assert not live.beside_in_a_browser([], 25).holds
    few = live.beside_in_a_browser([100.0] * 12, 25)  # what nobody saw was not quick
    assert few.faults == ("only 12 of 25 messages came to its DOM",)
    assert few.verdict == "NOT WITHIN, told beside"
    assert Findings([live.claim_of(*heard(100), []), slow]).hold


def test_what_was_overdue_is_told_in_time_only_if_all_of_it_was_and_by_when_it_was_due() -> None:
    assert sweep.claim_of([1.4, 1.9], []).holds
    assert not sweep.claim_of([2.1, 2.3], []).holds
    assert not sweep.claim_of([1.4, 1.9], ["told 1,999 of 2,000 breaches"]).holds


def test_what_sets_of_statements_do_is_told_by_rounds() -> None:
    told = ingest.beside_sets("ingest", [3000.0, 4000.0, 3500.0], [10_000.0, 8000.0, 10_000.0])

    assert "3,500 msg/s beside 10,000 msg/s" in told
    assert "0.35 of it (0.30..0.50)" in told


def test_what_our_reactions_enqueue_does_not_go_to_the_worker_of_a_task_a_message() -> None:
    """Its worker would triage while it is measured, and its rate and its events would be no longer of what was received."""
    assert naive.app.main == "naive"
    assert current_app.main == "parley"
