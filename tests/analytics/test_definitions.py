"""The page with the definitions is the registry, printed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from analytics import metrics
from inbox.queries import said_times
from tests.house.source import ROOT

PAGE = Path(ROOT) / "docs" / "metrics.md"


def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == metrics.page(), (
        "print it anew: manage.py metrics > docs/metrics.md"
    )


def test_every_metric_is_whole() -> None:
    assert not metrics.METRICS.keys() & metrics.LIVE.keys()
    for key, metric in [*metrics.METRICS.items(), *metrics.LIVE.items()]:
        assert key == metric.key and metric.version >= 1
        assert all([metric.name, metric.words, metric.counts, metric.credit, metric.clock, metric.of])
        assert metric.fact in ("", *metrics.FACTS)


def test_figures_that_go_by_when_an_answer_counts_have_a_version_for_each_rule_of_that() -> None:
    """Where the rule is changed, whoever has counted by the one before counts anew only when these rise."""
    rule = "\n".join([said_times.AT, said_times.TRIED, said_times.IN_ORDER, said_times.FOLLOWING])
    versions = {
        key: metrics.METRICS[key].version
        for key in (metrics.FIRST, metrics.NEXT, metrics.TARGET_FIRST, metrics.TARGET_NEXT, metrics.OUT)
    }

    assert (hashlib.sha256(rule.encode()).hexdigest()[:16], versions) == (
        "b29e5f5bd2cfd4cb",
        {"first_response": 6, "next_response": 6, "target_first": 6, "target_next": 6, "messages_out": 2},
    ), "raise these versions, name the rule in their words, and then say so here"


def test_what_marking_as_spam_does_to_a_figure_stands_beside_each_that_it_does_it_to() -> None:
    told = {
        key
        for key, metric in metrics.METRICS.items()
        if "marked as spam nothing of it counts" in metric.sentence
    }

    assert told == {key for key, metric in metrics.METRICS.items() if metric.fact}
