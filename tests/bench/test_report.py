"""The verdicts: what makes a claim hold, and what makes it fall whatever the figure."""

from __future__ import annotations

import pytest

from bench import __main__ as command
from bench.report import Claim, Findings, compare, table


def claim(*ratios: float, limit: float, sense: str, faults: tuple[str, ...] = ()) -> Claim:
    return compare(
        "door",
        ours=ratios,
        theirs=[1.0] * len(ratios),
        limit=limit,
        sense=sense,
        unit="req/s",
        says="so",
        faults=faults,
    )  # type: ignore[arg-type]


def test_the_median_of_the_rounds_decides() -> None:
    assert claim(9, 11, 30, limit=10, sense=">=").holds
    assert not claim(9, 9.9, 30, limit=10, sense=">=").holds


def test_a_latency_may_not_be_above_its_limit() -> None:
    assert claim(1.4, 1.5, 9, limit=1.5, sense="<=").holds
    assert not claim(1.4, 1.6, 1.6, limit=1.5, sense="<=").holds


def test_a_fault_makes_the_best_figure_worthless() -> None:
    fallen = claim(100, limit=10, sense=">=", faults=("accepted 5 deliveries and stored 4",))
    assert not fallen.holds
    assert "accepted 5 deliveries and stored 4" in table(Findings([fallen]))


def test_rounds_are_compared_each_with_its_neighbour() -> None:
    told = compare("x", ours=[10, 20], theirs=[1, 10], limit=1, sense=">=", unit="", says="")
    assert told.ratios == (10, 2)


def test_the_table_shows_figure_limit_noise_and_verdict() -> None:
    shown = table(Findings([claim(9, 12, 30, limit=10, sense=">="), claim(2, limit=10, sense=">=")]))
    assert "12.00" in shown and ">= 10" in shown and "9.00..30.00" in shown
    assert "DOES NOT HOLD" in shown


def test_all_claims_must_hold() -> None:
    good, bad = claim(2, limit=1, sense=">="), claim(1, limit=2, sense=">=")
    assert Findings([good]).hold
    assert not Findings([good, bad]).hold


def test_a_part_that_could_not_be_measured_does_not_hold() -> None:
    findings = Findings([claim(2, limit=1, sense=">=")])
    findings.fail("push", "NotUp: the edge ended")
    assert not findings.hold
    assert "the edge ended" in table(findings)


def test_an_unknown_part_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_ONLY", "door,rocket")
    assert command.main() == 2
    assert "rocket" in capsys.readouterr().err
