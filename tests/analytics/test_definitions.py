"""The page with the definitions is the registry, printed."""

from __future__ import annotations

from pathlib import Path

from analytics import metrics
from tests.house.source import ROOT

PAGE = Path(ROOT) / "docs" / "metrics.md"


def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == metrics.page(), (
        "print it anew: manage.py metrics > docs/metrics.md"
    )


def test_every_metric_is_whole() -> None:
    for key, metric in metrics.METRICS.items():
        assert key == metric.key and metric.version >= 1
        assert all([metric.name, metric.words, metric.counts, metric.credit, metric.clock, metric.of])
        assert metric.fact in ("", *metrics.FACTS)
